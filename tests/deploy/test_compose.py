"""docker-compose.yml is valid, pinned, and agrees with the services, the edge and the metrics; checked without an engine.

Where the Docker client on this machine has Compose, that judges the file too; everywhere, the Compose specification's
schema does (from the package check-jsonschema).
"""

import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import yaml
from common import metrics
from common.kafka import MESSAGE_BYTES
from common.settings import ServiceSettings
from prometheus_client.metrics import MetricWrapperBase

from tests.deploy.manifests import ROOT, SERVICES

COMPOSE = ROOT / "docker-compose.yml"
FOLDER = ROOT / "deploy/compose"
KNOWN = {f"CONSTELLATION_{field.upper()}" for field in ServiceSettings.model_fields}
REQUIRED = {f"CONSTELLATION_{n.upper()}" for n, f in ServiceSettings.model_fields.items() if f.is_required()}
OWN_IMAGES = {"constellation-base", *(f"constellation-{service}" for service in SERVICES)}


def _interpolated(text: str) -> str:
    """Variables replaced by their defaults, as on a machine that sets none."""
    return re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", text)


def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(_interpolated(COMPOSE.read_text()))
    return document


SERVICES_OF_FILE: dict[str, dict[str, Any]] = _document()["services"]


def test_the_file_is_valid_by_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_docker_compose_accepts_the_file_where_it_is_installed() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        return  # the schema above has judged it
    command = [docker, "compose", "--file", str(COMPOSE), "config", "--quiet"]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stderr


def test_every_variable_has_a_default() -> None:
    assert re.findall(r"\$\{[A-Z_]+\}", COMPOSE.read_text()) == []


def test_every_image_is_pinned_by_a_tag_that_names_a_version() -> None:
    for name, service in SERVICES_OF_FILE.items():
        assert re.search(r":[^/:]*\d[^/:]*$", service["image"]), f"{name}: {service['image']}"


def test_kafka_and_postgres_are_the_releases_that_the_local_stack_runs() -> None:
    jars = (ROOT / "deploy/local/src/local_stack/kafka-jars.lock").read_text()
    kafka = re.search(r"^org\.apache\.kafka:kafka_2\.13:(\S+)", jars, re.MULTILINE)
    assert kafka is not None
    assert SERVICES_OF_FILE["kafka"]["image"] == f"apache/kafka:{kafka[1]}"
    assert SERVICES_OF_FILE["postgres"]["image"].startswith("postgres:18")
    assert int(SERVICES_OF_FILE["kafka"]["environment"]["KAFKA_MESSAGE_MAX_BYTES"]) == MESSAGE_BYTES


def test_each_service_is_migrated_before_it_starts() -> None:
    for name in SERVICES:
        service, migration = SERVICES_OF_FILE[name], SERVICES_OF_FILE[f"{name}-migrate"]
        assert service["command"] == ["all"]
        assert migration["command"] == ["migrate"]
        assert service["image"] == migration["image"] == f"constellation-{name}:0.1.0"
        assert service["depends_on"][f"{name}-migrate"] == {"condition": "service_completed_successfully"}
        assert migration["depends_on"]["bootstrap"] == {"condition": "service_completed_successfully"}


def test_the_settings_given_are_complete_known_and_accepted() -> None:
    for name in (*SERVICES, *(f"{service}-migrate" for service in SERVICES)):
        given = {k: v for k, v in SERVICES_OF_FILE[name]["environment"].items() if k.startswith("CONSTELLATION_")}
        assert set(given) <= KNOWN, name
        assert set(given) >= REQUIRED, name
        ServiceSettings(**{key.removeprefix("CONSTELLATION_").lower(): value for key, value in given.items()})


def test_a_service_connects_as_its_own_role_and_only_its_migrations_as_the_owner() -> None:
    for name in SERVICES:
        service, migration = (SERVICES_OF_FILE[key]["environment"] for key in (name, f"{name}-migrate"))
        assert urlsplit(service["CONSTELLATION_DATABASE_URL"]).username == name
        assert "CONSTELLATION_MIGRATION_DATABASE_URL" not in service
        assert urlsplit(migration["CONSTELLATION_MIGRATION_DATABASE_URL"]).username == f"{name}_owner"


