"""Use cases of the inventory, one transaction each."""
