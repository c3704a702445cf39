"""What a customer's token sees is its own organisation's, in every service."""

import pytest

from examples.platform import PlatformError
from tests.e2e.running import MONTH, Running

OTHER = "other-customer"
READS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/footprint/v1/dashboard", {"org": "acme", "month": MONTH}),
    ("/footprint/v1/totals", {"org": "acme", "from": MONTH, "to": MONTH, "group_by": "kind"}),
    ("/footprint/v1/organizations/acme/settings", {}),
    ("/billing/v1/usage", {"org": "acme", "month": MONTH}),
    ("/scenarios/v1/scope", {"org": "acme"}),
)


@pytest.mark.parametrize(("path", "query"), READS, ids=[path for path, _ in READS])
def test_a_token_of_another_organisation_is_refused(
    running: Running, demonstration: str, path: str, query: dict[str, str]
) -> None:
    with running.platform(["acme"]) as acme, running.platform([OTHER]) as other:
        acme.get(path, **query)
        with pytest.raises(PlatformError, match="answered 403"):
            other.get(path, **query)


@pytest.mark.parametrize("path", ["/inventory/v1/assets", "/inventory/v1/sites", "/inventory/v1/organizations"])
def test_listings_hold_only_what_the_token_names(running: Running, demonstration: str, path: str) -> None:
    with running.platform(["acme"]) as acme, running.platform([OTHER]) as other:
        assert acme.get(path)["items"] != []
        assert other.get(path)["items"] == []


def test_asking_for_the_assets_of_another_organisation_finds_none(running: Running, demonstration: str) -> None:
    with running.platform([OTHER]) as other:
        assert other.get("/inventory/v1/assets", org="acme")["items"] == []


def test_an_asset_cannot_be_written_into_another_organisation(running: Running, demonstration: str) -> None:
    asset = {"source": "intruder", "external_id": "intruder", "org": "acme", "kind": "server"}
    with running.platform([OTHER]) as other, running.platform(["acme"]) as acme:
        (result,) = other.post("/inventory/v1/assets/batch", [asset])["results"]
        assert [error["code"] for error in result["errors"]] == ["forbidden_organisation"]
        assert acme.get("/inventory/v1/assets", q="intruder")["items"] == []


def test_a_token_without_the_right_scope_may_not_write(running: Running, demonstration: str) -> None:
    asset = {"source": "reader", "external_id": "x", "org": "acme", "kind": "server"}
    with (
        running.platform(["acme"], ["inventory:read"]) as reader,
        pytest.raises(PlatformError, match="answered 403"),
    ):
        reader.post("/inventory/v1/assets/batch", [asset])
