"""Who carries what each interval weighs: an asset itself, the virtual machines on it, or its operator as an idle line.

A term gives a share of one interval to one subject. For each interval of a host the shares sum to 1: the virtual machines by what the rule
of the site says (vCPU, memory, storage, or the energy measured of each), and the rest as an idle line of the host. `capacity` shares what
the host can give (its cores, memory, disks, or the capacity it states; its own power, for measured energy; more when more is held), so what
is unsold stays with the host; `sold` shares what is held, so nothing does while anything is. Where what the rule asks for is not known of
every machine on the host, vCPUs are taken for that interval, which is said.
What virtual machines of another organisation use is theirs (3.1) and stays in the host's own inventory as a `sold` line: those are two
inventories, each whole, never added together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np

from footprint.domain.formulas import HOUR_S
from footprint.domain.grid import Booleans, Floats, Integers
from footprint.domain.inventory import CUSTOMER, Asset, Operator, Organisation, SharedBy
from footprint.domain.ledger import Ledger, Stay, intervals_of, months_by_zone
from footprint.domain.notices import Notice
from footprint.domain.profiles import shared_by, shares_whole
from footprint.domain.scopes import Control

OWN: Final = 0
IDLE: Final = 1
SOLD: Final = 2
LINES: Final = ("own", "idle", "sold")


@dataclass(frozen=True, slots=True)
class Subject:
    """An asset whose months are asked for; `ledger_index` is its place in the ledger, None for one that only has shares of hosts.

    `unused` are the months in which energy was measured of it that tells nothing of its share.
    """

    asset: Asset
    organisation: Organisation
    ledger_index: int | None
    unused: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """Shares of intervals, one entry per term, sorted by subject, month, site, line, control (see `Control`) and time."""

    subject: Integers
    interval: Integers
    month: Integers
    site: Integers
    line: Integers
    control: Integers
    share: Floats
    held: Floats
    of: Floats
    by: Integers
    notices: Integers


RULES: Final = (SharedBy.VCPU, SharedBy.RAM, SharedBy.STORAGE, SharedBy.MEASURED)
UNITS: Final = ("vCPU", "GiB", "GiB", "W")
"""What `Terms.by` indexes: the rules, and the unit in which each tells machines apart."""


@dataclass(frozen=True, slots=True)
class _Sales:
    """What is held of each interval by anybody, by other organisations than the host's, and what is shared out, in the unit of `by`."""

    held: Floats
    sold: Floats
    elsewhere: Floats
    shared: Floats
    by: Integers
    notices: Integers


def allocate(ledger: Ledger, subjects: Sequence[Subject], stays: Sequence[Stay]) -> Terms:
    """Every term of `subjects`. `stays` are all those on the ledger's assets (of subjects or not), sorted by host, start and machine;
    a stay of somebody who is not a subject has subject −1."""
    interval, stay = intervals_of(ledger, stays)
    owner_org = np.array([profile.asset.org for profile in ledger.profiles], dtype=object)
    foreign = np.array([each.org != owner_org[each.asset] for each in stays], dtype=bool)
    sales = _sales(ledger, stays, interval, stay, foreign[stay])

    guest_subject = np.array([each.subject for each in stays], dtype=np.int64)[stay]
    asked = guest_subject >= 0
    own_interval, own_subject, own_line, own_held = _owners_terms(ledger, subjects, stays, sales)

    all_interval = np.concatenate([interval[asked], own_interval])
    subject = np.concatenate([guest_subject[asked], own_subject])
    line = np.concatenate([np.zeros(int(asked.sum()), dtype=np.int64), own_line])
    held = np.concatenate([sales.held[asked], own_held])
    of = np.where(line == OWN, 1.0, 0.0)
    of[: int(asked.sum())] = sales.shared[interval[asked]]
    of[line != OWN] = np.where(
        sales.shared[all_interval[line != OWN]] > 0, sales.shared[all_interval[line != OWN]], 1.0
    )
    share = np.divide(held, of, out=np.zeros_like(held), where=of > 0)
    purchased = np.concatenate([foreign[stay][asked], np.zeros(len(own_interval), dtype=bool)])
    purchased |= _in_the_providers_room(ledger, subjects, subject, all_interval)
    purchased |= np.array([each.purchased for each in ledger.stretches], dtype=bool)[ledger.stretch][all_interval]
    control = np.where(purchased, int(Control.PURCHASED), _control(ledger)[all_interval])
    return _sorted(
        ledger,
        subjects,
        subject,
        all_interval,
        line,
        control,
        share,
        held,
        of,
        sales.by[all_interval],
        sales.notices[all_interval],
    )


