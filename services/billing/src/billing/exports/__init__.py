"""Issued documents as files for other systems."""
