"""Examples of answers, for the OpenAPI document."""

from typing import Any

from inventory.api.batch_rows import MACHINE_EXAMPLE, SERVER_EXAMPLE

_SERVER_ID = "5f2c1a34-7d1e-4b53-9c2b-8a4f6d1e0c21"
_MACHINE_ID = "c9b8f6de-2f0b-4a43-8f6d-0d6c3a1b9e02"
_SITE_ID = "0b0e7a6e-6a52-4c7f-9f0e-4e1b5a2f7c11"
_RECORDED = {"version": 1, "recorded_at": "2026-11-23T09:15:00Z"}

ORGANISATION_REQUEST = {
    "id": "acme",
    "name": "Acme",
    "role": "customer",
    "time_zone": "Europe/Paris",
    "refurbished_convention": "remaining",
}
ORGANISATION = {**ORGANISATION_REQUEST, **_RECORDED}

SITE_REQUEST = {
    "org": "acme",
    "code": "nanterre-1",
    "name": "Nanterre 1",
    "kind": "datacenter",
    "country": "FR",
    "pue": [{"from": None, "to": "2026-04-01", "value": 1.58}, {"from": "2026-04-01", "to": None, "value": 1.5}],
    "operators": [
        {"from": None, "to": "2025-01-01", "operator": "hosted"},
        {"from": "2025-01-01", "to": None, "operator": "own"},
    ],
    "allocation_rule": "capacity",
    "allocation_by": "vcpu",
    "allocations": [
        {"from": None, "to": "2026-01-01", "allocation_rule": "sold", "allocation_by": "vcpu"},
        {"from": "2026-01-01", "to": None, "allocation_rule": "capacity", "allocation_by": "vcpu"},
    ],
    "electricity": {
        "contracts": [
            {"from": None, "to": "2026-01-01", "guarantee_of_origin_share": 0.0},
            {"from": "2026-01-01", "to": None, "guarantee_of_origin_share": 0.4, "residual_kg_per_kwh": 0.0583},
        ]
    },
}
SITE_CORRECTION = {"from": "2026-04-01", "to": "2026-07-01", "pue": 1.47}
_ELECTRICITY = {
    "guarantee_of_origin_share": 0.4,
    "residual_kg_per_kwh": 0.0583,
    "contracts": [
        {"from": None, "to": "2026-01-01", "guarantee_of_origin_share": 0.0, "residual_kg_per_kwh": None},
        {"from": "2026-01-01", "to": None, "guarantee_of_origin_share": 0.4, "residual_kg_per_kwh": 0.0583},
    ],
}
SITE = {**SITE_REQUEST, "operator": "own", "electricity": _ELECTRICITY, "region": None, "id": _SITE_ID, **_RECORDED}

