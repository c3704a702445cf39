"""Charges of machines at a public cloud as facts of their timelines: they ran while they were charged for."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from inventory.domain.vocabulary import Kind, Status

_PERIOD = ("charged_from", "charged_to")


def facts_of_charges(charges: Sequence[Mapping[str, Any]], charged_until: str | None) -> Iterator[dict[str, Any]]:
    """The rows, as `read_record` reads them, that the charges of one machine make together.

    The machine is in service over each charged period and off between them. One that is charged for up to
    `charged_until`, the end of all charges of the import, is taken to run on; any other is off from its last charge on.
    Periods that touch with the same allocation are one. Where two periods overlap, the one that begins later holds.
    """
    ordered = sorted(charges, key=lambda charge: (charge["charged_from"], charge["charged_to"]))
    run_until: datetime | None = None
    said: dict[str, Any] | None = None
    for charge in ordered:
        start, end = (datetime.fromisoformat(charge[name]) for name in _PERIOD)
        content = {name: value for name, value in charge.items() if name not in _PERIOD}
        if run_until is None or start > run_until:
            if run_until is not None:
                yield _off(ordered[0], run_until)
            said = None
        if content != said:
            yield {**content, "status": Status.IN_SERVICE, "effective_from": start}
            said = content
        run_until = end if run_until is None else max(run_until, end)
    if run_until is not None and (charged_until is None or run_until < datetime.fromisoformat(charged_until)):
        yield _off(ordered[0], run_until)


def _off(charge: Mapping[str, Any], moment: datetime) -> dict[str, Any]:
    names = {name: charge[name] for name in ("org", "source", "external_id")}
    return {**names, "kind": Kind.VIRTUAL_MACHINE, "status": Status.OFF, "effective_from": moment}
