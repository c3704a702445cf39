"""Machines at public clouds out of bills."""

from typing import Any

import pytest

from services.inventory.tests.sending import Clock, Inventory
from services.inventory.tests.workbooks import DATA, imported, listed, rejects, table

FOCUS = DATA / "focus"
HEADINGS = [
    "BilledCost",
    "ChargeCategory",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ProviderName",
    "RegionId",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "SkuPriceDetails",
]


def charge(start: str, end: str, **more: str) -> dict[str, str]:
    """An hour of a machine at AWS, all nulls written NULL."""
    said = {
        "ChargeCategory": "Usage",
        "ChargeDescription": "$0.34 per On Demand Linux c5.2xlarge Instance Hour",
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "ConsumedQuantity": "1.0",
        "ConsumedUnit": "Hours",
        "ProviderName": "AWS",
        "RegionId": "eu-west-3",
        "ResourceId": "i-1",
        "ResourceType": "instance",
        "ServiceCategory": "Compute",
    }
    return {**dict.fromkeys(HEADINGS, "NULL"), **said, **more}


async def timeline(inventory: Inventory, external_id: str) -> list[tuple[str, str, int]]:
    asset = (await listed(inventory))[external_id]
    answer = (await inventory.client.get(f"/v1/assets/{asset['id']}/timeline")).json()
    return [(piece["from"], piece["status"], piece["allocation"]["vcpu"]) for piece in answer["timeline"]]


def file(name: str) -> tuple[str, bytes]:
    return name, (FOCUS / name).read_bytes()


async def test_the_real_bill_brings_its_machines_and_says_what_the_rest_is(inventory: Inventory) -> None:
    job = await imported(inventory, file("focus-1.0-sample-1000.csv"))
    assert (job["status"], job["format"]) == ("done", "focus")
    assert job["accepted"] + job["rejected"] + sum(job["dropped"].values()) == 1000
    assert (job["accepted"], job["rejected"]) == (27, 0)
    assert job["dropped"] == {
        "not_compute": 489,
        "not_a_machine": 405,
        "no_resource": 74,
        "not_usage:adjustment": 2,
        "not_usage:credit": 1,
        "not_running_time": 2,
    }
    found = await listed(inventory)
    machine = found["i-081360af1l266l589"]
    assert (machine["source"], machine["kind"], machine["status"]) == ("aws", "virtual_machine", "off")
    assert machine["allocation"]["vcpu"] == 8
    assert machine["allocation"]["cloud"] == {
        "provider": "aws",
        "instance_type": "c5.2xlarge",
        "region": "us-east-1",
    }
    assert await timeline(inventory, "i-081360af1l266l589") == [
        ("2024-09-26T00:00:00Z", "in_service", 8),
        ("2024-09-26T01:00:00Z", "off", 8),
    ]
    oracle = next(asset for asset in found.values() if asset["source"] == "oracle")
    assert oracle["allocation"]["vcpu"] == 16, "eight OCPU of an x86 shape are sixteen vCPU"


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("focus-spec-commitment_discount_purchase_scenario_3.csv", {"not_usage:purchase": 4}),
        ("focus-spec-saas_spend_agreements_b2.csv", {"not_usage:purchase": 1, "no_resource": 13}),
        ("focus-spec-simple_saas_agreements_c.csv", {"no_resource": 3}),
        ("focus-spec-virtual_currency_pricing_model_b3.csv", {"not_a_machine": 3}),
    ],
)
async def test_a_bill_without_machines_imports_nothing_and_says_so(
    inventory: Inventory, name: str, dropped: dict[str, int]
) -> None:
    job = await imported(inventory, file(name))
    assert (job["status"], job["format"], job["accepted"], job["rejected"]) == ("done", "focus", 0, 0)
    assert job["dropped"] == dropped


async def test_a_machine_of_unknown_size_is_refused_and_not_guessed(inventory: Inventory) -> None:
    job = await imported(inventory, file("focus-1.2-header-and-2-rows.csv"))
    assert (job["accepted"], job["rejected"], job["dropped"]) == (0, 1, {"not_usage:credit": 1})
    [reject] = await rejects(inventory, job)
    assert (reject["code"], reject["field"], reject["line"]) == ("unknown_size", "SkuPriceDetails", "2")


@pytest.mark.parametrize("name", sorted(path.name for path in FOCUS.glob("*.csv")))
async def test_the_same_bill_again_changes_nothing(inventory: Inventory, clock: Clock, name: str) -> None:
    first = await imported(inventory, file(name))
    await inventory.take_outbox()
    clock.advance(days=1)
    again = await imported(inventory, file(name))
    assert (again["accepted"], again["unchanged"]) == (0, first["accepted"])
    assert await inventory.outbox() == []


