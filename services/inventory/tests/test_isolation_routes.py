"""Every route of the service, tried with another organisation's token: it answers as if nothing of that organisation were there.

Each route is asked twice by globex: for what acme has, and for what nobody has. Both answers must be the same but for the
names that were asked for, nothing of acme may change, and nothing of it may show in any answer. A route that is not in
`ATTEMPTS` fails the first test: whoever adds one says how to try it.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.inventory.tests.assets import ANY
from services.inventory.tests.sending import Inventory, machine, send, server

SECRET = "topsecret"
SHARED = "SN-SHARED-1"
"""A serial number that both organisations have."""
PUBLIC = ("/livez", "/readyz")
"""Probes: they say nothing of any organisation, and need no token."""


@dataclass(frozen=True)
class Target:
    """Names of things: those of acme, or of the same shape and of nobody."""

    org: str
    asset: str
    other_asset: str
    deleted_asset: str
    source: str
    external_id: str
    serial: str
    site: str
    site_code: str
    application: str
    application_code: str
    import_id: str
    view: str
    activity: str
    mapping: str


NOBODY = Target(
    org="none",
    asset=str(uuid4()),
    other_asset=str(uuid4()),
    deleted_asset=str(uuid4()),
    source="cmdb-nobody",
    external_id="srv-nobody",
    serial="SN-nobody",
    site=str(uuid4()),
    site_code="site-nobody",
    application=str(uuid4()),
    application_code="app-nobody",
    import_id=str(uuid4()),
    view=str(uuid4()),
    activity=str(uuid4()),
    mapping=str(uuid4()),
)

Call = dict[str, Any]


def mapping(org: str) -> dict[str, Any]:
    columns = [{"column": "external_id", "headings": ["Asset tag"]}]
    return {"org": org, "name": "theirs", "columns": columns, "constants": {"source": SECRET}}


Attempts = Callable[[Target], list[Call]]


def at(path: str, **more: Any) -> Call:
    """A call of a path, for whatever version is there."""
    return {"url": path, "headers": ANY, **more}


def host_of(t: Target) -> dict[str, str]:
    return {"source": t.source, "external_id": t.external_id, "org": t.org}


def rows(t: Target) -> list[dict[str, Any]]:
    mine = {"source": "cmdb", "org": "globex"}
    theirs = {"source": t.source, "external_id": t.external_id, "org": t.org, "kind": "server"}
    return [
        {**theirs, "name": "mine now"},
        {**mine, "external_id": "g-1", "kind": "virtual_machine", "host": host_of(t)},
        {**mine, "external_id": "g-2", "kind": "server", "site": t.site_code},
        {**mine, "external_id": "g-3", "kind": "virtual_machine", "host": {**host_of(t), "org": "globex"}},
    ]


def sample_of(asset: Any) -> dict[str, Any]:
    span = {"from": "2026-03-10T00:00:00Z", "to": "2026-03-10T01:00:00Z"}
    return {"asset": asset, "metric": "average_w", "level": "it", "value": 7, **span}


def scrape_of(asset: Any) -> dict[str, Any]:
    fields = {"powerReading": 9}
    return {"asset": asset, "preset": "hmc", "at": "2026-03-10T01:00:00Z", "interval_s": 60, "fields": fields}


def trips(t: Target) -> list[dict[str, Any]]:
    row = {
        "source": t.source,
        "external_id": SECRET,
        "kind": "intervention",
        "on": "2026-03-10",
        "quantity": 9,
        "unit": "km",
    }
    mine = {**row, "org": "globex"}
    return [
        {**row, "org": t.org},
        {**mine, "asset": t.asset},
        {**mine, "asset": host_of(t)},
        {**mine, "site": t.site_code},
    ]


def named(t: Target) -> list[Any]:
    """An asset by its id, and by its names, with and without its organisation."""
    return [t.asset, t.deleted_asset, host_of(t), {"source": t.source, "external_id": t.external_id}]


MONTH = {"month": "2026-03"}
SPAN = {"from": "2026-03-10T00:00:00Z", "to": "2026-03-11T00:00:00Z"}
FILTERS = ("site", "application", "source", "owner", "tag")


def queries(path: str) -> Attempts:
    """A list of assets, asked for everything by which a thing of another can be named."""

    def attempts(t: Target) -> list[Call]:
        said = {
            "site": t.site_code,
            "application": t.application_code,
            "source": t.source,
            "owner": t.serial,
            "tag": t.serial,
        }
        asked: list[dict[str, Any]] = [{"org": t.org}, {"q": t.external_id}, {"q": t.serial}, {"host": t.asset}]
        asked += [{"view": t.view}, *({name: said[name]} for name in FILTERS)]
        return [at(path), *(at(path, params=one) for one in asked)]

    return attempts


ATTEMPTS: dict[str, Attempts] = {
    "GET /v1/organizations": lambda t: [at("/v1/organizations")],
    "POST /v1/organizations": lambda t: [at("/v1/organizations", json={"id": t.org, "name": "x", "role": "customer"})],
    "GET /v1/organizations/{org}": lambda t: [at(f"/v1/organizations/{t.org}")],
    "PATCH /v1/organizations/{org}": lambda t: [at(f"/v1/organizations/{t.org}", json={"name": "x"})],
    "GET /v1/organizations/{org}/history": lambda t: [at(f"/v1/organizations/{t.org}/history")],
    "GET /v1/pending": lambda t: [at("/v1/pending", params={"org": t.org})],
    "GET /v1/sites": lambda t: [at("/v1/sites"), at("/v1/sites", params={"org": t.org})],
    "POST /v1/sites": lambda t: [
        at("/v1/sites", json={"org": t.org, "code": t.site_code, "name": "x", "kind": "office", "country": "FR"})
    ],
    "GET /v1/sites/{site_id}": lambda t: [at(f"/v1/sites/{t.site}")],
    "PATCH /v1/sites/{site_id}": lambda t: [at(f"/v1/sites/{t.site}", json={"name": "x"})],
    "GET /v1/sites/{site_id}/history": lambda t: [at(f"/v1/sites/{t.site}/history")],
    "POST /v1/sites/{site_id}/corrections": lambda t: [at(f"/v1/sites/{t.site}/corrections", json={"pue": 1.2})],
    "POST /v1/assets/batch": lambda t: [at("/v1/assets/batch", json=rows(t))],
    "GET /v1/assets": queries("/v1/assets"),
    "GET /v1/assets/facets": queries("/v1/assets/facets"),
    "GET /v1/assets/quality": queries("/v1/assets/quality"),
    "GET /v1/assets/export": queries("/v1/assets/export"),
    "GET /v1/assets/duplicates": lambda t: [
        at("/v1/assets/duplicates"),
        at("/v1/assets/duplicates", params={"org": t.org}),
    ],
    "GET /v1/assets/{asset_id}": lambda t: [at(f"/v1/assets/{one}") for one in (t.asset, t.deleted_asset)],
    "PATCH /v1/assets/{asset_id}": lambda t: [at(f"/v1/assets/{t.asset}", json={"name": "x"})],
    "DELETE /v1/assets/{asset_id}": lambda t: [at(f"/v1/assets/{t.asset}")],
    "GET /v1/assets/{asset_id}/timeline": lambda t: [
        at(f"/v1/assets/{t.asset}/timeline"),
        at(f"/v1/assets/{t.asset}/timeline", params={"as_known_at": "2026-11-23T15:00:00Z"}),
    ],
    "GET /v1/assets/{asset_id}/history": lambda t: [
        at(f"/v1/assets/{one}/history") for one in (t.asset, t.deleted_asset)
    ],
    "GET /v1/assets/{asset_id}/sheet": lambda t: [at(f"/v1/assets/{t.asset}/sheet")],
    "POST /v1/assets/{asset_id}/undo": lambda t: [at(f"/v1/assets/{one}/undo") for one in (t.asset, t.deleted_asset)],
    "POST /v1/assets/{asset_id}/merge": lambda t: [
        at(f"/v1/assets/{t.asset}/merge", json={"other": t.other_asset}),
        at(f"/v1/assets/{MINE['asset']}/merge", json={"other": t.asset}),
    ],
    "POST /v1/assets/{asset_id}/distinct": lambda t: [
        at(f"/v1/assets/{t.asset}/distinct", json={"other": t.other_asset}),
        at(f"/v1/assets/{MINE['asset']}/distinct", json={"other": t.asset}),
    ],
    "POST /v1/assets/{asset_id}/identities": lambda t: [
        at(f"/v1/assets/{t.asset}/identities", json={"source": "globex", "external_id": "g"})
    ],
    "DELETE /v1/assets/{asset_id}/identities": lambda t: [
        at(f"/v1/assets/{t.asset}/identities", params={"source": t.source, "external_id": t.external_id})
    ],
    "GET /v1/applications": lambda t: [
        at("/v1/applications"),
        *(
            at("/v1/applications", params=one)
            for one in ({"org": t.org}, {"code": t.application_code}, {"q": t.serial}, {"machine": t.asset})
        ),
    ],
    "POST /v1/applications": lambda t: [
        at("/v1/applications", json={"org": t.org, "code": t.application_code}),
        at("/v1/applications", json={"org": "globex", "code": "mine", "machines": [host_of(t)]}),
    ],
    "POST /v1/applications/batch": lambda t: [
        at(
            "/v1/applications/batch",
            json=[
                {"org": t.org, "code": t.application_code, "name": "x"},
                {"org": "globex", "code": "mine", "machines": [host_of(t)]},
            ],
        )
    ],
    "GET /v1/applications/{application_id}": lambda t: [at(f"/v1/applications/{t.application}")],
    "PATCH /v1/applications/{application_id}": lambda t: [at(f"/v1/applications/{t.application}", json={"name": "x"})],
    "DELETE /v1/applications/{application_id}": lambda t: [at(f"/v1/applications/{t.application}")],
    "GET /v1/applications/{application_id}/history": lambda t: [at(f"/v1/applications/{t.application}/history")],
    "GET /v1/views": lambda t: [at("/v1/views"), at("/v1/views", params={"org": t.org})],
    "POST /v1/views": lambda t: [at("/v1/views", json={"org": t.org, "name": "x", "filter": {}})],
    "GET /v1/views/{view_id}": lambda t: [at(f"/v1/views/{t.view}")],
    "PATCH /v1/views/{view_id}": lambda t: [at(f"/v1/views/{t.view}", json={"name": "x"})],
    "DELETE /v1/views/{view_id}": lambda t: [at(f"/v1/views/{t.view}")],
    "POST /v1/measurements/batch": lambda t: [
        at("/v1/measurements/batch", json=[sample_of(asset) for asset in named(t)])
    ],
    "POST /v1/measurements/readings": lambda t: [
        at("/v1/measurements/readings", json=[scrape_of(asset) for asset in named(t)])
    ],
    "GET /v1/measurement-presets": lambda t: [at("/v1/measurement-presets")],
    "GET /v1/assets/{asset_id}/measurements": lambda t: [
        at(f"/v1/assets/{one}/measurements", params=MONTH) for one in (t.asset, t.deleted_asset)
    ],
    "GET /v1/assets/{asset_id}/measurements/months": lambda t: [at(f"/v1/assets/{t.asset}/measurements/months")],
    "GET /v1/assets/{asset_id}/samples": lambda t: [at(f"/v1/assets/{t.asset}/samples", params=SPAN)],
    "POST /v1/activities/batch": lambda t: [at("/v1/activities/batch", json=trips(t))],
    "GET /v1/activities": lambda t: [
        at("/v1/activities"),
        *(at("/v1/activities", params=one) for one in ({"org": t.org}, {"asset": t.asset}, {"site": t.site_code})),
    ],
    "GET /v1/activities/{activity_id}": lambda t: [at(f"/v1/activities/{t.activity}")],
    "DELETE /v1/activities/{activity_id}": lambda t: [at(f"/v1/activities/{t.activity}")],
    "GET /v1/imports": lambda t: [at("/v1/imports")],
    "POST /v1/imports": lambda t: [
        at("/v1/imports", files={"file": ("a.csv", b"kind,source,external_id\n")}, data={"org": t.org})
    ],
    "GET /v1/imports/{import_id}": lambda t: [at(f"/v1/imports/{t.import_id}")],
    "GET /v1/imports/{import_id}/diff": lambda t: [at(f"/v1/imports/{t.import_id}/diff")],
    "POST /v1/imports/{import_id}/cancel": lambda t: [at(f"/v1/imports/{t.import_id}/cancel")],
    "GET /v1/import-mappings": lambda t: [at("/v1/import-mappings"), at("/v1/import-mappings", params={"org": t.org})],
    "POST /v1/import-mappings": lambda t: [at("/v1/import-mappings", json=mapping(t.org))],
    "GET /v1/import-mappings/presets": lambda t: [at("/v1/import-mappings/presets")],
    "GET /v1/import-mappings/{mapping_id}": lambda t: [at(f"/v1/import-mappings/{t.mapping}")],
    "PUT /v1/import-mappings/{mapping_id}": lambda t: [
        at(f"/v1/import-mappings/{t.mapping}", json=mapping(one)) for one in (t.org, "globex")
    ],
    "DELETE /v1/import-mappings/{mapping_id}": lambda t: [at(f"/v1/import-mappings/{t.mapping}")],
    "GET /v1/imports/{import_id}/events": lambda t: [at(f"/v1/imports/{t.import_id}/events")],
    "POST /v1/imports/{import_id}/undo": lambda t: [at(f"/v1/imports/{t.import_id}/undo")],
    "GET /v1/imports/{import_id}/rejects.csv": lambda t: [at(f"/v1/imports/{t.import_id}/rejects.csv")],
}

MINE: dict[str, str] = {}
"""The id of an asset of globex, which the attempts use beside what is not globex's."""


