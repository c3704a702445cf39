"""Inventories to start from: a seeded generator, the example organisation and the demonstration that loads it."""
