"""`import` and `imports`: files in, progress, what was refused."""

import csv
import io
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from constellation_cli.client import Client
from constellation_cli.failures import Exit, Failure
from constellation_cli.session import Session, session_of, table_of

IMPORTS = "/inventory/v1/imports"
SHOWN_REJECTS = 20
SHOWN_CHANGES = 20
MOST_CHANGES = 10_000
"""Changed things of each sort that the answer of a dry run holds."""

ENDS = ("done", "failed", "cancelled")

jobs = typer.Typer(help="Imports that were begun.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the command `import`."""
    app.command("import")(import_files)


def import_files(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="One file, or several of one format.")
    ],
    format_: Annotated[str, typer.Option("--format", help="constellation, rvtools, …; auto finds out.")] = "auto",
    org: Annotated[str | None, typer.Option(help="For rows that do not name their organisation.")] = None,
    site: Annotated[str | None, typer.Option(help="For machines that do not name their site.")] = None,
    source: Annotated[str | None, typer.Option(help="What to call whoever knows them, such as the vCenter.")] = None,
    mapping: Annotated[str | None, typer.Option(help="The mapping of columns to read by, such as glpi.")] = None,
    kind: Annotated[str | None, typer.Option(help="What rows of a mapped table are that do not say it.")] = None,
    missing_hosts: Annotated[
        str, typer.Option("--missing-hosts", help="Machines on hosts that are not known: reject, or none to take them.")
    ] = "reject",
    effective_from: Annotated[str | None, typer.Option(help="From when rows without a date hold; else today.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything, show what would change, undo it.")] = False,
    rejects: Annotated[Path | None, typer.Option(help="Write the rows that were refused to this CSV file.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait for the end; else only hand the files over.")] = True,
) -> None:
    """Import files of assets, and show how far it is and what was refused. Exit code 1 when anything was."""
    session = session_of(context)
    named = {"org": org, "site": site, "source": source, "kind": kind, "mapping": mapping}
    fields = {**named, "effective_from": effective_from}
    query = {"format": format_, "dry_run": str(dry_run).lower(), "missing_hosts": missing_hosts}
    with session.client() as client, ExitStack() as opened:
        parts = [(file.name, opened.enter_context(file.open("rb"))) for file in files]
        job = client.upload(IMPORTS, parts, fields, **query)
        if not wait:
            session.show(job, f"Import {job['id']} is {job['status']}: constellation imports show {job['id']}")
            return
        _finish(session, client, _followed(session, client, job), rejects)


