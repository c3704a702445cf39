"""The choice of packages as a mixed-integer linear programme, solved by HiGHS (`scipy.optimize.milp`).

Variables, all 0 or 1: x[p], package p is chosen; z[o, y], offer o starts in year y (its fees run from then on). For each group exactly one
package, possibly the empty one. A package with offer o from year y needs z[o, y'] for some y' ≤ y. Each offer starts at most once, and only
in a year in which a package begins with it: no fee is paid early to fit a budget.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from scenarios.domain.fleet import Floats
from scenarios.domain.packages import Fees, Options, Package

INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan must keep to; None is no limit. Euros are those beyond the reference, kg are those avoided, capacity is units that an
    offer can begin with in one year."""

    budget_eur: Decimal | None = None
    budget_by_year_eur: Sequence[Decimal] | None = None
    target_kg: float | None = None
    capacity: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the solver found. `gap` is how far from the best possible the plan may be, relative; 0 when proven optimal."""

    status: str
    packages: list[Package]
    starts: dict[str, int]
    gap: float | None


@dataclass(slots=True)
class _Rows:
    """Constraint rows under construction."""

    entries: list[tuple[int, int, float]]
    lower: list[float]
    upper: list[float]

    def add(self, terms: Mapping[int, float], lower: float, upper: float) -> None:
        row = len(self.lower)
        self.entries += [(row, column, value) for column, value in terms.items() if value != 0]
        self.lower.append(lower)
        self.upper.append(upper)


@dataclass(frozen=True, slots=True)
class Programme:
    """The programme of a study's options over `years`, with the years in which offers may start."""

    options: Options
    years: int
    start_years: Sequence[int]

    def solve(self, limits: Limits, time_limit_s: float) -> Plan:
        """The most avoided within the limits; with a target, the cheapest plan that reaches it."""
        starts = self._starts()
        avoided = np.array([package.avoided_kg for package in self.options.packages] + [0.0] * len(starts))
        costs = np.array([float(sum(self._costs(column, starts))) for column in range(len(avoided))])
        objective: Floats = -avoided if limits.target_kg is None else costs
        scale = float(np.abs(objective).max()) or 1.0
        rows = self._rows(starts, limits, avoided)
        rows_count, columns = len(rows.lower), len(avoided)
        if rows.entries:
            row, column, value = zip(*rows.entries, strict=True)
            matrix = csr_array((value, (row, column)), shape=(rows_count, columns))
        else:
            matrix = csr_array((rows_count, columns))
        found = milp(
            objective / scale,
            constraints=LinearConstraint(matrix, np.array(rows.lower), np.array(rows.upper)),
            integrality=np.ones(columns, dtype=np.int64),
            bounds=Bounds(0, 1),
            options={"time_limit": time_limit_s, "mip_rel_gap": 0.0},
        )
        if found.x is None:
            return Plan({1: "time_limit_without_a_plan", 2: "infeasible"}.get(found.status, "failed"), [], {}, None)
        chosen = np.flatnonzero(np.asarray(found.x) > 0.5)
        count = len(self.options.packages)
        packages = [self.options.packages[index] for index in chosen if index < count]
        begun = {offer: year for package in reversed(packages) for offer, year in package.offers}
        for package in packages:
            for offer, year in package.offers:
                begun[offer] = min(begun[offer], year)
        proven = found.status == 0
        return Plan("optimal" if proven else "time_limit", packages, begun, 0.0 if proven else float(found.mip_gap))

    def _starts(self) -> list[tuple[str, int]]:
        used = sorted({name for package in self.options.packages for name in package.names})
        return [(offer, year) for offer in used for year in self.start_years]

    def _costs(self, column: int, starts: Sequence[tuple[str, int]]) -> Sequence[Decimal]:
        """By year, of a variable."""
        packages = self.options.packages
        if column < len(packages):
            return packages[column].extra_eur
        offer, year = starts[column - len(packages)]
        return self._fees(offer).by_year(year, self.years)

    def _fees(self, offer: str) -> Fees:
        return self.options.fees.get(offer, Fees(Decimal(0), Decimal(0)))

    def _rows(self, starts: Sequence[tuple[str, int]], limits: Limits, avoided: Floats) -> _Rows:
        rows = _Rows([], [], [])
        packages = self.options.packages
        first = len(packages)
        groups: dict[str, list[int]] = {}
        for column, package in enumerate(packages):
            groups.setdefault(package.group, []).append(column)
        for columns in groups.values():
            rows.add(dict.fromkeys(columns, 1.0), 1.0, 1.0)
            self._link(rows, columns, starts)
        for offer in sorted({offer for offer, _ in starts}):
            own = {first + index: 1.0 for index, (name, _) in enumerate(starts) if name == offer}
            rows.add(own, -INFINITE, 1.0)
        for index, start in enumerate(starts):
            using = {column: -1.0 for column, package in enumerate(packages) if start in package.offers}
            rows.add({first + index: 1.0} | using, -INFINITE, 0.0)
        self._limit(rows, starts, limits, avoided)
        return rows

    def _link(self, rows: _Rows, columns: Sequence[int], starts: Sequence[tuple[str, int]]) -> None:
        packages, first = self.options.packages, len(self.options.packages)
        for offer, year in starts:
            using = {column: 1.0 for column in columns if (offer, year) in packages[column].offers}
            if using:
                begun = {
                    first + index: -1.0 for index, (name, start) in enumerate(starts) if name == offer and start <= year
                }
                rows.add(using | begun, -INFINITE, 0.0)

    def _limit(self, rows: _Rows, starts: Sequence[tuple[str, int]], limits: Limits, avoided: Floats) -> None:
        costs = [self._costs(column, starts) for column in range(len(avoided))]
        if limits.budget_eur is not None:
            rows.add(
                {column: float(sum(cost)) for column, cost in enumerate(costs)}, -INFINITE, float(limits.budget_eur)
            )
        for year, budget in enumerate(limits.budget_by_year_eur or ()):
            rows.add({column: float(cost[year]) for column, cost in enumerate(costs)}, -INFINITE, float(budget))
        if limits.target_kg is not None:
            scale = max(1.0, abs(limits.target_kg))
            rows.add(
                {column: kg / scale for column, kg in enumerate(avoided.tolist())}, limits.target_kg / scale, INFINITE
            )
        for offer, units in sorted((limits.capacity or {}).items()):
            for year in self.start_years:
                begun = {
                    column: float(package.units)
                    for column, package in enumerate(self.options.packages)
                    if (offer, year) in package.offers
                }
                if begun:
                    rows.add(begun, -INFINITE, float(units))
