"""`constellation`: the command line's commands, put together."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from constellation_cli import assets, dashboard, imports, login, pushing, trace
from constellation_cli.configuration import TOKEN_VARIABLE, URL_VARIABLE
from constellation_cli.failures import Failure
from constellation_cli.session import Session


class Commands(TyperGroup):
    """The commands; what ends one is told in a sentence on standard error."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            typer.echo(str(failure), err=True)
            raise typer.Exit(failure.code) from failure


app = typer.Typer(
    cls=Commands,
    name="constellation",
    help="Constellation from a terminal. Exit codes: 0 done, 1 rows were refused, 2 the command line is wrong, "
    "3 the platform is not configured or does not answer, 4 not allowed, 5 refused.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def session(
    context: typer.Context,
    url: Annotated[
        str | None, typer.Option(help=f"The platform's address; else {URL_VARIABLE}, the login, a local stack.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(help=f"The token; else {TOKEN_VARIABLE}, the login, a local stack.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The answer as JSON on standard output, and nothing else there.")
    ] = False,
) -> None:
    """Options before the command."""
    context.obj = Session(url, token, as_json)


login.add_to(app)
imports.add_to(app)
dashboard.add_to(app)
app.add_typer(imports.jobs, name="imports")
app.add_typer(assets.app, name="assets")
app.add_typer(pushing.measurements, name="measurements")
app.add_typer(pushing.activities, name="activities")
app.add_typer(trace.app, name="trace")


def main() -> None:
    """The command `constellation`."""
    app()
