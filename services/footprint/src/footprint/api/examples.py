"""Examples for the OpenAPI document: true answers of a small organisation, shortened; in French, as where no language is asked for."""

from typing import Any, Final

from footprint.wording import warning_of

Responses = dict[int | str, dict[str, Any]]

_SERVER: Final = "5f2c1a34-7d1e-4b53-9c2b-8a4f6d1e0c21"
_NAMED: Final = {
    "asset_id": _SERVER,
    "source": "cmdb",
    "external_id": "SN-88F2",
    "model": {"maker": "Dell", "name": "PowerEdge R740"},
}
_SITE: Final = "0b0e7a6e-6a52-4c7f-9f0e-4e1b5a2f7c11"

_PARTS: Final = {"construction_kg": 17.00913242, "electricity_kg": 22.35, "maintenance_and_sale_kg": 0.0}

PART_INTERVALS: Final = {
    "interval": {"low_kg": 20.1, "high_kg": 77.1, "quality": 2},
    "part_intervals": {
        "construction_kg": {"low_kg": 5.97652295, "high_kg": 48.40784567, "quality": 1},
        "electricity_kg": {"low_kg": 8.82059207, "high_kg": 56.63140275, "quality": 1},
        "maintenance_and_sale_kg": {"low_kg": None, "high_kg": None, "quality": None},
    },
}

_FIGURES: Final = [
    {"stage": "manufacturing", "criterion": "gwp", "basis": None, "share": "own", "site": _SITE, "scope": 3, "ghg_category": "3.2",
     "beges_item": "4.2", "value": 17.00913242009132, "ln_gsd2": 1.0459115004059172, "low": 5.97652295, "high": 48.40784567, "quality": 1,
     "kwh": None},
    {"stage": "use", "criterion": "gwp", "basis": "location", "share": "own", "site": _SITE, "scope": 2, "ghg_category": "2",
     "beges_item": "2.1", "value": 22.35, "ln_gsd2": 0.9297373223478353, "low": 8.82059207, "high": 56.63140275, "quality": 1,
     "kwh": 447.0},
]  # fmt: skip

_ASSET_MONTH: Final = {
    "asset_id": _SERVER,
    "month": "2026-10",
    "org": "acme",
    "version": 2,
    "kind": "server",
    "quantity": 1.0,
    "status": "in_service",
    "site_id": _SITE,
    "host_id": None,
    "kwh": 447.0,
    "projected": False,
    "figures": _FIGURES,
    "evidence": {"embodied": "kind", "energy": "declared", "electricity": "earlier_year"},
    "factors": [],
    "warnings": [warning_of("earlier_year_factor", "fr")],
    "method_version": "2026.1",
    "computed_at": "2026-11-23T18:57:51.599714Z",
    "pending": False,
    "closed": None,
    "restated": [],
    "restated_market": [],
}


def _answer(example: Any) -> Responses:
    return {
        200: {
            "description": "the answer",
            "content": {"application/json": {"schema": {"type": "object"}, "example": example}},
        }
    }


DASHBOARD: Final = _answer(
    {
        "org": "acme",
        "refurbished_convention": "remaining",
        "month": "2026-10",
        "elapsed": True,
        "total_kg": 39.35913242,
        "parts": _PARTS,
        "months": [
            {"month": "2026-10", "total_kg": 39.35913242, "parts": _PARTS, "restated_kg": 0.0, "projected": False, "kwh": 447.0,
             "kwh_without_factor": 0.0, **PART_INTERVALS}
        ],
        "kwh": 447.0,
        "kwh_without_factor": 0.0,
        **PART_INTERVALS,
        "year": {
            "elapsed_kg": 385.45205479,
            "restated_kg": 0.0,
            "forecast_kg": 76.9,
            "estimate_kg": 462.35205479,
            "forecast_basis": "seasonal",
            "state_based": {"forecast_kg": 77.34465753, "estimate_kg": 462.79671232},
            "interval": {"low_kg": 250.1, "high_kg": 856.4, "quality": 2},
            "seasonal": {
                "months": [{"month": "2026-11", "total_kg": 38.1, "restated_kg": 0.0, "index": 0.98}],
                "adjustment_kg": -0.44465753,
                "forecast_kg": 76.9,
                "estimate_kg": 462.35205479,
            },
        },
        "restatements": {
            "before_kg": 39.35913242,
            "total_kg": 0.0,
            "parts": {"construction_kg": 0.0, "electricity_kg": 0.0, "maintenance_and_sale_kg": 0.0},
            "lines": [],
            "market": {
                "total_kg": 0.0,
                "parts": {"construction_kg": 0.0, "electricity_kg": 0.0, "maintenance_and_sale_kg": 0.0},
                "lines": [],
            },
        },
        "servers": {"in_service": 50, "off": 2},
        "recommendations": [
            {"code": "powered_off_but_racked", "site": None, "assets": [_SERVER], "named_assets": [_NAMED],
             "kg_per_year": 204.11, "eur_per_year": "650.00",
             "evidence": ["1 server is off at the end of the month and not retired",
                          "kg a year are twelve times what this month says, whatever its season"],
             "evidence_fr": ["1 serveur est éteint à la fin du mois sans être retiré",
                             "les kg par an sont douze fois ce que dit ce mois, quelle que soit sa saison"]},
        ],
        "warnings": [],
    }
)  # fmt: skip

