"""The example organisation and its three sites, as the inventory's API takes them."""

from collections.abc import Mapping
from typing import Any

from examples.shape import FORT_DE_FRANCE, LYON, NANTERRE

ORGANISATION = "acme"


def organisations(org: str) -> list[Mapping[str, Any]]:
    """Return the bodies of `POST /organizations`: one fictitious mutual insurer."""
    return [
        {
            "id": org,
            "name": "Acme Mutuelle",
            "role": "customer",
            "time_zone": "Europe/Paris",
            "refurbished_convention": "remaining",
        }
    ]


def sites(org: str) -> list[Mapping[str, Any]]:
    """Return the bodies of `POST /sites`: an own data centre, a provider's one and a server room overseas."""
    return [
        {
            "org": org,
            "code": NANTERRE,
            "name": "Nanterre, siège",
            "kind": "datacenter",
            "country": "FR",
            "pue": [
                {"from": None, "to": "2026-04-01", "value": 1.58},
                {"from": "2026-04-01", "to": None, "value": 1.5},
            ],
            "operator": "own",
            "allocation_rule": "capacity",
            "electricity": {"guarantee_of_origin_share": 0.4},
        },
        {
            "org": org,
            "code": LYON,
            "name": "Lyon, hébergeur",
            "kind": "datacenter",
            "country": "FR",
            "pue": [{"from": None, "to": None, "value": 1.3}],
            "operator": "provider",
            "allocation_rule": "sold",
            "electricity": {"guarantee_of_origin_share": 1.0},
        },
        {
            "org": org,
            "code": FORT_DE_FRANCE,
            "name": "Fort-de-France, agence",
            "kind": "server_room",
            "country": "MQ",
            "pue": [{"from": None, "to": None, "value": 1.9}],
            "operator": "own",
            "allocation_rule": "capacity",
            "electricity": {"guarantee_of_origin_share": 0.0},
        },
    ]