def _sales(ledger: Ledger, stays: Sequence[Stay], interval: Integers, stay: Integers, foreign: Booleans) -> _Sales:
    """The rule of each interval, and what is held of it by that rule."""
    count = len(ledger)
    amounts = np.array([(each.vcpu, each.ram_gib, each.disk_gib, each.watts) for each in stays], dtype=np.float64)
    amounts = amounts.reshape(-1, len(RULES))[stay]
    idle = amounts[:, 0] == 0.0  # what is off holds nothing by any rule
    amounts = np.where(idle[:, None], 0.0, amounts)
    rules = np.array([RULES.index(shared_by(each.site)) for each in ledger.stretches], dtype=np.int64)[ledger.stretch]
    unknown = np.isnan(np.take_along_axis(amounts, rules[interval][:, None], axis=1)[:, 0])
    lacking = np.bincount(interval, weights=unknown, minlength=count) > 0
    by = np.where(lacking, 0, rules)
    held = np.take_along_axis(amounts, by[interval][:, None], axis=1)[:, 0]
    sold = np.bincount(interval, weights=held, minlength=count).astype(np.float64)
    elsewhere = np.bincount(interval, weights=np.where(foreign, held, 0.0), minlength=count).astype(np.float64)
    capacity = _capacity(ledger)[by, np.arange(count)] if count else np.zeros(0)
    whole = np.array([shares_whole(each.site) for each in ledger.stretches], dtype=bool)[ledger.stretch]
    shared = np.where(whole | np.isnan(capacity), sold, np.maximum(np.where(np.isnan(capacity), 0.0, capacity), sold))
    notices = np.where(np.isnan(capacity) & ~whole & (sold > 0), int(Notice.CAPACITY_UNKNOWN), 0)
    notices |= np.where(lacking & (rules > 0), int(Notice.SHARED_BY_VCPU), 0)
    return _Sales(held, sold, elsewhere, shared, by, notices)


def _capacity(ledger: Ledger) -> Floats:
    """What each host can give, by rule and interval; NaN where unknown. Of measured energy: the mean power of the host itself."""
    stated = np.array([each.capacity for each in ledger.stretches], dtype=np.float64).reshape(-1, 3)[ledger.stretch]
    energy = ledger.weights.it_kwh
    hours = (ledger.end - ledger.start) / HOUR_S
    watts = np.where(energy.known, energy.value * 1000.0 / hours, np.nan)
    return np.concatenate([stated.T, watts[None, :]])


