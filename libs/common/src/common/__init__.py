"""What any Constellation service needs and that knows no domain."""
