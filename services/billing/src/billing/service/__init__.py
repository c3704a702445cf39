"""Use cases of billing, one transaction each."""
