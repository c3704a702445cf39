"""All SQL of billing, a file for each aggregate."""