TOTALS: Final = _answer(
    {
        "org": "acme",
        "refurbished_convention": "remaining",
        "from": "2026-01",
        "to": "2026-12",
        "group_by": "stage",
        "criterion": "gwp",
        "basis": "location",
        "unit": "kgCO2e",
        "groups": [
            {
                "stage": "manufacturing",
                "value": 199.999999999,
                "low": 103.9,
                "high": 384.6,
                "quality": 2,
                "restated": 0.0,
                "kwh": None,
            },
            {"stage": "use", "value": 262.8, "low": 140.2, "high": 492.6, "quality": 2, "restated": 0.0, "kwh": 5256.0},
        ],
        "total": 462.799999999,
        "low": 250.1,
        "high": 856.4,
        "quality": 2,
        "kwh": 5256.0,
        "kwh_without_factor": 0.0,
        "warnings": [],
        "total_of": "whole",
    }
)

ASSET_MONTH: Final = _answer(_ASSET_MONTH)

EXPLANATION: Final = _answer(
    _ASSET_MONTH
    | {
        "named_assets": [_NAMED],
        "up_to_date": True,
        "evidence_chosen": [
            {"asset_id": _SERVER, "kind": "server", "quantity": 1.0, "embodied": ["fabrication (défaut du type) : 1000.0 kg par unité"],
             "energy": ["puissance (déclarée) : 3504.0 kWh × 1000.0 ÷ 8760.0 h = 400.0 W", "Une valeur annuelle vaut pour 365 jours"]},
        ],
        "trace": [
            {"stage": "use", "criterion": "gwp", "basis": "location", "site_id": _SITE, "value": 22.35, "lines": [
                {"from": "2026-09-30T22:00:00Z", "to": "2026-10-31T23:00:00Z", "asset_id": _SERVER, "value": 22.35,
                 "formula": "1.0 × 400.0 W × 1.0 × 745.0 h ÷ 1000.0 × 1.5 PUE × 0.05 kg"}]},
        ],
    }
)  # fmt: skip

ESTIMATES: Final = _answer(
    {
        "items": [
            {"ref": "a", "stages": {"manufacturing": {"gwp": {"value": 509.1002555528837, "low": 200.920, "high": 1289.98, "quality": 1}}},
             "total": {"gwp": {"value": 509.1002555528837, "low": 200.920, "high": 1289.98, "quality": 1}}, "energy_kwh": None,
             "evidence": {"embodied": "given", "energy": "none", "electricity": "none"}, "factors": [],
             "warnings": [warning_of("no_energy_evidence", "fr")],
             "trace": ["fabrication gwp : 1.0 × 2226.09317222576 kg × 365.0 d ÷ 1596.0 d = 509.1002555528837 kg"]},
        ],
        "errors": [
            {"index": 1, "field": "energy.average_w", "code": "negative", "detail": "energy.average_w : doit être au moins 0 (reçu -1)"},
        ],
    }
)  # fmt: skip

