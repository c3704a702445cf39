"""The yearly report: what it says, and how it is written as CSV, workbook and pages."""
