"""Fixtures that start real services on a real Postgres and a real broker: `pytest_plugins = ["common.testing.plugin"]`."""
