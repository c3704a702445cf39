"""What tests across services share: servers of their own, service processes, and processes that die when told to."""
