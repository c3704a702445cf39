"""The command of a service: `<service> api | consume | relay | work | all | migrate | republish | dead-letters | openapi | settings`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, NoReturn, TypeVar

import typer
import uvloop
from pydantic import ValidationError

from common import json, migrations, telemetry
from common.consumer import ConsumerRunner
from common.database import Database, open_database
from common.dead_letters import DeadLetter, DeadLetters, StillFailing, UnknownDeadLetter
from common.organisations import EVERY
from common.process import openapi_document, run
from common.republish import republish
from common.service import ROLES, Parts, Role, Runtime, Service, Settings
from common.settings import ServiceSettings

Result = TypeVar("Result")


def command_line(service: Service[Settings]) -> typer.Typer:
    """The typer application of `service`; `main.py` calls it."""
    app = typer.Typer(name=service.name, help=service.description, no_args_is_help=True, pretty_exceptions_enable=False)
    for role in ROLES:
        app.command(role, help=f"Run the {role} process.")(_role_command(service, (role,)))
    app.command("all", help="Run every role in one process.")(_role_command(service, ROLES))
    app.command("migrate", help="Bring the schema up to date, as its owner.")(lambda: _migrate(service))
    app.command("openapi", help="Print the OpenAPI document.")(lambda: _print_openapi(service))
    app.command("settings", help="List the environment variables.")(lambda: _print_settings(service))
    _add_republish(app, service)
    app.add_typer(_dead_letter_commands(service), name="dead-letters", help="Events that could not be handled.")
    return app


def _role_command(service: Service[Settings], roles: tuple[Role, ...]) -> Callable[[], None]:
    def command() -> None:
        uvloop.run(run(service, _settings(service), roles))

    return command


def _settings(service: Service[Settings]) -> Settings:
    try:
        return service.settings()
    except ValidationError as error:
        for problem in error.errors():
            variable = "CONSTELLATION_" + "_".join(str(part) for part in problem["loc"]).upper()
            typer.echo(f"{service.name}: {variable}: {problem['msg']}", err=True)
        raise typer.Exit(2) from error


def _migrate(service: Service[Settings]) -> None:
    settings = _settings(service)
    telemetry.configure(settings, service.name)
    if settings.migration_database_url is None:
        _fail(f"{service.name}: set CONSTELLATION_MIGRATION_DATABASE_URL, the address of the schema's owner")
    try:
        ran = asyncio.run(migrations.migrate(settings.migration_database_url, service.name, service.migrations))
    except migrations.MigrationError as error:
        _fail(f"{service.name}: {error}")
    typer.echo(f"{service.name}: {len(ran)} migration(s) ran")


def _print_openapi(service: Service[Settings]) -> None:
    sys.stdout.buffer.write(json.dumps_pretty(asyncio.run(openapi_document(service))) + b"\n")


def _print_settings(service: Service[Settings]) -> None:
    for name, variable in service.settings.model_fields.items():
        default = "required" if variable.is_required() else f"default {variable.default!r}"
        typer.echo(f"CONSTELLATION_{name.upper()} ({default}) {variable.description or ''}".rstrip())


def _add_republish(app: typer.Typer, service: Service[Settings]) -> None:
    @app.command("republish")
    def command(
        topics: Annotated[list[str] | None, typer.Argument(help="default: every topic of the service")] = None,
    ) -> None:
        """Put the current document of every aggregate into the outbox again: rebuilds topics, and projections from them."""

        async def act(database: Database, _settings: ServiceSettings, parts: Parts) -> dict[str, int]:
            unknown = set(topics or ()) - set(parts.republishers)
            if unknown:
                _fail(
                    f"{service.name} does not own {', '.join(sorted(unknown))}; it owns {', '.join(sorted(parts.republishers))}"
                )
            return {
                topic: await republish(database, parts.republishers[topic])
                for topic in topics or sorted(parts.republishers)
            }

        for topic, count in _with_parts(service, act).items():
            typer.echo(f"{topic}: {count} documents")


def _dead_letter_commands(service: Service[Settings]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)
    letters = DeadLetters(service.name)

    @app.command("list")
    def list_open() -> None:
        """Open dead letters and what is parked behind them."""

        async def act(database: Database, _settings: ServiceSettings, _parts: Parts) -> list[DeadLetter]:
            async with database.transaction(EVERY) as unit:
                return await letters.open(unit)

        for letter in _with_parts(service, act):
            event = letter.event
            typer.echo(f"{letter.id}\t{letter.state}\t{event.topic}\t{event.key}\t{event.type}\t{letter.reason or ''}")

    @app.command("show")
    def show(letter_id: int) -> None:
        """One dead letter, whole."""

        async def act(database: Database, _settings: ServiceSettings, _parts: Parts) -> DeadLetter:
            async with database.transaction(EVERY) as unit:
                return await letters.show(unit, letter_id)

        letter = _with_parts(service, act)
        event = letter.event
        typer.echo(
            f"{letter.state} since {letter.recorded_at.isoformat()}: {event.type} {event.id} of {event.time.isoformat()}"
        )
        typer.echo(f"{event.topic}/{event.partition}@{event.offset} key {event.key}")
        typer.echo((event.value or b"").decode(errors="replace"))
        typer.echo(letter.stack or letter.reason or "")

    @app.command("replay")
    def replay(letter_id: int) -> None:
        """Handle it again, then the events parked behind it."""
        settle(letter_id, skip=False)

    @app.command("skip")
    def skip(letter_id: int) -> None:
        """Give it up, and handle the events parked behind it."""
        settle(letter_id, skip=True)

    def settle(letter_id: int, *, skip: bool) -> None:
        async def act(database: Database, settings: ServiceSettings, parts: Parts) -> list[DeadLetter]:
            runner = ConsumerRunner(settings, database, parts.subscriptions)
            async with database.transaction(EVERY) as unit:
                return await letters.settle(unit, letter_id, runner.handler, skip=skip)

        typer.echo(f"{len(_with_parts(service, act))} event(s) settled")

    return app


def _with_parts(
    service: Service[Settings], act: Callable[[Database, ServiceSettings, Parts], Awaitable[Result]]
) -> Result:
    """Run `act` on the service's database and parts, turning its known refusals into one sentence and exit code 1."""
    settings = _settings(service)
    telemetry.configure(settings, service.name)

    async def inside() -> Result:
        async with open_database(settings, service.name) as database:
            return await act(database, settings, service.build(Runtime(settings, database)))

    try:
        return asyncio.run(inside())
    except (UnknownDeadLetter, StillFailing) as error:
        _fail(f"{service.name}: {error}")


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
