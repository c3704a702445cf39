"""A document's files: checked before it has a number, written when it has."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import date

from billing.documents.content import Body, Document
from billing.einvoice.pdf import document_pdf
from billing.einvoice.validation import Schematrons, check_schema
from billing.einvoice.xml import document_xml

STAND_IN = "{series}-{year}-999999"
"""The number that stands in a document while it is checked: of the form of the real one, which is taken afterwards."""


@dataclass(frozen=True, slots=True)
class Files:
    """The XML, and the PDF that holds the same bytes."""

    xml: bytes
    pdf: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of both, hexadecimal, the XML first."""
        return hashlib.sha256(hashlib.sha256(self.xml).digest() + hashlib.sha256(self.pdf).digest()).hexdigest()


class Writer:
    """Checks and writes documents."""

    def __init__(self, schematrons: Schematrons) -> None:
        self._schematrons = schematrons

    async def check(self, body: Body, series: str, day: date) -> None:
        """Raise `InvalidXml` when the document that `body` would become is refused by the XSD or by a schematron."""
        number = STAND_IN.format(series=series, year=day.year)
        xml = document_xml(Document(number=number, issued_on=day, due_on=day, body=body))
        check_schema(xml)
        await self._schematrons.check(xml)

    async def write(self, document: Document) -> Files:
        """The files of a numbered document. Raises `InvalidXml` when the XSD refuses it."""
        xml = document_xml(document)
        check_schema(xml)
        return Files(xml, await asyncio.to_thread(document_pdf, document, xml))
