"""Closed months are computed with the factors that they were closed with: each set of them once, for the assets that it is of."""

from collections.abc import Collection, Iterable
from uuid import UUID

from footprint.domain.catalogue import FactorRef
from footprint.domain.inventory import Asset
from footprint.domain.restating import Found, State, with_pinned_factors
from footprint.domain.results import AssetMonth

ONE, OTHER = UUID(int=1), UUID(int=2)
NOW = (FactorRef("embodied", 2),)


def found(asset: UUID, month: int) -> Found:
    """A closed month that rests on the present version of a factor."""
    result = AssetMonth(Asset(asset, "acme", "server", ()), month, "in_service", None, None, references=NOW)
    return Found(result, b"", removed=False, claims_digest=None)


def test_each_set_of_factors_is_computed_once_for_the_assets_that_it_is_of() -> None:
    asked: list[tuple[frozenset[FactorRef], set[UUID], int]] = []

    def recompute(references: frozenset[FactorRef], assets: Collection[UUID], month: int) -> Iterable[AssetMonth]:
        asked.append((references, set(assets), month))
        return ()

    first, second = FactorRef("embodied", 1), FactorRef("model", 1)
    months = [found(ONE, 7), found(ONE, 5), found(OTHER, 6), found(OTHER, 8)]
    before = {
        (ONE, 7): State(references=[first]),
        (ONE, 5): State(references=[first]),
        (OTHER, 6): State(references=[second]),
        (OTHER, 8): State(references=NOW),
    }
    with_pinned_factors(months, before, recompute)
    assert asked == [(frozenset([first]), {ONE}, 5), (frozenset([second]), {OTHER}, 6)]
