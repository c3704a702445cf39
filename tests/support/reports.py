"""What the pages of a report print."""

import io
import re
from decimal import Decimal

import pypdf


def text_of(pdf: bytes) -> str:
    """The text of all pages."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def exact_in(text: str, language: str) -> list[Decimal]:
    """The exact figures that a text prints: those with nine decimals."""
    if language == "fr":
        return [
            Decimal(each.replace("\u202f", "").replace(",", "."))
            for each in re.findall(r"-?\d{1,3}(?:\u202f\d{3})*,\d{9}", text)
        ]
    return [Decimal(each.replace(",", "")) for each in re.findall(r"-?\d{1,3}(?:,\d{3})*\.\d{9}", text)]


def rounded_in(text: str, language: str) -> list[Decimal]:
    """The figures with one decimal that a text prints."""
    plain = text.replace("\u202f", "").replace(",", ".") if language == "fr" else text.replace(",", "")
    return [Decimal(each) for each in re.findall(r"-?\d+\.\d(?!\d)", plain)]
