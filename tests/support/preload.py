"""Imported once, before processes are forked: what every service imports. Starts nothing and connects to nothing."""

import aiokafka
import asyncpg
import common.cli
import common.process
import factors.main
import footprint.main
import inventory.main

import tests.faults.ledger.main

__all__ = ["aiokafka", "asyncpg", "common", "factors", "footprint", "inventory", "tests"]
