"""A token of another organisation gets nothing of this one's, by any call: each route is tried, and none may be forgotten."""

from typing import Any

from billing.main import SERVICE
from billing.service.thresholds import Thresholds
from common.organisations import EVERY
from common.testing.plugin import MakeService

from services.billing.tests.heard import CONTRACT, CUSTOMER, SELLER, machine, segment
from services.billing.tests.test_invoices import AFTER_GRACE, OCTOBER, issued
from services.billing.tests.test_usage_events import event
from services.billing.tests.test_wallets import BOUGHT, bought, buying

NOTHING: dict[str, Any] = {"items": [], "next_cursor": None}
PREVIEW = {"period": ["2026-11-01", "2026-12-01"], "prices": {"vcpu": {"model": "unit", "price": "7.90"}}}


async def test_no_route_shows_or_changes_anything_of_another_organisation(make_service: MakeService) -> None:
    billing, buy_backs = await buying(make_service)
    contract = buy_backs.removesuffix("/buy-backs")
    await billing.handle(machine(1, segment(OCTOBER)))
    number = (await issued(billing))["number"]
    await bought(billing, buy_backs)
    threshold = {"name": "any", "measure": "month_to_date", "amount": "0.01"}
    watched = (await billing.client.post(f"{contract}/thresholds", json=threshold)).json()["id"]
    assert len(await Thresholds(billing.database, lambda: AFTER_GRACE).watch()) == 1
    asked = await billing.client.post("/v1/invoices/runs", params={"month": "2026-10"})
    invoice, month = f"/v1/invoices/{number}", {"month": "2026-10"}
    paid = {"amount": "1.00", "paid_on": "2026-11-04", "reference": "SEPA"}
    prices = {"valid_from": "2026-10-01", "prices": {"vcpu": {"model": "unit", "price": "0"}}}

    calls: dict[tuple[str, str], tuple[str, dict[str, Any], Any]] = {
        ("GET", "/v1/usage"): ("/v1/usage", {"params": month | {"org": "acme"}}, 403),
        ("GET", "/v1/usage/totals"): ("/v1/usage/totals", {"params": month | {"org": "acme"}}, 403),
        ("POST", "/v1/previews"): ("/v1/previews", {"json": PREVIEW}, 200),
        ("POST", "/v1/contracts"): ("/v1/contracts", {"json": CONTRACT}, 403),
        ("GET", "/v1/contracts"): ("/v1/contracts", {"params": {"org": "acme"}}, NOTHING),
        ("GET", "/v1/contracts/{contract_id}"): (contract, {}, 404),
        ("PATCH", "/v1/contracts/{contract_id}"): (
            contract,
            {"json": {"customer": CUSTOMER}, "headers": {"If-Match": '"2"'}},
            404,
        ),
        ("POST", "/v1/contracts/{contract_id}/prices"): (f"{contract}/prices", {"json": prices}, 404),
        ("GET", "/v1/contracts/{contract_id}/usage"): (f"{contract}/usage", {"params": month}, 404),
        ("GET", "/v1/contracts/{contract_id}/projection"): (f"{contract}/projection", {"params": month}, 404),
        ("GET", "/v1/contracts/{contract_id}/reconciliation"): (f"{contract}/reconciliation", {"params": month}, 404),
        ("GET", "/v1/contracts/{contract_id}/draft"): (f"{contract}/draft", {"params": month}, 404),
        ("POST", "/v1/contracts/{contract_id}/buy-backs"): (buy_backs, {"json": BOUGHT}, 404),
        ("POST", "/v1/buy-backs/{number}/credit-notes"): (
            f"/v1/buy-backs/{number}/credit-notes",
            {"json": {"reason": "none"}},
            404,
        ),
        ("POST", "/v1/contracts/{contract_id}/thresholds"): (f"{contract}/thresholds", {"json": threshold}, 404),
        ("GET", "/v1/contracts/{contract_id}/thresholds"): (f"{contract}/thresholds", {}, 404),
        ("DELETE", "/v1/contracts/{contract_id}/thresholds/{threshold_id}"): (
            f"{contract}/thresholds/{watched}",
            {},
            404,
        ),
        ("GET", "/v1/alerts"): ("/v1/alerts", {"params": {"org": "acme"}}, NOTHING),
        ("GET", "/v1/late-data"): ("/v1/late-data", {"params": {"org": "acme"}}, NOTHING),
        ("POST", "/v1/usage-events/batch"): ("/v1/usage-events/batch", {"json": [event(1)]}, "forbidden"),
        ("PUT", "/v1/seller"): ("/v1/seller", {"json": SELLER}, 403),
        ("GET", "/v1/seller"): ("/v1/seller", {}, 200),
        ("POST", "/v1/invoices/runs"): ("/v1/invoices/runs", {"params": month}, 404),
        ("GET", "/v1/invoices/runs/{run_id}"): (f"/v1/invoices/runs/{asked.json()['id']}", {}, 404),
        ("GET", "/v1/invoices"): ("/v1/invoices", {"params": {"org": "acme"}}, NOTHING),
        ("GET", "/v1/invoices/{number}"): (invoice, {}, 404),
        ("GET", "/v1/invoices/{number}.pdf"): (f"{invoice}.pdf", {}, 404),
        ("GET", "/v1/invoices/{number}.xml"): (f"{invoice}.xml", {}, 404),
        ("GET", "/v1/invoices/{number}/evidence"): (f"{invoice}/evidence", {}, 404),
        ("POST", "/v1/invoices/{number}/credit-notes"): (f"{invoice}/credit-notes", {"json": {"reason": "none"}}, 404),
        ("POST", "/v1/invoices/{number}/payments"): (f"{invoice}/payments", {"json": paid}, 404),
        ("GET", "/v1/invoices/{number}/account"): (f"{invoice}/account", {}, 404),
        ("GET", "/v1/series/{series}/{year}/verification"): ("/v1/series/F/2026/verification", {}, 403),
        ("GET", "/v1/wallets/{org}"): ("/v1/wallets/acme", {}, 403),
        ("POST", "/v1/wallets/{org}/payments"): ("/v1/wallets/acme/payments", {"json": {}}, 403),
        ("GET", "/v1/exports/focus.csv"): ("/v1/exports/focus.csv", {"params": {"month": "2026-11"}}, "heading"),
        ("GET", "/v1/exports/journal.csv"): ("/v1/exports/journal.csv", {"params": {"month": "2026-11"}}, "heading"),
        ("GET", "/v1/revenue"): (
            "/v1/revenue",
            {"params": {"from": "2026-10", "to": "2026-11", "org": "acme"}},
            {"items": []},
        ),
    }
    document = billing.app.openapi()
    routes = {(m.upper(), path) for path, item in document["paths"].items() if path.startswith("/v1/") for m in item}
    assert routes == set(calls), "each route has its line above"

    before = await everything(billing)
    async with billing.client_for(["globex"]) as stranger:
        for (method, path), (url, arguments, expected) in calls.items():
            answer = await stranger.request(method, url, **arguments)
            match expected:
                case int():
                    assert answer.status_code == expected, (method, path, answer.text)
                case "heading":
                    assert (answer.status_code, len(answer.text.splitlines())) == (200, 1), (method, path)
                case "forbidden":
                    assert [result["errors"][0]["code"] for result in answer.json()["results"]] == ["forbidden"]
                case _:
                    assert answer.json() == expected, (method, path)
    assert await everything(billing) == before


async def test_a_token_that_may_only_read_changes_nothing(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    writes = [
        (method, path)
        for path, item in billing.app.openapi()["paths"].items()
        for method in item
        if method != "get" and path != "/v1/previews"
    ]
    assert len(writes) > 10
    filled = {
        "{contract_id}": "00000000-0000-0000-0000-000000000001",
        "{threshold_id}": "00000000-0000-0000-0000-000000000001",
        "{number}": "F-2026-000001",
        "{org}": "acme",
    }
    async with billing.client_for(["acme"], ["billing:read"]) as reader:
        for method, path in writes:
            url = path
            for name, value in filled.items():
                url = url.replace(name, value)
            answer = await reader.request(method, url, json={})
            assert answer.status_code == 403, (method, path, answer.text)


async def everything(billing: Any) -> dict[str, int]:
    """How many rows each table of the service holds."""
    async with billing.database.snapshot(EVERY) as connection:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'billing'")
        return {
            row["tablename"]: await connection.fetchval(f"SELECT count(*) FROM {row['tablename']}") for row in tables
        }
