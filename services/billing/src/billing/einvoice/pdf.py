"""A document as PDF/A-3 with its Factur-X XML inside."""

from datetime import UTC, datetime, time

import facturx
from common.api.problems import Conflict

from billing.documents.content import Document
from billing.einvoice.page import TITLE, document_html
from billing.einvoice.words import WORDS


def document_pdf(document: Document, xml: bytes) -> bytes:
    """The page by WeasyPrint (PDF/A-3b), with `xml` embedded byte for byte as `factur-x.xml` by the factur-x library.

    Raises `Conflict` on a machine without Pango, which WeasyPrint loads as it is imported: imported here, it stops nothing else there.
    """
    try:
        import weasyprint
    except OSError as error:
        detail = "documents cannot be printed on this machine, which lacks the system's Pango library"
        raise Conflict(detail, code="no-pango") from error
    page = weasyprint.HTML(string=document_html(document)).write_pdf(pdf_variant="pdf/a-3b")
    body = document.body
    kind = WORDS["fr"][TITLE[body.type]]
    pdf: bytes = facturx.generate_from_binary(
        page,
        xml,
        flavor="factur-x",
        level="en16931",
        check_xsd=False,
        check_schematron=False,
        pdf_metadata={
            "author": body.operator.name,
            "keywords": "Factur-X",
            "title": f"{kind} {document.number}",
            "subject": f"{kind} {document.number}, {datetime.combine(document.issued_on, time(), UTC):%Y-%m-%d}",
        },
        lang="fr-FR" if body.customer.language == "fr" else "en-GB",
        afrelationship="alternative",
    )
    return pdf
