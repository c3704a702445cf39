"""The hash chain of a series: each document's hash covers the one before it, so none can be changed, left out or slipped in later."""

import hashlib
from collections.abc import Sequence
from typing import Protocol


class Linked(Protocol):
    """A document as the chain sees it."""

    @property
    def number(self) -> str: ...

    @property
    def sequence(self) -> int: ...

    @property
    def content(self) -> str: ...

    @property
    def previous_hash(self) -> str: ...

    @property
    def hash(self) -> str: ...


def link_hash(previous_hash: str, content: str) -> str:
    """SHA-256, hexadecimal, of the previous hash (empty for the first), a line feed, and the canonical content."""
    return hashlib.sha256(f"{previous_hash}\n{content}".encode()).hexdigest()


def first_fault(links: Sequence[Linked], last: int, last_hash: str) -> str | None:
    """The first thing that is wrong with a series whose counter says `last` and `last_hash`, or None when the chain holds."""
    previous = ""
    for expected, link in enumerate(links, 1):
        if link.sequence != expected:
            return f"number {expected} is missing: {link.number} comes in its place"
        if link.previous_hash != previous:
            return f"{link.number} does not follow the document before it"
        if link.hash != link_hash(previous, link.content):
            return f"{link.number} has been changed: its content does not give its hash"
        previous = link.hash
    if (len(links), previous) != (last, last_hash):
        return f"the series says it ends with number {last}, the documents end with {len(links)}"
    return None
