"""The overlays render offline, and what they render is what Kubernetes and the operators accept.

Built-in kinds are checked strictly against the API schemas of two Kubernetes releases. Of the custom kinds the fields
that this project sets are checked against `schemas/`, our own short descriptions of the operators' types: a wrong name,
type or enum of ours is caught, a field that an operator's newer release drops is not.
"""

import json
from collections import Counter
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

from tests.deploy.manifests import OVERLAYS, rendered

CUSTOM = {
    "postgresql.cnpg.io/v1": "cloudnative-pg.json",
    "kafka.strimzi.io/v1": "strimzi.json",
    "keda.sh/v1alpha1": "keda.json",
}
OLDEST, NEWEST = "1.32", "1.37"


@pytest.mark.parametrize(("overlay", "release"), [("local", NEWEST), ("production", NEWEST), ("production", OLDEST)])
def test_every_built_in_manifest_is_strictly_valid(overlay: str, release: str) -> None:
    checked = 0
    for manifest in rendered(overlay):
        if manifest["apiVersion"] not in CUSTOM:
            kubernetes_validate.validate(manifest, release, strict=True)
            checked += 1
    assert checked > 60


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_custom_manifest_has_the_fields_its_operator_knows(overlay: str) -> None:
    seen: Counter[str] = Counter()
    for manifest in rendered(overlay):
        if manifest["apiVersion"] in CUSTOM:
            schema = json.loads((Path(__file__).parent / "schemas" / CUSTOM[manifest["apiVersion"]]).read_text())
            jsonschema.Draft202012Validator(schema["kinds"][manifest["kind"]]).validate(manifest)
            seen[manifest["kind"]] += 1
    assert {"Cluster", "Kafka", "KafkaNodePool", "KafkaTopic"} <= set(seen)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_two_manifests_have_the_same_kind_and_name(overlay: str) -> None:
    names = Counter((manifest["kind"], manifest["metadata"]["name"]) for manifest in rendered(overlay))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_everything_lives_in_one_namespace(overlay: str) -> None:
    spaces = {m["metadata"].get("namespace") for m in rendered(overlay) if m["kind"] != "Namespace"}
    assert spaces == {"constellation"}
