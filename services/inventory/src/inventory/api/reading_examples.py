"""Examples of scrapes, for the OpenAPI document."""

from typing import Any

_ASSET = "5f2c1a34-7d1e-4b53-9c2b-8a4f6d1e0c21"
_NAME = {"source": "cmdb", "external_id": "SN-88F2"}

ROWS: list[Any] = [
    {
        "asset": _NAME,
        "preset": "node_exporter",
        "at": "2026-03-01T00:05:00+01:00",
        "fields": {
            'node_rapl_package_joules_total{index="0"}': 61023.4,
            'node_rapl_dram_joules_total{index="0"}': 8012.9,
            'node_rapl_core_joules_total{index="0"}': 41234.1,
        },
    },
    {
        "asset": _NAME,
        "preset": "redfish",
        "at": "2026-03-01T00:05:00+01:00",
        "interval_s": 300,
        "fields": {
            "PowerSupplies/0/PowerInputWatts": 151,
            "PowerSupplies/1/PowerInputWatts": 149,
            "PowerSupplies/0/PowerOutputWatts": 140,
        },
    },
]
BATCH = {
    "results": [
        {
            "index": 0,
            "status": "recorded",
            "id": _ASSET,
            "samples": {"created": 2, "duplicate": 0, "replaced": 0, "error": 0},
            "taken": {
                'node_rapl_package_joules_total{index="0"}': "package+dram/package-0",
                'node_rapl_dram_joules_total{index="0"}': "package+dram/dram-0",
            },
            "left_out": {'node_rapl_core_joules_total{index="0"}': "is inside the package zone"},
            "warnings": [
                "only processors and memory are measured: disks, fans and the power supply's loss are not in it"
            ],
        },
        {
            "index": 1,
            "status": "recorded",
            "id": _ASSET,
            "samples": {"created": 2, "duplicate": 0, "replaced": 0, "error": 0},
            "taken": {
                "PowerSupplies/0/PowerInputWatts": "ac-power/PowerSupplies-0",
                "PowerSupplies/1/PowerInputWatts": "ac-power/PowerSupplies-1",
            },
            "left_out": {"PowerSupplies/0/PowerOutputWatts": "ac-power is there, and is preferred to dc"},
            "warnings": [],
        },
    ]
}
PRESET = {
    "name": "hmc",
    "title": "IBM HMC, managed systems of Power and CPCs of Z",
    "groups": ["ac"],
    "taken": [{"name": "powerReading", "labels": {}, "metric": "average_w", "group": "ac", "factor": 1.0}],
    "left_out": {"cpc-power-rating": "is what could be drawn"},
    "notes": [],
}
