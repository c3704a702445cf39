"""All SQL of the service, one module per aggregate. Functions take the connection of the transaction they are part of."""
