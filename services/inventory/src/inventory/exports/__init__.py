"""Assets as tables: the platform's own format, as CSV and as a workbook."""
