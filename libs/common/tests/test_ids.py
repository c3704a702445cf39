"""New ids come in the order of their time."""

import functools
import operator
import time
from uuid import RFC_4122

from common.ids import new_id


def test_a_new_id_is_a_uuid_of_version_7_of_this_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    found = new_id()
    assert (found.version, found.variant) == (7, RFC_4122)
    assert before <= found.int >> 80 <= time.time_ns() // 1_000_000


def test_ids_of_one_moment_differ_in_all_that_is_random() -> None:
    found = [new_id().int for _ in range(2_000)]
    assert len(set(found)) == len(found)
    varied = functools.reduce(operator.or_, (each ^ found[0] for each in found))
    assert varied % (1 << 80) == 0x0FFF_3FFF_FFFF_FFFF_FFFF, "neither version nor variant, and every bit beside them"