ASSET = {
    "name": MACHINE_EXAMPLE["name"],
    "quantity": 1,
    "model": None,
    "acquired": None,
    "planned_life_years": None,
    "declared": None,
    "support": None,
    "owner": "équipe ERP",
    "serial_number": None,
    "uuid": "4209c7a4-6f2e-6a44-8c51-92f4f0b8b7aa",
    "tags": {"application": "erp"},
    "id": _MACHINE_ID,
    "org": "acme",
    "source": MACHINE_EXAMPLE["source"],
    "external_id": MACHINE_EXAMPLE["external_id"],
    "identities": [
        {"source": MACHINE_EXAMPLE["source"], "external_id": MACHINE_EXAMPLE["external_id"]},
        {"source": "glpi", "external_id": "2217"},
    ],
    "kind": "virtual_machine",
    "status": "in_service",
    "site": None,
    "site_id": None,
    "host": {"source": SERVER_EXAMPLE["source"], "external_id": SERVER_EXAMPLE["external_id"], "org": "acme"},
    "host_id": _SERVER_ID,
    "plan": "cloud-like",
    "configuration": None,
    "allocation": MACHINE_EXAMPLE["allocation"],
    "effective_from": "2026-02-28T23:00:00Z",
    "effective_to": None,
    **_RECORDED,
}
TIMELINE: dict[str, Any] = {
    "asset_id": _MACHINE_ID,
    "version": 2,
    "as_known_at": "2026-11-23T09:15:00Z",
    "timeline": [
        {
            "from": "2026-02-28T23:00:00Z",
            "to": "2026-03-19T23:00:00Z",
            "status": "in_service",
            "site_id": None,
            "host_id": _SERVER_ID,
            "plan": "cloud-like",
            "configuration": None,
            "allocation": {"vcpu": 4, "ram_gib": 16, "disk_gib": 200},
        },
        {
            "from": "2026-03-19T23:00:00Z",
            "to": None,
            "status": "in_service",
            "site_id": None,
            "host_id": _SERVER_ID,
            "plan": "cloud-like",
            "configuration": None,
            "allocation": {"vcpu": 8, "ram_gib": 32, "disk_gib": 200},
        },
    ],
}
BATCH = {
    "results": [
        {"index": 0, "status": "created", "id": _SERVER_ID, "version": 1},
        {
            "index": 1,
            "status": "error",
            "errors": [
                {
                    "field": "host",
                    "code": "unknown_host",
                    "detail": "no asset 'SN-88F3' of 'cmdb' is known to host it",
                }
            ],
        },
    ]
}
IMPORT = {
    "id": "7f6f3f0e-3b53-4f3e-9f0c-1f3f2c6d9a10",
    "org": "acme",
    "format": "rvtools",
    "dry_run": False,
    "status": "done",
    "stages": [{"name": "read", "done": 15, "total": 15}, {"name": "apply", "done": 15, "total": 15}],
    "accepted": 7,
    "created": 7,
    "updated": 0,
    "unchanged": 0,
    "rejected": 9,
    "missing": 1,
    "hostless": 0,
    "mapping": None,
    "dropped": {"template": 2},
    "warnings": [],
    "failure": None,
    "files": [{"name": "rvtools.xlsx", "size_bytes": 469899, "sha256": "0" * 64}],
    "received_at": "2026-11-23T09:15:00Z",
    "finished_at": "2026-11-23T09:15:02Z",
}
IMPORT_QUEUED = {
    **IMPORT,
    "format": "auto",
    "status": "queued",
    "stages": [{"name": "read", "done": 0, "total": None}, {"name": "apply", "done": 0, "total": None}],
    "accepted": 0,
    "created": 0,
    "rejected": 0,
    "missing": 0,
    "dropped": {},
    "finished_at": None,
}
IMPORT_CANCELLED = {**IMPORT, "status": "cancelled", "created": 4, "accepted": 4, "rejected": 0}
DIFFERENCE = {
    "result": "updated",
    "entity": "asset",
    "org": "acme",
    "source": "vcenter-nanterre",
    "external_id": "vm-1042",
    "kind": "virtual_machine",
    "name": "erp-db-2",
    "id": _MACHINE_ID,
    "changes": [
        {"field": "name", "before": "erp-db-1", "after": "erp-db-2", "from": None, "to": None},
        {"field": "allocation.vcpu", "before": 4, "after": 8, "from": "2026-11-22T23:00:00Z", "to": None},
    ],
}
MAPPING_REQUEST: dict[str, Any] = {
    "org": "acme",
    "name": "servicenow-servers",
    "columns": [
        {"column": "external_id", "headings": ["Asset tag"], "required": True},
        {"column": "name", "headings": ["Name"]},
        {"column": "kind", "headings": ["Class"], "values": {"Linux Server": "server", "Storage Device": "storage"}},
        {"column": "status", "headings": ["Install status"], "values": {"Installed": "in_service"}},
        {"column": "ram_gib", "headings": ["RAM (MB)"], "factor": 0.0009765625},
        {"column": "acquired_on", "headings": ["Purchased"]},
        {"column": "tags.owner", "headings": ["Managed by"]},
    ],
    "constants": {"source": "servicenow", "ram_units": "1"},
    "date_formats": ["DD/MM/YYYY"],
    "nulls": ["(empty)"],
}
_MAPPED_COLUMN = {"required": False, "values": {}, "factor": None}
MAPPING = {
    **MAPPING_REQUEST,
    "columns": [{**_MAPPED_COLUMN, **column} for column in MAPPING_REQUEST["columns"]],
    "id": _SERVER_ID,
    **_RECORDED,
}
PRESET = {
    "name": "glpi",
    "columns": [{**_MAPPED_COLUMN, "column": "name", "headings": ["Name", "Nom"], "required": True}],
    "constants": {"source": "glpi"},
    "date_formats": ["YYYY-MM-DD", "DD-MM-YYYY", "DD/MM/YYYY"],
    "nulls": ["N/A"],
}
REJECTS = (
    "original;file;line;code;field;message\r\n"
    "\"vm-1;poweredOff;…\";rvtools.xlsx#vInfo;2;unknown_host;Host;no asset '10.185.26.9' of 'rvtools' is known to host it\r\n"
)
EVENTS = 'event: progress\ndata: {"status": "running"}\n\nevent: done\ndata: {"status": "done"}\n\n'


