"""Constellation from a terminal. Speaks the public API through the edge, and knows nothing else of the platform."""
