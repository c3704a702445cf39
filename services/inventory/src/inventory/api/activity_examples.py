"""Examples of activities, for the OpenAPI document."""

from typing import Any

_ID = "0190e7d2-8a35-7c9a-8f8f-0d6f0c1a2b03"
_SITE_ID = "0b0e7a6e-6a52-4c7f-9f0e-4e1b5a2f7c11"

CONTRACT = {
    "org": "acme",
    "source": "erp",
    "external_id": "PO-7731",
    "kind": "maintenance_contract",
    "site": "nanterre-1",
    "from": "2026-01-01",
    "to": "2027-01-01",
    "quantity": 12000.0,
    "unit": "EUR",
    "note": "third-party support, rack A",
}
ROWS: list[Any] = [
    CONTRACT,
    {
        "org": "acme",
        "source": "field",
        "external_id": "trip-1",
        "kind": "intervention",
        "activity": "transport.van",
        "asset": {"source": "cmdb", "external_id": "SN-88F2"},
        "on": "2026-04-12",
        "quantity": 84,
        "unit": "km",
    },
    {
        "org": "acme",
        "source": "facility",
        "external_id": "leak-2026-04",
        "kind": "refrigerant_leak",
        "site": "nanterre-1",
        "on": "2026-04-12",
        "quantity": 2,
        "unit": "kg",
    },
]
BATCH = {
    "created": 2,
    "updated": 0,
    "unchanged": 0,
    "error": 1,
    "results": [
        {"index": 0, "status": "created", "id": _ID, "version": 1, "activity": "maintenance.it_hardware"},
        {
            "index": 1,
            "status": "created",
            "id": "0190e7d2-8a35-7c9a-8f8f-0d6f0c1a2b04",
            "version": 1,
            "activity": "transport.van",
        },
        {
            "index": 2,
            "status": "error",
            "errors": [
                {
                    "field": "activity",
                    "code": "missing",
                    "detail": "a refrigerant_leak in kg says by which factor it is weighed, such as refrigerant.r-410a",
                }
            ],
        },
    ],
}
ACTIVITY = {
    **{name: value for name, value in CONTRACT.items() if name != "site"},
    "id": _ID,
    "asset_id": None,
    "site_id": _SITE_ID,
    "activity": "maintenance.it_hardware",
    "country": None,
    "version": 1,
    "recorded_at": "2026-01-05T09:00:00Z",
}
