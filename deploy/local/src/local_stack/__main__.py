"""The command line of the local stack: `local-stack up | demo | down | status | logs | token`."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from local_stack import logs as log_reader
from local_stack import tokens
from local_stack.cache import CHECKOUT
from local_stack.interrupts import InterruptedByUserError
from local_stack.layout import Layout, StackError
from local_stack.stack import Stack
from local_stack.status import table

INTERRUPTED = 130
app = typer.Typer(no_args_is_help=True, add_completion=False, help="Constellation on this machine.")
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def up() -> None:
    """Start PostgreSQL, Kafka, the services and the edge; harmless when they run."""
    with _in_plain_words():
        _up()


@app.command()
def demo() -> None:
    """Start everything, load the example organisation, print its dashboard, a study and an invoice; the stack goes on running."""
    with _in_plain_words():
        _up()
        try:
            done = subprocess.run([sys.executable, "-m", "examples.demo"], check=False, cwd=CHECKOUT)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        finally:
            console.print("The stack goes on running: `make down` stops it, `make logs` shows what it does.")
        raise typer.Exit(done.returncode)


@app.command()
def down() -> None:
    """Stop everything; the data stays."""
    with _in_plain_words():
        Stack(Layout.of_checkout(), report=console.print).down()
        console.print("Nothing of the stack runs any more.")


@app.command()
def status() -> None:
    """What runs, where, and how much memory it takes."""
    with _in_plain_words():
        console.print(table(Stack(Layout.last_used(), report=console.print)))


@app.command()
def logs(
    parts: Annotated[list[str] | None, typer.Argument(help="inventory, kafka, edge, …; all when none is named")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on until Ctrl-C")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="how many past lines of each")] = 20,
) -> None:
    """The logs of the stack's processes."""
    with _in_plain_words():
        files = log_reader.log_files(Layout.of_checkout().logs, parts or [])
        seen = log_reader.sizes(files)
        for file in files:
            for line in log_reader.last_lines(file, lines):
                console.out(line)
        if follow:
            for line in log_reader.follow(files, seen):
                console.out(line)


@app.command()
def token(
    org: Annotated[list[str] | None, typer.Option(help="an organisation it may see; repeat for several")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="a right such as inventory:read; repeat for several")] = None,
    subject: Annotated[str, typer.Option(help="who it is for")] = "local",
    days: Annotated[float, typer.Option(min=0, help="how long it is valid")] = 30,
) -> None:
    """Print a token; by default for every organisation and right."""
    with _in_plain_words():
        layout = Layout.of_checkout()
        tokens.ensure_keys(layout)
        organisations = org or [tokens.EVERY_ORGANISATION]
        console.out(tokens.mint(layout, organisations, scope or tokens.EVERY_SCOPE, subject, days))


def _up() -> None:
    begun = time.monotonic()
    stack = Stack(Layout.of_checkout(), report=console.print)
    stack.up()
    console.print(f"The stack is up at {stack.layout.base_url} ({time.monotonic() - begun:.1f} s).")


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Turn what went wrong into a sentence and an exit code."""
    try:
        yield
    except (StackError, FileNotFoundError) as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    except InterruptedByUserError:
        errors.print("Interrupted; what this command had started is stopped again.")
        raise typer.Exit(INTERRUPTED) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
