"""Faults: processes killed at the worst moment, servers gone for a while, events doubled, disordered or poisonous."""
