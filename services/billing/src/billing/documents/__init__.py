"""Invoices and the other documents as data: their parts, how they come about, and whether they add up."""
