"""Writes an inventory of any size: `python -m examples.generate --seed 7 --servers 52 --out examples/acme`."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from examples.machines import appliances, fleets, hosts_of, standalone_servers
from examples.organisation import ORGANISATION, organisations, sites
from examples.rows import Row, write_csv
from examples.shape import Group, groups
from examples.virtual_machines import virtual_machines

SEED = 7
SERVERS = 52


def rows(seed: int, servers: int, org: str = ORGANISATION) -> Iterator[Row]:
    """Yield every row of the inventory that holds exactly `servers` servers at its end, group after group.

    Equal arguments give equal rows, on any machine and any day.
    """
    for group in groups(servers):
        yield from _rows_of(seed, group, org)


def rows_of_assets(seed: int, assets: int, org: str = ORGANISATION) -> Iterator[Row]:
    """Yield the rows of exactly `assets` assets; a host comes before its virtual machines, so that any cut is whole."""
    return _first((row for group in groups(None) for row in _rows_of(seed, group, org)), assets)


def rows_standing_alone(seed: int, assets: int, org: str = ORGANISATION) -> Iterator[Row]:
    """Yield the rows of exactly `assets` assets that stand for themselves: no hosts and no virtual machines."""
    alone = (row for group in groups(None) for row in _rows_of(seed, replace(group, hosts=0, recent_hosts=0), org))
    return _first(alone, assets)


def write_inventory(directory: Path, inventory: Iterable[Row], org: str = ORGANISATION) -> int:
    """Write `organisations.json`, `sites.json` and `inventory.csv` into `directory`; return the number of rows."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in (("organisations", organisations(org)), ("sites", sites(org))):
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (directory / f"{name}.json").write_text(text, encoding="utf-8")
    with (directory / "inventory.csv").open("w", encoding="utf-8", newline="") as stream:
        return write_csv(stream, inventory)


def _rows_of(seed: int, group: Group, org: str) -> Iterator[Row]:
    random = Random(f"{seed}/{group.number}")
    host_rows, hosts = hosts_of(random, group, org)
    yield from host_rows
    yield from standalone_servers(random, group, org)
    yield from appliances(random, group, org)
    yield from fleets(random, group, org)
    yield from virtual_machines(random, group, hosts, org)


def _first(every: Iterable[Row], assets: int) -> Iterator[Row]:
    if assets < 1:
        raise ValueError(f"assets is {assets}; an inventory has at least 1 asset")
    return (row for _, row in takewhile(lambda numbered: numbered[0] <= assets, _numbered(every)))


def _numbered(every: Iterable[Row]) -> Iterator[tuple[int, Row]]:
    """Number the assets from 1; the rows of one asset follow one another and share its number."""
    number, previous = 0, None
    for row in every:
        identity = (row.source, row.external_id)
        if identity != previous:
            number, previous = number + 1, identity
        yield number, row


def main(
    out: Annotated[Path, typer.Option(help="Directory to write into; made when absent.")],
    seed: Annotated[int, typer.Option(help="Equal seeds give equal files.")] = SEED,
    servers: Annotated[int, typer.Option(min=1, help="Servers at the end of the history.")] = SERVERS,
    assets: Annotated[int | None, typer.Option(min=1, help="Exactly this many assets instead.")] = None,
    org: Annotated[str, typer.Option(help="Id of the organisation that owns everything.")] = ORGANISATION,
) -> None:
    """Write organisations, sites and assets with fourteen months of history."""
    inventory = rows(seed, servers, org) if assets is None else rows_of_assets(seed, assets, org)
    typer.echo(f"{write_inventory(out, inventory, org)} rows in {out / 'inventory.csv'}")


if __name__ == "__main__":
    typer.run(main)
