"""Organisations and sites: what is accepted, and how each broken rule is named."""

from typing import Any

import pytest
from inventory.domain.defects import defects_of
from inventory.domain.places import Organisation, Site
from pydantic import ValidationError

SITE: dict[str, Any] = {"org": "acme", "code": "nanterre-1", "name": "Nanterre", "kind": "datacenter", "country": "FR"}


@pytest.mark.parametrize("country", ["FR", "MQ", "GP", "RE", "GF", "YT", "MU", "GB"])
def test_countries_are_known_by_their_iso_code_and_overseas_france_has_its_own(country: str) -> None:
    assert Site.model_validate({**SITE, "country": country}).country == country


def test_pue_values_are_kept_in_order_of_date() -> None:
    site = Site.model_validate(
        {**SITE, "pue": [{"from": "2026-01-01", "to": None, "value": 1.3}, {"to": "2026-01-01", "value": 1.58}]}
    )
    assert [interval.value for interval in site.pue] == [1.58, 1.3]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"country": "XX"}, "country", "unknown_country"),
        ({"country": "France"}, "country", "unknown_country"),
        ({"country": "fr"}, "country", "unknown_country"),
        ({"kind": "shed"}, "kind", "unknown_kind"),
        ({"operator": "friend"}, "operator", "unknown_operator"),
        ({"allocation_rule": "dice"}, "allocation_rule", "unknown_rule"),
        ({"allocation_by": "dice"}, "allocation_by", "unknown_rule"),
        ({"pue": [{"value": 0.9}]}, "pue.0.value", "too_small"),
        ({"pue": [{"value": float("nan")}]}, "pue.0.value", "not_finite"),
        ({"pue": [{"from": "2026-01-01", "to": "2026-01-01", "value": 1.2}]}, "pue.0", "not_after_start"),
        ({"pue": [{"value": 1.2}, {"from": "2026-01-01", "value": 1.3}]}, "pue", "overlap"),
        (
            {
                "pue": [
                    {"from": "2025-01-01", "to": "2026-02-01", "value": 1.2},
                    {"from": "2026-01-01", "to": "2026-03-01", "value": 1.3},
                ]
            },
            "pue",
            "overlap",
        ),
        ({"electricity": {"guarantee_of_origin_share": 1.1}}, "electricity.guarantee_of_origin_share", "too_large"),
        ({"code": "a b"}, "code", "malformed"),
    ],
)
def test_a_broken_rule_of_a_site_names_the_field_and_the_rule(change: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(ValidationError) as failure:
        Site.model_validate({**SITE, **change})
    assert (field, code) in [(defect.field, defect.code) for defect in defects_of(failure.value)]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"role": "friend"}, "role", "unknown_role"),
        ({"time_zone": "Europe/Nanterre"}, "time_zone", "unknown_time_zone"),
        ({"refurbished_convention": "free"}, "refurbished_convention", "unknown_convention"),
        ({"id": "Acme"}, "id", "malformed"),
        ({"id": "acme-"}, "id", "malformed"),
    ],
)
def test_a_broken_rule_of_an_organisation_names_the_field_and_the_rule(
    change: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(ValidationError) as failure:
        Organisation.model_validate({"id": "acme", "name": "Acme", "role": "customer", **change})
    assert (field, code) in [(defect.field, defect.code) for defect in defects_of(failure.value)]
