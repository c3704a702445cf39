"""File formats: from what others export to rows as `inventory.domain.record` reads them. No database, no clock."""
