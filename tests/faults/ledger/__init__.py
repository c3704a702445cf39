"""A small whole service in which a lost or doubled effect shows: deposits are commanded, published, heard and summed."""