def test_the_services_differ_in_nothing_but_their_name() -> None:
    text = yaml.safe_dump([SERVICES_OF_FILE["scenarios"], SERVICES_OF_FILE["scenarios-migrate"]])
    for name in SERVICES:
        own = yaml.safe_dump([SERVICES_OF_FILE[name], SERVICES_OF_FILE[f"{name}-migrate"]])
        assert yaml.safe_load(own.replace(name, "scenarios")) == yaml.safe_load(text)


def test_our_own_containers_are_hardened() -> None:
    for name, service in SERVICES_OF_FILE.items():
        if service["image"].split(":")[0] in OWN_IMAGES:
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name


def test_what_is_mounted_from_the_checkout_is_there() -> None:
    for name, service in SERVICES_OF_FILE.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in _document()["volumes"], name


def test_the_edge_and_prometheus_know_every_service_by_the_name_it_has_on_the_network() -> None:
    aliases = {SERVICES_OF_FILE[name]["networks"]["default"]["aliases"][0] for name in SERVICES}
    caddyfile = (ROOT / "deploy/edge/Caddyfile").read_text()
    routed = re.search(r"path_regexp service \^/api/\(([a-z|]+)\)", caddyfile)
    assert routed is not None
    assert {f"{name}-api" for name in routed[1].split("|")} == aliases
    scraped = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"][0]["static_configs"][0][
        "targets"
    ]
    assert {target.removesuffix(":8080") for target in scraped} == aliases


def _metric_names() -> set[str]:
    """Every series name that the platform's metrics produce."""
    declared = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
    names = {"up"}
    for metric in declared:
        for family in metric.describe():
            names.add(family.name)
            suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [])
            names.update(family.name + suffix for suffix in suffixes)
    return names


def _expressions() -> list[str]:
    dashboard = json.loads((FOLDER / "grafana/dashboards/platform.json").read_text())
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    return [t["expr"] for panel in dashboard["panels"] for t in panel["targets"]] + [rule["expr"] for rule in rules]


def test_dashboard_and_alerts_ask_for_metrics_that_exist() -> None:
    words = {
        "sum",
        "by",
        "rate",
        "increase",
        "histogram_quantile",
        "service",
        "le",
        "topic",
        "status",
        "error",
        "worker",
    }
    known = _metric_names()
    for expression in _expressions():
        bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", expression)
        assert set(re.findall(r"[a-z_]{2,}", bare)) - words <= known, expression


def test_every_panel_has_a_place_of_its_own() -> None:
    dashboard = json.loads((FOLDER / "grafana/dashboards/platform.json").read_text())
    squares = [
        (x, y)
        for panel in dashboard["panels"]
        for grid in [panel["gridPos"]]
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < 24


def test_the_collector_sends_what_it_receives_to_jaeger() -> None:
    collector = yaml.safe_load((FOLDER / "collector.yaml").read_text())
    traces = collector["service"]["pipelines"]["traces"]
    assert set(traces["receivers"]) <= set(collector["receivers"])
    assert set(traces["processors"]) <= set(collector["processors"])
    [exporter] = traces["exporters"]
    assert urlsplit(collector["exporters"][exporter]["endpoint"]).hostname in SERVICES_OF_FILE
    assert SERVICES_OF_FILE["inventory"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector:4318"


@pytest.mark.parametrize("organisations", [[], ["acme", "globex"]])
def test_a_token_of_the_compose_issuer_is_one_that_a_service_accepts(tmp_path: Path, organisations: list[str]) -> None:
    environment = SERVICES_OF_FILE["inventory"]["environment"]
    script = runpy.run_path(str(FOLDER / "identity.py"))
    script["make_keys"](tmp_path)
    script["make_keys"](tmp_path)  # a second start keeps the key
    token = script["make_token"](tmp_path, organisations)
    [key] = jwt.PyJWKSet.from_json((tmp_path / "jwks.json").read_text()).keys
    claims = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience=environment["CONSTELLATION_AUDIENCE"],
        issuer=environment["CONSTELLATION_ISSUER"],
    )
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    assert claims["orgs"] == (organisations or "*")
    assert "billing:read" in claims["scope"].split()
