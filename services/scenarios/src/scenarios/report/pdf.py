"""The report as PDF."""

from common.api.problems import Conflict

from scenarios.domain.tables import Language
from scenarios.report.page import Subject, report_html


def report_pdf(subject: Subject, language: Language) -> bytes:
    """The page by WeasyPrint.

    Raises `Conflict` on a machine without Pango, which WeasyPrint loads as it is imported: imported here, it stops nothing else there.
    """
    try:
        import weasyprint
    except OSError as error:
        raise Conflict(f"reports cannot be printed on this machine: {error}", code="no-pango") from error
    pdf: bytes = weasyprint.HTML(string=report_html(subject, language)).write_pdf(pdf_variant="pdf/ua-1")
    return pdf