APPLICATION_REQUEST = {
    "org": "acme",
    "code": "erp",
    "name": "ERP",
    "users": 850,
    "machines": [
        {"source": "vcenter-nanterre", "external_id": "vm-1042", "from": "2026-03-01"},
        {"source": "vcenter-nanterre", "external_id": "vm-1043", "weight": 0.5},
    ],
}
APPLICATION = {
    "org": "acme",
    "code": "erp",
    "name": "ERP",
    "users": 850,
    "id": "0f4ac4c0-1c55-4a55-8b1f-64c3f1d1c0a7",
    "machines": [
        {
            "asset_id": _MACHINE_ID,
            "machine": {"source": "vcenter-nanterre", "external_id": "vm-1042", "org": "acme"},
            "name": "erp-db-2",
            "from": "2026-02-28T23:00:00Z",
            "to": None,
            "weight": 1.0,
        }
    ],
    **_RECORDED,
}
APPLICATION_BATCH = {
    "results": [
        {"index": 0, "status": "created", "id": APPLICATION["id"], "version": 1},
        {
            "index": 1,
            "status": "error",
            "errors": [
                {
                    "field": "machines.0",
                    "code": "unknown_machine",
                    "detail": "no asset 'vm-9' of 'vcenter-nanterre' is known",
                }
            ],
        },
    ]
}


_OTHER_ID = "3d0c6a70-8f0e-4b0f-8a53-0d8a6b7a1f55"
MERGE_REQUEST = {"other": _OTHER_ID, "prefer": "this"}
DISTINCT_REQUEST = {"other": _OTHER_ID}
LIKENESS = {
    "org": "acme",
    "kind": "server",
    "by": "serial_number",
    "value": "SN-88F2",
    "one": {"id": _OTHER_ID, "source": "glpi", "external_id": "2217", "name": "SRV-ERP-01"},
    "other": {"id": _SERVER_ID, "source": "cmdb", "external_id": "SN-88F2", "name": None},
}
ASSET_HISTORY = {
    "asset_id": _MACHINE_ID,
    "versions": [
        {
            "version": 2,
            "recorded_at": "2026-11-23T09:15:00Z",
            "action": "changed",
            "client": "acme-portal",
            "import_id": None,
            "undoes": None,
            "undone": False,
            "partner": None,
            "changes": [{"field": "owner", "before": None, "after": "équipe ERP"}],
            "removed": [],
            "added": [TIMELINE["timeline"][1]],
        }
    ],
}


UNDONE_IMPORT = {"deleted": 7, "restored": 2}
SAVED_VIEW_REQUEST = {
    "org": "acme",
    "name": "Serveurs sans date d'achat",
    "shared": True,
    "filter": {"kind": ["server"], "status": ["in_service"], "missing": ["acquired.on"]},
}
SAVED_VIEW = {**SAVED_VIEW_REQUEST, "id": "6a0f2b6c-53f4-4b62-a7b2-7f7c4e0a2f10", "own": True, **_RECORDED}
FACETS = {
    "total": {"assets": 352, "units": 1410},
    "facets": {
        "kind": [
            {"value": "virtual_machine", "assets": 300, "units": 300},
            {"value": "server", "assets": 52, "units": 52},
        ],
        "site": [{"value": None, "assets": 300, "units": 300}, {"value": "nanterre-1", "assets": 52, "units": 52}],
    },
}
_GAP = {
    "field": "acquired.on",
    "severity": "medium",
    "touches": "construction",
    "why": "its life is counted from the day on which it is first known here",
}
QUALITY = {
    "assets": 352,
    "units": 1410,
    "complete": 310,
    "gaps": [{**_GAP, "assets": 42, "units": 42, "share": 0.1193}],
}
EXPORT = (
    "kind,source,external_id,org,name,quantity,status,effective_from,site\r\n"
    "server,cmdb,SN-88F2,acme,,1,in_service,2021-03-14T23:00:00+00:00,nanterre-1\r\n"
)
SHEET = {
    "asset": ASSET,
    "site": None,
    "timeline": TIMELINE["timeline"],
    "history": ASSET_HISTORY["versions"],
    "applications": [
        {
            "id": APPLICATION["id"],
            "code": "erp",
            "name": "ERP",
            "from": "2026-02-28T23:00:00Z",
            "to": None,
            "weight": 1.0,
        }
    ],
    "machines": [],
    "machines_in_all": 0,
    "missing": [_GAP],
    "likely_the_same": [],
}


def history(document: dict[str, Any]) -> dict[str, Any]:
    """The history of a document with one version."""
    return {"versions": [{**_RECORDED, "client": "acme-portal", "import_id": None, "document": document}]}


def answers(example: Any, status: int = 200, media_type: str = "application/json") -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers like `example`."""
    return {status: {"content": {media_type: {"example": example}}}}


def page(item: Any) -> dict[str, Any]:
    """A page with one item, and more to come."""
    return {"items": [item], "next_cursor": "WyJhY21lIl0"}
