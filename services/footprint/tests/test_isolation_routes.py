"""Every route of the service, tried with another organisation's token: it answers as if nothing of that organisation were there.

Each route is asked twice by globex: for what acme has, and for what nobody has. Both answers must be the same but for the names that were
asked for, nothing of acme may change, and nothing of it may show. A route that is not in `ATTEMPTS` fails the first test: whoever adds one
says how to try it.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import (
    ORG,
    application,
    asset,
    claim,
    foundations,
    id_of,
    organisation,
    segment,
    site,
)

SECRET = "topsecret"
PUBLIC = ("/livez", "/readyz")
"""Probes: they say nothing of any organisation, and need no token."""


@dataclass(frozen=True)
class Target:
    """Names of things: those of acme, or of the same shape and of nobody."""

    org: str
    asset: str
    site: str
    application: str


ACME = Target(ORG, str(id_of(SECRET)), f"site-{SECRET}", f"app-{SECRET}")
NOBODY = Target("nobody-at-all", str(id_of("nobody")), "site-nobody", "app-nobody")

Call = dict[str, Any]
Attempts = Callable[[Target], list[Call]]


def at(path: str, **params: Any) -> Call:
    """A call of a path."""
    return {"url": f"/v1{path}", "params": params}


def spans(path: str) -> Attempts:
    """A question about an organisation and a span of months."""
    return lambda t: [at(path, **_span(t.org))]


def _span(org: str) -> dict[str, str]:
    return {"org": org, "from": "2026-01", "to": "2026-12"}


def _totals(t: Target) -> list[Call]:
    """Totals of the organisation, and of globex's own narrowed by what is not globex's."""
    mine = _span("globex")
    return [
        at("/totals", **_span(t.org)),
        at("/totals", **_span(t.org), group_by="asset"),
        at("/totals", **mine, site=t.site),
        at("/totals", **mine, application=t.application),
        at("/totals", **mine, asset=t.asset),
        at("/totals", **mine, asset=t.asset, group_by="asset"),
    ]


def _estimates(t: Target) -> list[Call]:
    """Items that name what an inventory holds, which estimates know nothing of."""
    body = {"period": {"from": "2026-01-01", "to": "2027-01-01"}, "items": [{"kind": "server", "ref": t.asset}]}
    return [{"url": "/v1/estimates", "json": body}]


ATTEMPTS: dict[str, Attempts] = {
    "GET /v1/applications/{code}/sheet": lambda t: [
        at(f"/applications/{t.application}/sheet", org=org, year=2026) for org in (t.org, "globex")
    ],
    "GET /v1/assets/{asset_id}/months/{month}": lambda t: [at(f"/assets/{t.asset}/months/2026-10")],
    "GET /v1/assets/{asset_id}/months/{month}/explanation": lambda t: [
        at(f"/assets/{t.asset}/months/2026-10/explanation", **more) for more in ({}, {"lang": "fr"})
    ],
    "GET /v1/assets/{asset_id}/sheet": lambda t: [at(f"/assets/{t.asset}/sheet", year=2026)],
    "GET /v1/changes": lambda t: [at("/changes", org=t.org)],
    "GET /v1/dashboard": lambda t: [at("/dashboard", org=t.org, month="2026-10")],
    "GET /v1/data-quality": spans("/data-quality"),
    "GET /v1/equivalents": spans("/equivalents"),
    "POST /v1/estimates": _estimates,
    "GET /v1/organizations/{org}/settings": lambda t: [at(f"/organizations/{t.org}/settings")],
    "PUT /v1/organizations/{org}/settings": lambda t: [
        {**at(f"/organizations/{t.org}/settings"), "json": {"factor_release": None}}
    ],
    "GET /v1/recomputation": lambda t: [at("/recomputation", org=t.org)],
    "GET /v1/periods": lambda t: [at("/periods", org=t.org)],
    "GET /v1/periods/{month}": lambda t: [at("/periods/2026-01", org=t.org)],
    "POST /v1/periods/{month}/close": lambda t: [at("/periods/2026-02/close", org=t.org, earlier=True)],
    "GET /v1/periods/{month}/comparison": lambda t: [at("/periods/2026-01/comparison", org=t.org)],
    "GET /v1/periods/{month}/restatements": lambda t: [at("/periods/2026-01/restatements", org=t.org)],
    "GET /v1/ratios": spans("/ratios"),
    "GET /v1/reports/{org}/{year}.{form}": lambda t: [
        at(f"/reports/{t.org}/2026.{form}") for form in ("csv", "xlsx", "pdf")
    ],
    "GET /v1/totals": _totals,
}


def routes(pipeline: Pipeline) -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, methods in pipeline.service.app.openapi()["paths"].items()
        for method in methods
        if path not in PUBLIC
    }


async def stored(pipeline: Pipeline) -> dict[str, list[str]]:
    """Every row of acme, of every table that has rows of organisations."""
    async with pipeline.service.database.snapshot(frozenset({ORG})) as connection:
        tables = await connection.fetch(
            """
            SELECT DISTINCT c.relname AS name
            FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
            WHERE n.nspname = 'footprint' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relrowsecurity
            """
        )
        return {
            table["name"]: sorted(
                row["text"] for row in await connection.fetch(f"SELECT t::text AS text FROM {table['name']} t")
            )
            for table in tables
        }


async def fill(pipeline: Pipeline) -> None:
    """A server of acme at a site and with an application, all named secretly, with a closed month; and a server of globex."""
    await pipeline.service.handle(
        *foundations(), organisation("globex"), asset("theirs", org="globex"),
        site(ACME.site), asset(SECRET, timeline=[segment(site_id=str(id_of(ACME.site)))]),
        application(ACME.application, claim(SECRET)),
    )  # fmt: skip
    await pipeline.settle()
    closed = await pipeline.service.client.post("/v1/periods/2026-01/close", params={"org": ORG, "earlier": True})
    assert closed.status_code == 200, closed.text
    for path in (
        f"/assets/{ACME.asset}/months/2026-10/explanation",
        f"/applications/{ACME.application}/sheet?org={ORG}&year=2026",
    ):
        found = await pipeline.service.client.get(f"/v1{path}")
        assert found.status_code == 200, found.text


def shape(answer: httpx.Response, asked: Target) -> tuple[int, dict[str, str], str]:
    """An answer with the names that were asked for replaced by what they are names of."""
    text = answer.text
    for what, name in sorted(asdict(asked).items(), key=lambda pair: -len(pair[1])):
        text = text.replace(name, f"<{what}>")
    headers = {name: value for name, value in answer.headers.items() if name in ("content-type", "etag", "location")}
    return answer.status_code, headers, text


async def test_every_route_is_tried(pipeline: Pipeline) -> None:
    assert routes(pipeline) == ATTEMPTS.keys()


async def test_no_route_tells_another_organisation_more_than_that_nothing_is_there(pipeline: Pipeline) -> None:
    await fill(pipeline)
    before = await stored(pipeline)
    assert sum(len(found) for found in before.values()) > 20
    async with pipeline.service.client_for(["globex"]) as globex:
        for route, attempts in ATTEMPTS.items():
            method = route.split()[0]
            for call, twin in zip(attempts(ACME), attempts(NOBODY), strict=True):
                answer = await globex.request(method, **call)
                absent = await globex.request(method, **twin)
                assert shape(answer, ACME) == shape(absent, NOBODY), (route, call)
                assert answer.status_code < 500, (route, call)
                told = answer.text.lower()
                for name in asdict(ACME).values():
                    told = told.replace(name, "") if name in str(call) else told
                assert SECRET not in told, (route, call)
                assert ACME.asset not in told, (route, call)
    assert await stored(pipeline) == before


async def test_a_token_without_a_scope_or_no_token_reaches_no_route(pipeline: Pipeline) -> None:
    async with pipeline.service.client_for([ORG], ["inventory:read"]) as lacking:
        for route, attempts in ATTEMPTS.items():
            for call in attempts(ACME):
                answer = await lacking.request(route.split()[0], **call)
                assert answer.status_code == 403, (route, call)
                answer = await lacking.request(route.split()[0], **call, headers={"Authorization": ""})
                assert answer.status_code == 401, (route, call)
