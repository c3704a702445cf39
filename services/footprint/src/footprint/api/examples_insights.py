"""Examples of the calls beside the dashboard for the OpenAPI document."""

from typing import Any, Final

from footprint.api.examples import PART_INTERVALS, Responses
from footprint.wording import sentence_text, warning_of

_ASSET: Final = "5f2c1a34-7d1e-4b53-9c2b-8a4f6d1e0c21"
_PARTS: Final = {"construction_kg": 17.00913242, "electricity_kg": 22.35, "maintenance_and_sale_kg": 0.0}
_MONTHS: Final = [
    {
        "month": "2026-10",
        "total_kg": 39.35913242,
        "parts": _PARTS,
        "restated_kg": 0.0,
        "projected": False,
        **PART_INTERVALS,
    }
]
_YEAR: Final = {
    "year": 2026,
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
    "low_kg": 250.1,
    "high_kg": 856.4,
    "quality": 2,
}
_SCI: Final = {
    "value": 0.000328,
    "unit": "kgCO2e/request",
    "operational_kg": 262.8,
    "embodied_kg": 131.0,
    "functional_units": 1200000.0,
    "interval": {"low": 0.000177, "high": 0.000607, "quality": 2},
    "boundary": sentence_text("boundary_sci", "fr"),
}


def _answer(example: Any) -> Responses:
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {200: {"description": "the answer", "content": content}}


ASSET_SHEET: Final = _answer(
    {
        "asset_id": _ASSET,
        "source": "cmdb",
        "external_id": "SN-88F2",
        "org": "acme",
        "kind": "server",
        "quantity": 1.0,
        "model": {"maker": "Dell", "name": "PowerEdge R740"},
        "acquired_on": "2024-01-01",
        "planned_life_years": 5.0,
        "kwh": 5256.0,
        "year": _YEAR,
        "months": _MONTHS,
        "evidence": [
            {"month": "2026-10", "status": "in_service", "kwh": 447.0, "embodied": "kind", "energy": "declared",
             "electricity": "earlier_year", "explanation": f"/v1/assets/{_ASSET}/months/2026-10/explanation"}
        ],
        "warnings": [warning_of("earlier_year_factor", "fr")],
    }
)  # fmt: skip

APPLICATION_SHEET: Final = _answer(
    {
        "org": "acme",
        "application": "erp",
        "name": "ERP",
        "users": 200,
        "year": _YEAR,
        "months": _MONTHS,
        "kg_per_user": 2.31398,
        "kg_per_user_interval": {"low": 1.2505, "high": 4.282, "quality": 2},
        "sci": {**_SCI, "boundary": sentence_text("boundary_sci_application", "fr")},
        "warnings": [],
    }
)

RATIOS: Final = _answer(
    {
        "org": "acme",
        "from": "2026-01",
        "to": "2026-12",
        "total_kg": 462.79671232,
        "interval": {"low_kg": 250.1, "high_kg": 856.4, "quality": 2},
        "virtual_machines": {
            "kg": 120.5, "mean_machines": 12.0, "mean_vcpus": 48.0, "kg_per_machine": 10.0416, "kg_per_vcpu": 2.5104,
            "intervals": {
                "kg": {"low": 65.1, "high": 223.0, "quality": 2},
                "kg_per_machine": {"low": 5.425, "high": 18.583, "quality": 2},
                "kg_per_vcpu": {"low": 1.35625, "high": 4.6458, "quality": 2},
            },
            "boundary": sentence_text("boundary_machines", "fr"),
        },
        "employees": {
            "count": 350, "kg_per_employee": 1.32227,
            "intervals": {"kg_per_employee": {"low": 0.71457, "high": 2.44686, "quality": 2}},
            "boundary": sentence_text("boundary_employees", "fr"),
        },
        "sci": _SCI,
        "warnings": [],
    }
)  # fmt: skip

EQUIVALENTS: Final = _answer(
    {
        "org": "acme",
        "from": "2026-01",
        "to": "2026-12",
        "total_kg": 462.79671232,
        "region": "FR",
        "equivalents": [
            {"activity": "transport.car", "quantity": 2397.9, "unit": "km", "years_back": 0,
             "factor": {"id": "transport-car-ademe", "version": 1, "value": 0.193, "unit": "kgCO2e/km"},
             "source": {"name": "ADEME", "year": 2022, "licence": "Licence Ouverte"}},
        ],
        "warnings": [],
    }
)  # fmt: skip

DATA_QUALITY: Final = _answer(
    {
        "org": "acme",
        "from": "2026-01",
        "to": "2026-12",
        "total_kg": 462.79671232,
        "low": 250.1,
        "high": 856.4,
        "quality": 2,
        "classes": [{"quality": 2, "value": 462.79671232}],
        "cells": [
            {
                "site": "nanterre-1",
                "kind": "server",
                "stage": "use",
                "value": 262.8,
                "low": 140.2,
                "high": 492.6,
                "quality": 2,
            }
        ],
        "widening": [
            {"what": "factor", "id": "embodied-server-boavizta", "share": 0.71, "value": 200.0},
            {"what": "source", "id": "energy-server-boavizta", "share": 0.2, "value": 262.8},
            {"what": "own", "id": None, "share": 0.09, "value": None},
        ],
        "warnings": [],
    }
)
