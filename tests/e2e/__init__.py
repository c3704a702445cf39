"""The whole platform over HTTP through the edge, on real servers: what its users see."""
