"""Use cases, one transaction each, which the caller opens: over studies, and over the plans made of them."""