def routes(inventory: Inventory) -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, methods in inventory.app.openapi()["paths"].items()
        for method in methods
        if path not in PUBLIC
    }


async def stored(inventory: Inventory) -> dict[str, list[str]]:
    """Every row of acme, of every table that has rows of organisations."""
    async with inventory.database.snapshot(frozenset({"acme"})) as connection:
        tables = await connection.fetch(
            """
            SELECT DISTINCT c.relname AS name
            FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
            WHERE n.nspname = 'inventory' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            """
        )
        return {
            table["name"]: sorted(
                row["text"] for row in await connection.fetch(f"SELECT t::text AS text FROM {table['name']} t")
            )
            for table in tables
        }


@pytest.fixture
async def target(inventory: Inventory) -> Target:
    """Things of acme, of every sort, all of them named secretly; and an asset of globex that shares a serial number."""
    client = inventory.client
    source, serial = f"cmdb-{SECRET}", f"SN-{SECRET}"
    site = {"org": "acme", "code": f"site-{SECRET}", "name": SECRET, "kind": "office", "country": "FR"}
    site_id = (await client.post("/v1/sites", json=site)).json()["id"]
    about = {"owner": serial, "serial_number": SHARED, "tags": {serial: SECRET}, "site": site["code"], "name": SECRET}
    first, second, third, _, mine = await send(
        client,
        {**server(f"srv-{SECRET}", **about), "source": source},
        {**server(f"srv2-{SECRET}"), "source": source, "serial_number": SHARED},
        {**server(f"srv3-{SECRET}"), "source": source},
        {**machine(f"vm-{SECRET}"), "source": source, "host": {"source": source, "external_id": f"srv-{SECRET}"}},
        {**server("g-0", serial_number=SHARED), "org": "globex"},
    )
    deleted = await client.delete(f"/v1/assets/{third['id']}", headers=ANY)
    assert deleted.status_code == 204
    MINE["asset"] = mine["id"]
    body = {"org": "acme", "code": f"app-{SECRET}", "name": serial}
    claims = [{"source": source, "external_id": f"srv-{SECRET}"}]
    application = (await client.post("/v1/applications", json={**body, "machines": claims})).json()
    wanted = {"org": "acme", "name": SECRET, "shared": True, "filter": {"q": SECRET}}
    view = (await client.post("/v1/views", json=wanted)).json()
    file = ("a.csv", f"kind,source,external_id\nserver,{source},srv4-{SECRET}\n".encode())
    job = (await client.post("/v1/imports", files={"file": file}, data={"org": "acme"})).json()
    trip = {
        "org": "acme",
        "source": source,
        "external_id": SECRET,
        "kind": "intervention",
        "on": "2026-03-10",
        "note": SECRET,
    }
    about_trip = {"asset": first["id"], "site": site["code"], "quantity": 3, "unit": "km"}
    done = await client.post("/v1/activities/batch", json=[{**trip, **about_trip}])
    activity = done.json()["results"][0]
    measured = await client.post("/v1/measurements/batch", json=[sample_of(first["id"])])
    assert measured.json()["created"] == 1
    remembered = (await client.post("/v1/import-mappings", json=mapping("acme"))).json()
    await inventory.take_outbox()
    return Target(
        org="acme",
        asset=first["id"],
        other_asset=second["id"],
        deleted_asset=third["id"],
        source=source,
        external_id=f"srv-{SECRET}",
        serial=serial,
        site=site_id,
        site_code=site["code"],
        application=application["id"],
        application_code=body["code"],
        import_id=job["id"],
        view=view["id"],
        activity=activity["id"],
        mapping=remembered["id"],
    )