def _owners_terms(
    ledger: Ledger, subjects: Sequence[Subject], stays: Sequence[Stay], sales: _Sales
) -> tuple[Integers, Integers, Integers, Floats]:
    """What stays with the assets themselves: interval, subject, line and vCPUs held (1 of 1 where nobody shares).

    An asset is a host from its first machine on: what weighed before is its own.
    """
    subject_of = np.full(len(ledger.profiles), -1, dtype=np.int64)
    for index, subject in enumerate(subjects):
        if subject.ledger_index is not None:
            subject_of[subject.ledger_index] = index
    first_stay = np.full(len(ledger.profiles), np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(first_stay, np.array([stay.asset for stay in stays], dtype=np.int64), [stay.start for stay in stays])
    counted = np.array([each.counted for each in ledger.stretches], dtype=bool)[ledger.stretch]
    hosting = counted & (ledger.start >= first_stay[ledger.asset])
    owner = subject_of[ledger.asset]
    everything = np.arange(len(ledger), dtype=np.int64)
    alone = everything[(owner >= 0) & ~hosting]
    shared_out = everything[(owner >= 0) & hosting]
    resold = shared_out[sales.elsewhere[shared_out] > 0]
    idle = np.where(sales.shared[shared_out] > 0, sales.shared[shared_out] - sales.sold[shared_out], 1.0)
    interval = np.concatenate([alone, shared_out, resold])
    line = np.repeat(np.array([OWN, IDLE, SOLD], dtype=np.int64), [len(alone), len(shared_out), len(resold)])
    held = np.concatenate([np.ones(len(alone)), idle, sales.elsewhere[resold]])
    return interval, owner[interval], line, held


def _control(ledger: Ledger) -> Integers:
    """Who controls what weighs in each interval, purchases apart."""
    hosted = [int(Control.HOSTED) if each.operator is Operator.HOSTED else 0 for each in ledger.stretches]
    leased = [int(Control.LEASED) if profile.leased else 0 for profile in ledger.profiles]
    found: Integers = np.array(hosted, dtype=np.int64)[ledger.stretch] | np.array(leased, dtype=np.int64)[ledger.asset]
    return found


def _in_the_providers_room(
    ledger: Ledger, subjects: Sequence[Subject], subject: Integers, interval: Integers
) -> Booleans:
    """Whether a customer's thing stands in a site that the provider operates: then all of it is a purchased service."""
    provided = np.array([each.operator is Operator.PROVIDER for each in ledger.stretches], dtype=bool)[ledger.stretch]
    customer = np.array(
        [each.organisation.role == CUSTOMER and not each.asset.is_home for each in subjects], dtype=bool
    )
    found: Booleans = provided[interval] & customer[subject]
    return found


def _sorted(
    ledger: Ledger,
    subjects: Sequence[Subject],
    subject: Integers,
    interval: Integers,
    line: Integers,
    control: Integers,
    share: Floats,
    held: Floats,
    of: Floats,
    by: Integers,
    notices: Integers,
) -> Terms:
    zones = [each.organisation.time_zone for each in subjects]
    month = np.zeros(len(subject), dtype=np.int64)
    for zone, months in months_by_zone(ledger, set(zones)).items():
        rows = np.array([each == zone for each in zones], dtype=bool)[subject]
        month[rows] = months[interval[rows]]
    numbers, ranks = _site_numbers(ledger)
    site, rank = numbers[interval], ranks[interval]
    order = np.lexsort((ledger.asset[interval], ledger.start[interval], control, line, rank, month, subject))
    return Terms(
        subject=subject[order],
        interval=interval[order],
        month=month[order],
        site=site[order],
        line=line[order],
        control=control[order],
        share=share[order],
        held=held[order],
        of=of[order],
        by=by[order],
        notices=notices[order],
    )


def _site_numbers(ledger: Ledger) -> tuple[Integers, Integers]:
    """The site of each interval as the index of a stretch at that site (the first one), −1 for none: equal numbers are equal sites; and its
    place in the order of the ids of sites, which does not depend on what is computed together."""
    first: dict[UUID, int] = {}
    numbers = [
        -1 if each.site is None else first.setdefault(each.site.id, index)
        for index, each in enumerate(ledger.stretches)
    ]
    places = {first[site]: place for place, site in enumerate(sorted(first, key=lambda each: each.bytes))}
    ranks = [places.get(number, -1) for number in numbers]
    return np.array(numbers, dtype=np.int64)[ledger.stretch], np.array(ranks, dtype=np.int64)[ledger.stretch]
