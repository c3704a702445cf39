"""`login` and `token`: who calls."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from constellation_cli.client import Client
from constellation_cli.configuration import Connection, claims_of, save
from constellation_cli.session import session_of, table_of


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("login")(login)
    app.command("token")(token)


def login(
    context: typer.Context,
    url: Annotated[str, typer.Option(prompt="Address of the platform", help="Such as https://constellation.example.")],
    token: Annotated[
        str, typer.Option(prompt="Token", hide_input=True, help="A bearer token; asked for when left out, unseen.")
    ],
) -> None:
    """Keep an address and a token for later calls, once the platform has accepted them."""
    session = session_of(context)
    claims_of(token)
    with Client(Connection(url.rstrip("/"), token, "login")) as client:
        client.get("/inventory/v1/organizations", limit=1)
    path = save(url, token)
    session.show({"url": url, "file": str(path)}, f"{url} has accepted the token; both are kept in {path}.")


def token(
    context: typer.Context,
    raw: Annotated[bool, typer.Option("--raw", help="Print the token itself, for other programs.")] = False,
) -> None:
    """Show which token is used, for whom, for what and until when."""
    session = session_of(context)
    connection = session.connection
    if raw:
        typer.echo(connection.token)
        return
    claims = claims_of(connection.token)
    expires = claims.get("exp")
    until = datetime.fromtimestamp(float(expires), UTC).isoformat() if isinstance(expires, (int, float)) else None
    said: dict[str, Any] = {
        "url": connection.url,
        "from": connection.origin,
        "client": claims.get("sub"),
        "organisations": claims.get("orgs"),
        "scopes": str(claims.get("scope", "")).split(),
        "expires": until,
        "expired": isinstance(expires, (int, float)) and expires < time.time(),
    }
    shown = ((name, " ".join(value) if isinstance(value, list) else value) for name, value in said.items())
    session.show(said, table_of(None, ("", ""), shown))
