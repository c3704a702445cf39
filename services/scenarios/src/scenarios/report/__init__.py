"""A finished comparison as a report to print, with the catalogue's chart for each alternative."""

from scenarios.report.page import Subject, report_html
from scenarios.report.pdf import report_pdf
from scenarios.report.words import WORDS

__all__ = ["WORDS", "Subject", "report_html", "report_pdf"]