async def test_charged_periods_make_the_timeline(inventory: Inventory) -> None:
    rows = [
        charge("2024-09-01 00:00:00", "2024-09-01 01:00:00"),
        charge("2024-09-01T01:00:00Z", "2024-09-01T02:00:00Z"),
        charge("2024-09-01 05:00:00", "2024-09-01 06:00:00", ChargeDescription="per c5.4xlarge Instance Hour"),
        charge("2024-09-01 06:00:00", "2024-09-01 07:00:00", ChargeDescription="per c5.4xlarge Instance Hour"),
        charge("2024-09-01 00:00:00", "2024-09-01 03:00:00", ResourceId="i-2"),
        charge("2024-09-01 00:00:00", "2024-09-02 00:00:00", ServiceCategory="Storage"),
        charge("2024-09-01 00:00:00", "2024-09-01 01:00:00", ResourceId="i-3"),
        charge("2024-09-01 00:00:00", "2024-09-02 00:00:00", ResourceId="i-4"),
    ]
    job = await imported(inventory, ("focus.csv", table(HEADINGS, *rows)))
    assert (job["created"], job["dropped"]) == (7, {"not_compute": 1})
    assert await timeline(inventory, "i-1") == [
        ("2024-09-01T00:00:00Z", "in_service", 8),
        ("2024-09-01T02:00:00Z", "off", 8),
        ("2024-09-01T05:00:00Z", "in_service", 16),
        ("2024-09-01T07:00:00Z", "off", 16),
    ]
    assert await timeline(inventory, "i-4") == [("2024-09-01T00:00:00Z", "in_service", 8)], "charged to the very end"


async def test_the_next_month_goes_on_where_the_last_ended(inventory: Inventory) -> None:
    september = [
        charge("2024-09-01 00:00:00", "2024-10-01 00:00:00"),
        charge("2024-09-01 00:00:00", "2024-09-10 00:00:00", ResourceId="i-2"),
    ]
    october = [
        charge("2024-10-01 00:00:00", "2024-11-01 00:00:00"),
        charge("2024-10-05 00:00:00", "2024-11-01 00:00:00", ResourceId="i-2"),
    ]
    await imported(inventory, ("september.csv", table(HEADINGS, *september)))
    await imported(inventory, ("october.csv", table(HEADINGS, *october)))
    assert await timeline(inventory, "i-1") == [("2024-09-01T00:00:00Z", "in_service", 8)]
    assert await timeline(inventory, "i-2") == [
        ("2024-09-01T00:00:00Z", "in_service", 8),
        ("2024-09-10T00:00:00Z", "off", 8),
        ("2024-10-05T00:00:00Z", "in_service", 8),
    ]


async def test_sizes_come_from_the_price_details_or_the_providers_naming(inventory: Inventory) -> None:
    day = ("2024-09-01T00:00:00Z", "2024-09-02T00:00:00Z")
    azure = {
        "ProviderName": "Microsoft",
        "ResourceType": "Virtual machine",
        "ConsumedUnit": "1 Hour",
        "ChargeDescription": "NULL",
    }
    rows = [
        charge(*day, ResourceId="vm-a", **azure, SkuPriceDetails='{"InstanceType": "Standard_D8s_v5"}'),
        charge(*day, ResourceId="vm-b", **azure, SkuPriceDetails='{"CoreCount": 12, "MemorySize": 48}'),
        charge(
            *day,
            ResourceId="vm-c",
            **{**azure, "ProviderName": "Google Cloud"},
            SkuPriceDetails='{"InstanceType": "n2-highmem-16"}',
        ),
    ]
    assert (await imported(inventory, ("focus.csv", table(HEADINGS, *rows))))["created"] == 3
    found = await listed(inventory)
    assert {name: asset["allocation"]["vcpu"] for name, asset in found.items()} == {"vm-a": 8, "vm-b": 12, "vm-c": 16}
    assert found["vm-b"]["allocation"]["ram_gib"] == 48
    assert {asset["source"] for asset in found.values()} == {"azure", "gcp"}


@pytest.mark.parametrize("spelling", ["lineItem/{}", "line_item_{}"])
async def test_a_cost_and_usage_report_is_read_in_both_spellings(inventory: Inventory, spelling: str) -> None:
    def name(group: str, column: str) -> str:
        if "/" in spelling:
            return f"{group}/{column}"
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in column).lstrip("_")
        prefix = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in group)
        return f"{prefix}_{snake}"

    item = {
        name("lineItem", "LineItemType"): "Usage",
        name("lineItem", "UsageStartDate"): "2024-09-01T00:00:00Z",
        name("lineItem", "UsageEndDate"): "2024-09-01T01:00:00Z",
        name("lineItem", "ProductCode"): "AmazonEC2",
        name("lineItem", "UsageType"): "EUW3-BoxUsage:r5.large",
        name("lineItem", "ResourceId"): "i-0abc",
        name("product", "instanceType"): "r5.large",
        name("product", "vcpu"): "2",
        name("product", "memory"): "16 GiB",
        name("product", "region"): "eu-west-3",
    }
    usage, kind = name("lineItem", "UsageType"), name("lineItem", "LineItemType")
    disk = {**item, usage: "EUW3-EBS:VolumeUsage.gp3"}
    tax = {**item, kind: "Tax"}
    job = await imported(inventory, ("cur.csv", table(list(item), item, disk, tax)))
    assert (job["format"], job["created"], job["dropped"]) == ("aws_cur", 1, {"not_a_machine": 1, "not_usage:tax": 1})
    allocation: dict[str, Any] = (await listed(inventory))["i-0abc"]["allocation"]
    assert (allocation["vcpu"], allocation["ram_gib"], allocation["cloud"]["region"]) == (2, 16.0, "eu-west-3")
