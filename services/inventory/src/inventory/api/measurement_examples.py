"""Examples of measurements, for the OpenAPI document."""

from typing import Any

_ASSET = "5f2c1a34-7d1e-4b53-9c2b-8a4f6d1e0c21"
_REFERENCE = {"source": "cmdb", "external_id": "SN-88F2", "org": "acme"}

ROWS: list[Any] = [
    {
        "asset": _REFERENCE,
        "metric": "energy_kwh",
        "level": "it",
        "from": "2026-03-01T00:00:00+01:00",
        "to": "2026-03-01T01:00:00+01:00",
        "value": 0.31,
    },
    {
        "asset": _ASSET,
        "metric": "cpu_utilisation",
        "from": "2026-03-01T00:00:00+01:00",
        "to": "2026-03-01T00:05:00+01:00",
        "value": 0.18,
    },
    {
        "asset": _REFERENCE,
        "metric": "energy_counter_j",
        "level": "it",
        "channel": "psys/0",
        "to": "2026-03-01T00:05:00+01:00",
        "value": 18230411.5,
    },
    {
        "asset": {"source": "cmdb", "external_id": "SN-88F3"},
        "metric": "average_w",
        "level": "facility",
        "from": "2026-03-01T00:00:00+01:00",
        "to": "2026-03-01T00:05:00+01:00",
        "value": 310,
    },
]
BATCH = {
    "created": 2,
    "duplicate": 0,
    "replaced": 1,
    "error": 1,
    "results": [
        {"index": 0, "status": "created", "id": _ASSET},
        {"index": 1, "status": "replaced", "id": _ASSET, "previous": 0.17},
        {"index": 2, "status": "created", "id": _ASSET},
        {
            "index": 3,
            "status": "error",
            "errors": [{"field": "asset", "code": "unknown_asset", "detail": "no asset 'SN-88F3' of 'cmdb' is known"}],
        },
    ],
}
SUMMARY = {
    "asset_id": _ASSET,
    "month": "2026-03",
    "time_zone": "Europe/Paris",
    "seconds": 2674800,
    "in_service_seconds": 2674800,
    "energy": [
        {
            "level": "it",
            "kwh": 7.2,
            "covered_seconds": 86400,
            "coverage": 0.0323,
            "coverage_in_service": 0.0323,
        }
    ],
    "utilisation": {
        "mean": 0.15,
        "bands": [{"from": 0.1, "seconds": 79200, "mean": 0.15}],
        "covered_seconds": 79200,
        "coverage": 0.0296,
        "coverage_in_service": 0.0296,
    },
    "version": 3,
    "recorded_at": "2026-03-30T02:00:00Z",
}
MONTH = {
    **SUMMARY,
    "pending": False,
    "days": [
        {
            "day": "2026-03-28",
            "seconds": 86400,
            "energy": [{"level": "it", "kwh": 7.2, "covered": [[0, 86400]], "coverage": 1.0}],
            "utilisation": {
                "covered": [[0, 43200], [50400, 86400]],
                "coverage": 0.9167,
                "bands": [{"from": 0.1, "seconds": 79200, "mean": 0.15}],
            },
            "resets": [
                {
                    "level": "it",
                    "channel": "psys/0",
                    "after": "2026-03-28T03:10:00Z",
                    "at": "2026-03-28T03:15:00Z",
                }
            ],
            "samples": 552,
        }
    ],
}
SAMPLE = {
    "metric": "energy_kwh",
    "level": "it",
    "channel": None,
    "from": "2026-02-28T23:00:00Z",
    "to": "2026-03-01T00:00:00Z",
    "value": 0.31,
    "recorded_at": "2026-03-01T00:02:11Z",
    "replaced": [{"value": 0.29, "recorded_at": "2026-03-01T00:01:02Z"}],
}
