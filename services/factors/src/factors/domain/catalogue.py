"""The published factors of the moment, arranged in memory to be asked thousands of times a second."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from factors.domain.records import FactorVersion, Status

_Question = tuple[str, str]


def _as_it_is(version: FactorVersion) -> Iterator[FactorVersion]:
    return iter(())


class Catalogue:
    """The published versions, by activity and criterion, then by region, the latest validity first.

    Holds at most one version per factor: putting a newer one replaces the older, an older one is ignored, and one that
    is no longer published takes the factor out. So changes may be heard twice and in any order. `restated` gives the other forms
    in which a version answers too (under the other sets of warming potentials).
    """

    def __init__(
        self,
        versions: Iterable[FactorVersion] = (),
        restated: Callable[[FactorVersion], Iterator[FactorVersion]] = _as_it_is,
    ) -> None:
        self._restated = restated
        self._latest: dict[str, FactorVersion] = {}
        self._published: dict[_Question, dict[str | None, tuple[FactorVersion, ...]]] = {}
        for version in versions:
            self.put(version)

    def __len__(self) -> int:
        """How many factors may be resolved."""
        return sum(version.status is Status.PUBLISHED for version in self._latest.values())

    def put(self, version: FactorVersion) -> None:
        """Take note of the present version of a factor, unless a newer one is known."""
        known = self._latest.get(version.id)
        if known is not None and known.version >= version.version:
            return
        if known is not None and known.status is Status.PUBLISHED:
            self._take_out(known)
        self._latest[version.id] = version
        if version.status is Status.PUBLISHED:
            self._bring_in(version)

    def find(self, factor_id: str) -> FactorVersion | None:
        """The present version of a factor, published or withdrawn."""
        return self._latest.get(factor_id)

    def records(self, activity: str, criterion: str, region: str | None) -> tuple[FactorVersion, ...]:
        """The published versions of an activity in one place, the latest validity first."""
        return self._published.get((activity, criterion), {}).get(region, ())

    def all_records(self, activity: str, criterion: str) -> Iterator[FactorVersion]:
        """The published versions of an activity anywhere."""
        for versions in self._published.get((activity, criterion), {}).values():
            yield from versions

    def activities(self, criterion: str) -> list[str]:
        """The activities for which something is published, in alphabetical order."""
        return sorted(activity for activity, of_criterion in self._published if of_criterion == criterion)

    def _bring_in(self, version: FactorVersion) -> None:
        content = version.content
        regions = self._published.setdefault((content.activity, content.criterion), {})
        versions = [*regions.get(content.region, ()), version, *self._restated(version)]
        regions[content.region] = tuple(sorted(versions, key=_latest_first, reverse=True))

    def _take_out(self, version: FactorVersion) -> None:
        content = version.content
        question = (content.activity, content.criterion)
        regions = self._published[question]
        left = tuple(other for other in regions[content.region] if other.id != version.id)
        if left:
            regions[content.region] = left
            return
        del regions[content.region]
        if not regions:
            del self._published[question]


def _latest_first(version: FactorVersion) -> tuple[date, str]:
    return (version.content.valid_from or date.min, version.id)
