"""HTTP: what every API of the platform does in the same way."""
