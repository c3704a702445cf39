"""`assets`: list, show, timeline."""

from typing import Annotated, Any
from uuid import UUID

import typer

from constellation_cli.client import Client
from constellation_cli.failures import Failure
from constellation_cli.session import session_of, table_of

app = typer.Typer(help="What exists.", no_args_is_help=True)

ASSETS = "/inventory/v1/assets"

Named = Annotated[str, typer.Argument(help="The asset's id, or a part of its name or external id that only it has.")]
Org = Annotated[str | None, typer.Option(help="Only of this organisation.")]


@app.command("list")
def list_assets(
    context: typer.Context,
    org: Org = None,
    kind: Annotated[str | None, typer.Option(help="server, virtual_machine, laptop, …")] = None,
    site: Annotated[str | None, typer.Option(help="The code of the site where they are.")] = None,
    status: Annotated[str | None, typer.Option(help="in_service, off, standby or retired.")] = None,
    q: Annotated[str | None, typer.Option(help="A part of the name or the external id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 100,
) -> None:
    """Assets as they are now."""
    session = session_of(context)
    with session.client() as client:
        found = list(client.pages(ASSETS, limit, org=org, kind=kind, site=site, status=status, q=q))
    rows = (
        [asset.get(name) for name in ("org", "kind", "source", "external_id", "name", "status", "site", "id")]
        for asset in found
    )
    session.show(found, table_of(None, ("org", "kind", "source", "external id", "name", "status", "site", "id"), rows))
    if len(found) == limit:
        session.remark(f"The first {limit}; say --limit for more.")


@app.command()
def show(context: typer.Context, asset: Named, org: Org = None) -> None:
    """One asset, whole."""
    session = session_of(context)
    with session.client() as client:
        found = find_asset(client, asset, org)
    rows = ((name, value) for name, value in _flat("", found) if value not in (None, "", []))
    session.show(found, table_of(None, ("", ""), ((name, str(value)) for name, value in rows)))


@app.command()
def timeline(
    context: typer.Context,
    asset: Named,
    org: Org = None,
    as_known_at: Annotated[
        str | None, typer.Option(help="What was believed then, such as 2026-03-01T00:00:00Z.")
    ] = None,
) -> None:
    """The dated history of an asset."""
    session = session_of(context)
    with session.client() as client:
        found = client.get(f"{ASSETS}/{find_asset(client, asset, org)['id']}/timeline", as_known_at=as_known_at)
    rows = (
        (part["from"], part["to"] or "open", part["status"], part["site_id"], part["host_id"], _sizes(part))
        for part in found["timeline"]
    )
    session.show(found, table_of(None, ("from", "to", "status", "site", "host", "allocation"), rows))


def find_asset(client: Client, name: str, org: str | None = None) -> Any:
    """The asset of an id, or the only one that a part of a name finds. Raises Failure."""
    try:
        return client.get(f"{ASSETS}/{UUID(name)}")
    except ValueError:
        found = list(client.pages(ASSETS, 20, q=name, org=org))
    exact = [asset for asset in found if name in (asset["external_id"], asset["name"])]
    if len(exact) == 1 or len(found) == 1:
        return (exact if len(exact) == 1 else found)[0]
    if not found:
        raise Failure(f"No asset is called {name!r}.")
    names = ", ".join(f"{asset['org']}/{asset['source']}/{asset['external_id']}" for asset in (exact or found)[:5])
    raise Failure(f"Several assets are called {name!r} ({names} …): give the id.")


def _sizes(part: Any) -> str:
    given = part.get("allocation") or {}
    return ", ".join(f"{name} {value:g}" for name, value in given.items() if value is not None)


def _flat(prefix: str, value: Any) -> Any:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, part)
    else:
        yield prefix, value