def shape(answer: httpx.Response, asked: Target) -> tuple[int, dict[str, str], str]:
    """An answer with the names that were asked for replaced by what they are names of."""
    text = answer.text
    for what, name in sorted(asdict(asked).items(), key=lambda pair: -len(pair[1])):
        text = text.replace(name, f"<{what}>")
    headers = {name: value for name, value in answer.headers.items() if name in ("content-type", "etag", "location")}
    return answer.status_code, headers, text


async def test_every_route_is_tried(inventory: Inventory) -> None:
    assert routes(inventory) == ATTEMPTS.keys()


async def test_no_route_tells_another_organisation_more_than_that_nothing_is_there(
    inventory: Inventory, target: Target
) -> None:
    before = await stored(inventory)
    assert sum(len(found) for found in before.values()) > 20
    async with inventory.client_for(["globex"]) as globex:
        for route, attempts in ATTEMPTS.items():
            method = route.split()[0]
            for call, twin in zip(attempts(target), attempts(NOBODY), strict=True):
                answer = await globex.request(method, **call)
                absent = await globex.request(method, **twin)
                assert shape(answer, target) == shape(absent, NOBODY), (route, call)
                assert answer.status_code < 500, (route, call)
                told = answer.text
                for named in (*call.get("params", {}).values(), *asdict(target).values()):
                    told = told.replace(str(named), "") if str(named) in str(call) else told
                assert SECRET not in told, (route, call)
                assert target.asset not in told, (route, call)
    assert await stored(inventory) == before
    keys = {event.key for event in await inventory.outbox()}
    assert keys.isdisjoint(asdict(target).values())


