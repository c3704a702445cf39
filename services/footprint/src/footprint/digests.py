"""What tells two results of an asset-month apart, so that only what differs is written, published and restated (ADR 0111).

The digest that is stored is three in a row: of what is published, of the amounts that stand behind it, and of what is kept beside. Rows
that an earlier version wrote have the first alone.
"""

import hashlib
from typing import Final, NamedTuple

from common import json

from footprint.domain.results import AssetMonth

_TOLD: Final = 16
_AMOUNTS: Final = 8
_KEPT: Final = 8


class Digest(NamedTuple):
    """`told` is a hash of all that is published of a result, at full precision; `amounts` of the electricity behind each of its figures and
    claims, and of what has no factor: what a restatement can tell beside; `kept` of all else that is stored."""

    told: bytes
    amounts: bytes
    kept: bytes

    @classmethod
    def of(cls, result: AssetMonth, content: bytes) -> "Digest":
        """That of a result of which `content` is published."""
        amounts = [
            [each.kwh for each in result.figures],
            [(*each.line, each.value, each.kwh) for each in result.without_factor],
            [each.kwh for each in result.claimed],
        ]
        kept = [
            [each[10:14] for each in result.every_figure],
            result.notices,
            result.life_start,
            result.spread_days,
            result.first_life_days,
            result.use_days,
        ]
        return cls(_hash(content, _TOLD), _hash(json.dumps(amounts), _AMOUNTS), _hash(json.dumps(kept), _KEPT))

    @classmethod
    def read(cls, stored: bytes) -> "Digest":
        """A stored digest; the parts that it lacks are empty."""
        return cls(stored[:_TOLD], stored[_TOLD : _TOLD + _AMOUNTS], stored[_TOLD + _AMOUNTS :])

    @property
    def stored(self) -> bytes:
        """All three as one."""
        return self.told + self.amounts + self.kept

    def moves(self, known: "Digest") -> bool:
        """Whether the lines of a result may differ from those of a `known` one: a closed month is restated by these alone. Of what an
        earlier version stored, what is not published is taken to be the same."""
        return self.told != known.told or (known.amounts != b"" and self.amounts != known.amounts)


def claims_digest_of(result: AssetMonth) -> bytes | None:
    """What tells apart what applications use of a result; None where none uses anything."""
    if not result.claimed:
        return None
    told = [
        (each.application, *each.figure.line, each.figure.factor, each.figure.source, each.figure.factor_ln_gsd2,
         each.figure.source_ln_gsd2, each.billionths)
        for each in result.claimed
    ]  # fmt: skip
    return _hash(json.dumps(told), 16)


def _hash(content: bytes, size: int) -> bytes:
    return hashlib.blake2b(content, digest_size=size).digest()