_CLOSED: Final = {
    "org": "acme",
    "month": "2026-09",
    "status": "closed",
    "elapsed": True,
    "closed_at": "2026-10-05T08:00:00Z",
    "closed_by": "alice",
    "method_version": "2026.1",
    "version": 2,
    "total_kg": 39.35913242,
    "parts": _PARTS,
    "restated_kg": -2.235,
    "known_now_kg": 37.12413242,
    "restatements": [
        {"counted_in": "2026-10", "reason": "factor", "value": -2.235, "recorded_at": "2026-10-20T08:00:00Z"}
    ],
    "basis": "location",
    "other_basis": {"basis": "market", "restated_kg": 0.0},
}

PERIOD: Final = _answer(_CLOSED)
PERIODS: Final = _answer({"items": [_CLOSED], "next_cursor": None})

RECOMPUTATION: Final = _answer(
    {
        "org": "acme",
        "assets": 402,
        "done": 250,
        "waiting": 152,
        "exact": True,
        "failed": 0,
        "changes_to_spread": 0,
        "heard_until": "2026-11-23T09:00:41.125Z",
        "asset_months_waiting": 1824,
        "since": "2026-11-23T09:00:00Z",
        "causes": [{"lane": "bulk", "cause": "factor", "assets": 152, "since": "2026-11-23T09:00:00Z"}],
    }
)

COMPARISON: Final = _answer(
    {
        "org": "acme",
        "month": "2026-09",
        "from": "closed",
        "to": "now",
        "basis": "location",
        "other_basis": {"basis": "market", "difference_kg": 0.0},
        "closed_at": "2026-10-05T08:00:00Z",
        "closed_by": "alice",
        "method_version": {"closed": "2026.1", "now": "2026.1"},
        "from_kg": 39.35913242,
        "to_kg": 37.12413242,
        "difference_kg": -2.235,
        "reasons": [{"reason": "factor", "difference_kg": -2.235}],
        "stages": [
            {"stage": "manufacturing", "from_kg": 17.00913242, "to_kg": 17.00913242, "difference_kg": 0.0},
            {"stage": "use", "from_kg": 22.35, "to_kg": 20.115, "difference_kg": -2.235},
        ],
        "assets": [
            {
                "asset_id": _SERVER,
                "kind": "server",
                "gone": False,
                "difference_kg": -2.235,
                "reasons": {"factor": -2.235},
            }
        ],
    }
)

RESTATEMENTS: Final = _answer(
    {
        "items": [
            {
                "id": 17,
                "asset_id": _SERVER,
                "month": "2026-09",
                "counted_in": "2026-10",
                "recorded_at": "2026-10-20T08:00:00Z",
                "difference_kg": -2.235,
                "reasons": {"factor": -2.235},
                "basis": "location",
                "other_basis": {"basis": "market", "difference_kg": 0.0},
                "applications": [{"application": "erp", "difference_kg": -1.1175}],
                "heard": ["factor"],
                "gone": False,
                "factors": {
                    "closed": [{"id": "electricity-fr-2026", "version": 1}],
                    "now": [{"id": "electricity-fr-2026", "version": 2}],
                },
                "evidence": {"embodied": "kind", "energy": "declared", "electricity": "region"},
                "method_version": {"closed": "2026.1", "now": "2026.1"},
            }
        ],
        "next_cursor": None,
    }
)

CHANGES: Final[Responses] = {
    200: {
        "description": "the stream",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'event: ready\nid: 8123-0\ndata: {"organisations":["acme"]}\n\nevent: figures\nid: 8131-57\n'
                'data: {"org":"acme","months":["2026-10"],"assets":["5f2c1a34-7d1e-4b53-9c2b-8a4f6d1e0c21"],"asset_count":1,'
                '"at":"2026-11-23T18:57:51Z"}\n\n',
            }
        },
    }
}

REPORT: Final[Responses] = {
    200: {
        "description": "the report as a file",
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "month,state,corrects,site,kind,stage,criterion,basis,share,scope,ghg_category,beges_item,value,unit\n"
                "2026-10,open,,nanterre-1,server,use,gwp,location,own,2,2,2.1,22.35,kgCO2e\n",
            },
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                "schema": {"type": "string", "format": "binary"}
            },
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}

SETTINGS: Final[Responses] = {
    200: {
        "content": {
            "application/json": {
                "example": {
                    "org": "acme",
                    "factor_release": "2026.11",
                    "releases": ["2026.11"],
                    "changed_at": "2026-11-27T21:10:00Z",
                    "changed_by": "ops",
                    "version": 1,
                }
            }
        }
    }
}
