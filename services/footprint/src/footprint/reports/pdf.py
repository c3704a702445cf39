"""The report as PDF."""

from common.api.problems import Conflict

from footprint.reports.content import Report
from footprint.reports.page import report_html
from footprint.trace_words import Language


def as_pdf(report: Report, language: Language) -> bytes:
    """The pages by WeasyPrint.

    Raises `Conflict` on a machine without Pango, which WeasyPrint loads as it is imported: imported here, it stops nothing else there.
    """
    try:
        import weasyprint
    except OSError as error:
        raise Conflict(f"reports cannot be printed on this machine: {error}", code="no-pango") from error
    pdf: bytes = weasyprint.HTML(string=report_html(report, language)).write_pdf()
    return pdf
