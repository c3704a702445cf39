"""Texts in CSV files that a spreadsheet would run as a formula (OWASP, CSV Injection).

An apostrophe before such a text makes it a text; one more before a text that has apostrophes there already, so that
taking one away gives every text back.
"""

import re

_RUNS = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return f"'{text}" if _RUNS.match(text) else text


def unguarded(cell: str) -> str:
    """The text of a cell, guarded or not."""
    return cell[1:] if _GUARDED.match(cell) else cell
