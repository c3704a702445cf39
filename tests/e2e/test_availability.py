"""Each service answers while any other is down."""

import pytest
from local_stack.layout import SERVICES

from examples.platform import Platform, PlatformError
from examples.settling import wait_until_settled
from tests.e2e.running import MONTH, Running

READS: dict[str, tuple[str, dict[str, str | int]]] = {
    "inventory": ("/inventory/v1/assets", {"org": "acme", "limit": 1}),
    "factors": ("/factors/v1/resolve", {"activity": "electricity", "region": "FR", "date": "2021-06-01"}),
    "footprint": ("/footprint/v1/dashboard", {"org": "acme", "month": MONTH}),
    "scenarios": ("/scenarios/v1/scope", {"org": "acme"}),
    "billing": ("/billing/v1/usage", {"org": "acme", "month": MONTH}),
}


def read(platform: Platform, service: str) -> None:
    path, query = READS[service]
    platform.get(path, **query)


@pytest.mark.parametrize("down", SERVICES)
def test_the_other_services_answer_while_one_is_down(running: Running, demonstration: str, down: str) -> None:
    process = running.service(down)
    with running.platform(["acme"]) as acme:
        process.stop()
        try:
            for service in SERVICES:
                if service != down:
                    read(acme, service)
            with pytest.raises(PlatformError, match="answered 503"):
                read(acme, down)
        finally:
            process.start()
        read(acme, down)


def test_every_service_answers_while_the_broker_is_down(running: Running, demonstration: str) -> None:
    asset = running.own_asset("availability")
    running.local.kafka.stop()
    try:
        with running.platform() as platform:
            for service in SERVICES:
                read(platform, service)
            assert platform.post("/inventory/v1/assets/batch", [asset])["results"][0]["status"] == "created"
    finally:
        running.local.kafka.start()
    wait_until_settled(running.stack, 60)
