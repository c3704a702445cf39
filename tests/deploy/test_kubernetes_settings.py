"""What the pods are given agrees with what the services read, hear and write."""

from typing import Any

import pytest
from common.kafka import COMPACTED, KEPT
from common.settings import ServiceSettings

from tests.contract.services import FROM_PARTNERS, heard, owned
from tests.deploy.manifests import OVERLAYS, SERVICES, Manifest, Pod, named, of_kind, pods, rendered

PREFIX = "CONSTELLATION_"
KNOWN = {f"{PREFIX}{field.upper()}" for field in ServiceSettings.model_fields}
REQUIRED = {f"{PREFIX}{name.upper()}" for name, field in ServiceSettings.model_fields.items() if field.is_required()}

pytestmark = pytest.mark.parametrize("overlay", OVERLAYS)


def _platform(overlay: str) -> dict[str, str]:
    [settings] = [m for m in of_kind(overlay, "ConfigMap") if m["metadata"]["name"].startswith("platform-")]
    values: dict[str, str] = settings["data"]
    return values


def _environment(overlay: str, pod: Pod) -> dict[str, Any]:
    """The variables of a service's container: literal values, and references as they stand."""
    [container] = pod.containers
    own = {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}
    return {**_platform(overlay), **own}


def _service_pods(overlay: str) -> list[Pod]:
    return [pod for pod in pods(overlay) if pod.labels["app.kubernetes.io/name"] in SERVICES]


def test_every_variable_that_a_pod_is_given_is_a_setting_that_services_read(overlay: str) -> None:
    for pod in _service_pods(overlay):
        given = {name for name in _environment(overlay, pod) if name.startswith(PREFIX)}
        assert given <= KNOWN, f"{pod.name}: {given - KNOWN}"


def test_no_pod_lacks_a_setting_without_which_it_does_not_start(overlay: str) -> None:
    for pod in _service_pods(overlay):
        assert set(_environment(overlay, pod)) >= REQUIRED, pod.name


def test_the_values_given_are_values_that_the_settings_accept(overlay: str) -> None:
    for pod in _service_pods(overlay):
        literal = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in _environment(overlay, pod).items()
            if name.startswith(PREFIX) and isinstance(value, str)
        }
        ServiceSettings(**{"database_url": "from a secret", **literal})  # type: ignore[arg-type]


def test_only_the_migrations_know_the_password_of_the_owner(overlay: str) -> None:
    for pod in _service_pods(overlay):
        service = pod.labels["app.kubernetes.io/name"]
        keys = {
            (entry["valueFrom"]["secretKeyRef"]["name"], entry["valueFrom"]["secretKeyRef"]["key"])
            for entry in pod.containers[0]["env"]
            if "secretKeyRef" in entry.get("valueFrom", {})
        }
        expected = {(f"{service}-database", "url")}
        match pod.labels["app.kubernetes.io/component"]:
            case "migrate":
                expected.add((f"{service}-database", "owner-url"))
            case "consume" | "relay":
                expected.add((service, "password"))
        assert keys == expected, pod.name


def test_what_is_mounted_is_where_the_settings_point(overlay: str) -> None:
    for pod in _service_pods(overlay):
        if pod.labels["app.kubernetes.io/component"] in {"consume", "relay"}:
            mounts = {mount["name"]: mount["mountPath"] for mount in pod.containers[0]["volumeMounts"]}
            assert f"{mounts['broker-ca']}/ca.crt" == _platform(overlay)["CONSTELLATION_KAFKA_CA_FILE"]


def test_the_topics_are_configured_as_the_services_would_create_them(overlay: str) -> None:
    for topic in of_kind(overlay, "KafkaTopic"):
        name = topic["metadata"]["name"]
        wanted = KEPT if name.endswith(".dead-letters") or name in FROM_PARTNERS else COMPACTED
        given = {key: str(value) for key, value in topic["spec"]["config"].items()}
        assert wanted.items() <= given.items(), topic["metadata"]["name"]
        assert topic["spec"]["partitions"] == ServiceSettings.model_fields["topic_partitions"].default


def _access(user: Manifest) -> tuple[set[str], set[str], set[str]]:
    """What a Kafka user may write (as prefixes), read (topics) and join (groups)."""
    acls = user["spec"]["authorization"]["acls"]
    writes = {a["resource"]["name"] for a in acls if "Write" in a["operations"]}
    reads = {a["resource"]["name"] for a in acls if a["resource"]["type"] == "topic" and "Read" in a["operations"]}
    groups = {a["resource"]["name"] for a in acls if a["resource"]["type"] == "group" and "Read" in a["operations"]}
    return writes, reads, groups


def test_a_service_writes_its_own_topics_only_and_reads_those_that_it_hears(overlay: str) -> None:
    topics = {topic["metadata"]["name"] for topic in of_kind(overlay, "KafkaTopic")}
    for service in SERVICES:
        writes, reads, groups = _access(named(overlay, "KafkaUser", service))
        assert writes == {f"{service}."}
        assert reads == set(heard(service))
        assert groups == ({service} if reads else set())
    kept = {topic for service in SERVICES for topic in owned(service)}
    assert kept | FROM_PARTNERS == {topic for topic in topics if not topic.endswith(".dead-letters")}


def test_whoever_consumes_has_a_group_a_dead_letter_topic_and_in_production_a_scaler(overlay: str) -> None:
    consuming = {p.labels["app.kubernetes.io/name"] for p in pods(overlay) if p.name.endswith("-consume")}
    topics = {topic["metadata"]["name"] for topic in of_kind(overlay, "KafkaTopic")}
    assert {s for s in SERVICES if _access(named(overlay, "KafkaUser", s))[2]} == consuming
    assert {topic.removesuffix(".dead-letters") for topic in topics if topic.endswith(".dead-letters")} == consuming
    scaled = {
        m["spec"]["scaleTargetRef"]["name"].removesuffix("-consume")
        for m in rendered(overlay)
        if m["kind"] == "ScaledObject"
    }
    assert scaled == (consuming if overlay == "production" else set())


def test_a_scaler_follows_the_group_of_the_deployment_that_it_scales(overlay: str) -> None:
    for scaler in of_kind(overlay, "ScaledObject"):
        [trigger] = scaler["spec"]["triggers"]
        assert scaler["spec"]["scaleTargetRef"]["name"] == f"{trigger['metadata']['consumerGroup']}-consume"
        assert trigger["metadata"]["bootstrapServers"] == _platform(overlay)["CONSTELLATION_KAFKA_BOOTSTRAP"]
        assert scaler["spec"]["maxReplicaCount"] <= ServiceSettings.model_fields["topic_partitions"].default
        assert "replicas" not in named(overlay, "Deployment", scaler["spec"]["scaleTargetRef"]["name"])["spec"]