@jobs.command("list")
def list_jobs(
    context: typer.Context,
    org: Annotated[str | None, typer.Option(help="Only of this organisation.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
) -> None:
    """Imports, the latest first."""
    session = session_of(context)
    with session.client() as client:
        found = list(client.pages(IMPORTS, limit, org=org))
    names = ("id", "org", "format", "status", "accepted", "unchanged", "rejected", "received_at")
    session.show(found, table_of(None, names, ([job[name] for name in names] for job in found)))


@jobs.command()
def show(
    context: typer.Context,
    import_id: Annotated[str, typer.Argument(help="The id of the import.")],
    rejects: Annotated[Path | None, typer.Option(help="Write the rows that were refused to this CSV file.")] = None,
) -> None:
    """One import, followed to its end, and what was refused."""
    session = session_of(context)
    with session.client() as client:
        job = client.get(f"{IMPORTS}/{import_id}")
        _finish(session, client, _followed(session, client, job), rejects)


@jobs.command()
def cancel(context: typer.Context, import_id: Annotated[str, typer.Argument(help="The id of the import.")]) -> None:
    """Stop an import; what it has applied stays."""
    session = session_of(context)
    with session.client() as client:
        job = client.post(f"{IMPORTS}/{import_id}/cancel")
    session.show(job, f"Import {job['id']} is {job['status']}: {_counts(job)}.")


@jobs.command()
def undo(context: typer.Context, import_id: Annotated[str, typer.Argument(help="The id of the import.")]) -> None:
    """Take back what an import did to assets: all of it, or nothing when one of them has changed since."""
    session = session_of(context)
    with session.client() as client:
        undone = client.post(f"{IMPORTS}/{import_id}/undo")
    session.show(undone, f"{undone['deleted']} deleted that it created, {undone['restored']} as they were before it.")


def _followed(session: Session, client: Client, job: Mapping[str, Any]) -> Mapping[str, Any]:
    """The import at its end; its stages move as bars meanwhile."""
    if job["status"] in ENDS:
        return job
    with session.progress() as progress, client.events(f"{IMPORTS}/{job['id']}/events") as events:
        bars = {stage["name"]: progress.add_task(stage["name"], total=None) for stage in job["stages"]}
        for _, told in events:
            job = told
            for stage in job["stages"]:
                progress.update(bars[stage["name"]], completed=stage["done"], total=stage["total"])
    # The stream may have ended early, with a proxy's patience say: the job itself knows.
    return job if job["status"] in ENDS else _followed(session, client, client.get(f"{IMPORTS}/{job['id']}"))


def _finish(session: Session, client: Client, job: Mapping[str, Any], file: Path | None) -> None:
    if job["status"] == "failed":
        failure = job["failure"] or {}
        where = " ".join(part for part in (failure.get("file"), failure.get("field")) if part)
        raise Failure(f"Import {job['id']} failed{f' ({where})' if where else ''}: {failure.get('detail')}.")
    refused = client.text(f"{IMPORTS}/{job['id']}/rejects.csv") if job["rejected"] else ""
    if file is not None and refused:
        file.write_text(refused, encoding="utf-8")
    shown = [f"Import {job['id']}{' (dry run)' if job['dry_run'] else ''} is {job['status']}: {_counts(job)}."]
    shown += [f"{remark['file']}: {remark['detail']}" for remark in job["warnings"]]
    listed = list(csv.DictReader(io.StringIO(refused), delimiter=";"))
    changes = _changes(client, job["id"]) if job["dry_run"] else []
    headings = ("file", "line", "code", "field", "message")
    table = table_of("Refused", headings, ([row[name] for name in headings] for row in listed[:SHOWN_REJECTS]))
    tables = [table] if listed else []
    if changes:
        shown_changes = [row for change in changes for row in _change_rows(change)]
        fields = ("result", "source", "external id", "field", "from", "before", "after")
        tables.insert(0, table_of("Would change", fields, shown_changes[:SHOWN_CHANGES]))
        if len(shown_changes) > SHOWN_CHANGES:
            session.remark(f"{len(shown_changes) - SHOWN_CHANGES} more changes: --json has them.")
    diff = {"diff": changes} if job["dry_run"] else {}
    session.show({**job, "rejects": listed, **diff}, *shown, *tables)
    if len(listed) > SHOWN_REJECTS:
        session.remark(f"{len(listed) - SHOWN_REJECTS} more: --rejects FILE writes them all.")
    if listed:
        raise typer.Exit(Exit.REFUSED_ROWS)


def _changes(client: Client, import_id: str) -> list[Mapping[str, Any]]:
    """What a dry run would create and update, and what its files no longer hold."""
    path = f"{IMPORTS}/{import_id}/diff"
    return [
        change
        for result in ("created", "updated", "missing")
        for change in client.pages(path, MOST_CHANGES, result=result)
    ]


def _change_rows(change: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """A row for each field that changes; one for a thing that is created or missing."""
    named = (change["result"], change["source"], change["external_id"])
    if change["result"] != "updated":
        return [(*named, "", "", "", change["name"])]
    return [
        (*named, field["field"], field.get("from"), _value(field["before"]), _value(field["after"]))
        for field in change["changes"]
    ]


def _value(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


def _counts(job: Mapping[str, Any]) -> str:
    dropped = sum(job["dropped"].values())
    said = (
        f"{job['created']} created, {job['updated']} updated, {job['unchanged']} unchanged, {job['rejected']} rejected"
    )
    return f"{said}, {dropped} left out" if dropped else said
