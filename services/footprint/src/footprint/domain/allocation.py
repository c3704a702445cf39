"""Who carries what each interval weighs: an asset itself, the virtual machines on it, or its operator as an idle line.

A term gives a share of one interval to one subject. For each interval of a host the shares sum to 1: the virtual machines by vCPU, and
the rest as an idle line of the host. `capacity` shares the vCPUs that the host can sell (its cores, or the capacity it states; more when
more are sold), so what is unsold stays with the host; `sold` shares the vCPUs that are sold, so nothing does while any are.
What virtual machines of another organisation use is theirs (3.1) and stays in the host's own inventory as a `sold` line: those are two
inventories, each whole, never added together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from footprint.domain.grid import Floats, Integers
from footprint.domain.inventory import Asset, Operator, Organisation
from footprint.domain.ledger import Ledger, Stay, intervals_of, months_by_zone
from footprint.domain.notices import Notice
from footprint.domain.profiles import shares_whole
from footprint.domain.weighing import Booleans

OWN: Final = 0
IDLE: Final = 1
SOLD: Final = 2
LINES: Final = ("own", "idle", "sold")


@dataclass(frozen=True, slots=True)
class Subject:
    """An asset whose months are asked for; `ledger_index` is its place in the ledger, None for one that only has shares of hosts."""

    asset: Asset
    organisation: Organisation
    ledger_index: int | None


@dataclass(frozen=True, slots=True)
class Terms:
    """Shares of intervals, one entry per term, sorted by subject, month, site, line and time."""

    subject: Integers
    interval: Integers
    month: Integers
    site: Integers
    line: Integers
    purchased: Booleans
    share: Floats
    held: Floats
    of: Floats
    notices: Integers


@dataclass(frozen=True, slots=True)
class _Sales:
    """vCPUs of each interval: those held by anybody, by other organisations than the host's, and those that are shared out."""

    sold: Floats
    elsewhere: Floats
    shared: Floats
    notices: Integers


def allocate(ledger: Ledger, subjects: Sequence[Subject], stays: Sequence[Stay]) -> Terms:
    """Every term of `subjects`. `stays` are all those on the ledger's assets (of subjects or not), sorted by host, start and machine;
    a stay of somebody who is not a subject has subject −1."""
    interval, stay = intervals_of(ledger, stays)
    vcpu = np.array([each.vcpu for each in stays], dtype=np.float64)[stay]
    owner_org = np.array([profile.asset.org for profile in ledger.profiles], dtype=object)
    foreign = np.array([each.org != owner_org[each.asset] for each in stays], dtype=bool)
    sales = _sales(ledger, interval, vcpu, foreign[stay])

    guest_subject = np.array([each.subject for each in stays], dtype=np.int64)[stay]
    asked = guest_subject >= 0
    own_interval, own_subject, own_line, own_held = _owners_terms(ledger, subjects, stays, sales)

    all_interval = np.concatenate([interval[asked], own_interval])
    subject = np.concatenate([guest_subject[asked], own_subject])
    line = np.concatenate([np.zeros(int(asked.sum()), dtype=np.int64), own_line])
    held = np.concatenate([vcpu[asked], own_held])
    of = np.where(line == OWN, 1.0, 0.0)
    of[: int(asked.sum())] = sales.shared[interval[asked]]
    of[line != OWN] = np.where(
        sales.shared[all_interval[line != OWN]] > 0, sales.shared[all_interval[line != OWN]], 1.0
    )
    share = np.divide(held, of, out=np.zeros_like(held), where=of > 0)
    purchased = np.concatenate([foreign[stay][asked], np.zeros(len(own_interval), dtype=bool)])
    purchased |= _in_the_providers_room(ledger, subjects, subject, all_interval)
    return _sorted(
        ledger, subjects, subject, all_interval, line, purchased, share, held, of, sales.notices[all_interval]
    )


def _sales(ledger: Ledger, interval: Integers, vcpu: Floats, foreign: Booleans) -> _Sales:
    count = len(ledger)
    sold = np.bincount(interval, weights=vcpu, minlength=count).astype(np.float64)
    elsewhere = np.bincount(interval, weights=np.where(foreign, vcpu, 0.0), minlength=count).astype(np.float64)
    capacity = np.array([each.capacity for each in ledger.stretches], dtype=np.float64)[ledger.stretch]
    whole = np.array([shares_whole(each.site) for each in ledger.stretches], dtype=bool)[ledger.stretch]
    unknown = np.isnan(capacity) & ~whole
    shared = np.where(whole | np.isnan(capacity), sold, np.maximum(np.where(np.isnan(capacity), 0.0, capacity), sold))
    return _Sales(sold, elsewhere, shared, np.where(unknown & (sold > 0), int(Notice.CAPACITY_UNKNOWN), 0))


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
    hosting = ledger.start >= first_stay[ledger.asset]
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


def _in_the_providers_room(
    ledger: Ledger, subjects: Sequence[Subject], subject: Integers, interval: Integers
) -> Booleans:
    """Whether a customer's thing stands in a site that the provider operates: then all of it is a purchased service."""
    provided = np.array(
        [each.site is not None and each.site.operator is Operator.PROVIDER for each in ledger.stretches], dtype=bool
    )[ledger.stretch]
    customer = np.array([each.organisation.role == "customer" for each in subjects], dtype=bool)
    found: Booleans = provided[interval] & customer[subject]
    return found


def _sorted(
    ledger: Ledger,
    subjects: Sequence[Subject],
    subject: Integers,
    interval: Integers,
    line: Integers,
    purchased: Booleans,
    share: Floats,
    held: Floats,
    of: Floats,
    notices: Integers,
) -> Terms:
    zones = [each.organisation.time_zone for each in subjects]
    month = np.zeros(len(subject), dtype=np.int64)
    for zone, months in months_by_zone(ledger, set(zones)).items():
        rows = np.array([each == zone for each in zones], dtype=bool)[subject]
        month[rows] = months[interval[rows]]
    site = _site_numbers(ledger)[interval]
    order = np.lexsort((ledger.asset[interval], ledger.start[interval], purchased, line, site, month, subject))
    return Terms(
        subject=subject[order],
        interval=interval[order],
        month=month[order],
        site=site[order],
        line=line[order],
        purchased=purchased[order],
        share=share[order],
        held=held[order],
        of=of[order],
        notices=notices[order],
    )


def _site_numbers(ledger: Ledger) -> Integers:
    """The site of each interval as the index of a stretch at that site (the first one), −1 for none: equal numbers are equal sites."""
    first: dict[object, int] = {}
    numbers = [
        -1 if each.site is None else first.setdefault(each.site.id, index)
        for index, each in enumerate(ledger.stretches)
    ]
    return np.array(numbers, dtype=np.int64)[ledger.stretch]