async def test_a_token_without_the_scope_or_without_a_signature_reaches_no_route(
    inventory: Inventory, target: Target
) -> None:
    async with inventory.client_for("*", []) as nothing, inventory.client_for("*") as forged:
        forged.headers["authorization"] += "x"
        for route, attempts in ATTEMPTS.items():
            for call in attempts(target)[:1]:
                assert (await nothing.request(route.split()[0], **call)).status_code == 403, route
                assert (await forged.request(route.split()[0], **call)).status_code == 401, route


async def test_a_token_that_only_reads_changes_nothing_by_any_route(inventory: Inventory, target: Target) -> None:
    own = {"POST /v1/views", "PATCH /v1/views/{view_id}", "DELETE /v1/views/{view_id}"}
    async with inventory.client_for(["acme"], ["inventory:read"]) as reader:
        for route, attempts in ATTEMPTS.items():
            if not route.startswith("GET") and route not in own:
                for call in attempts(target):
                    assert (await reader.request(route.split()[0], **call)).status_code == 403, route


async def test_the_tries_are_sound_the_owner_is_told_what_the_other_is_not(
    inventory: Inventory, target: Target
) -> None:
    async with inventory.client_for(["acme"]) as acme:
        for route, attempts in ATTEMPTS.items():
            if route.startswith("GET") and not route.endswith("/events"):
                answers = [await acme.get(**call) for call in attempts(target)]
                assert any(answer.status_code == 200 for answer in answers), route
                silent = (
                    "rejects.csv",
                    "/diff",
                    "/presets",
                    "/assets/facets",
                    "/assets/quality",
                    "/assets/duplicates",
                    "/months",
                    "/samples",
                    "-presets",
                )
                if not route.endswith(silent):
                    told = "".join(answer.text for answer in answers)
                    assert SECRET in told or target.asset in told or target.import_id in told or "acme" in told, route
