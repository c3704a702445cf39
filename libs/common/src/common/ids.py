"""Names of new aggregates and events."""

import random
import time
from typing import Final
from uuid import UUID

_RANDOM_BITS: Final = 74
_VERSION_7: Final = 0x7000_8000_0000_0000_0000
"""Version and variant where RFC 9562, section 5.7, has them."""


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): the milliseconds since 1970, then 74 random bits. A name, never a secret.

    What is new comes last in every index of such ids, and lies beside what came with it: an import fills pages one after the other, in this
    service and in those that hear of it, where random ids touch, and log, a page of each index for each row.
    """
    bits = random.getrandbits(
        _RANDOM_BITS
    )  # seeded by the system, in each process; asking it each time costs five times as much
    high, low = bits >> 62, bits & (1 << 62) - 1
    return UUID(int=time.time_ns() // 1_000_000 << 80 | _VERSION_7 | high << 64 | low)
