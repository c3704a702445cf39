"""What every pod, Deployment and path between pods must keep to, in every overlay."""

import re
from typing import Any

import pytest

from tests.contract.services import parts
from tests.deploy.manifests import OVERLAYS, SERVICES, Pod, named, of_kind, pods, rendered, selects

POSTGRES = {"cnpg.io/cluster": "postgres"}
KAFKA = {"strimzi.io/cluster": "broker"}

pytestmark = pytest.mark.parametrize("overlay", OVERLAYS)


def _roles(service: str) -> set[str]:
    """The processes that a service needs by what its composition root wires together."""
    wired = parts(service)
    own = {worker.role for worker in wired.workers}
    return {"api", "relay", "migrate"} | own | ({"consume"} if wired.subscriptions else set())


def test_each_service_runs_the_roles_it_has_and_no_other(overlay: str) -> None:
    found: dict[str, set[str]] = {service: set() for service in SERVICES}
    for pod in pods(overlay):
        service = pod.labels["app.kubernetes.io/name"]
        if service in found:
            role = pod.labels["app.kubernetes.io/component"]
            assert pod.name == f"{service}-{role}"
            assert pod.containers[0]["args"] == [role]
            found[service].add(role)
    assert found == {service: _roles(service) for service in SERVICES}


def test_the_processes_of_a_service_share_one_image(overlay: str) -> None:
    for service in SERVICES:
        images = {
            pod.containers[0]["image"] for pod in pods(overlay) if pod.labels["app.kubernetes.io/name"] == service
        }
        assert len(images) == 1
        assert service in images.pop()


def test_every_image_is_pinned_by_a_tag_that_names_a_version(overlay: str) -> None:
    for pod in pods(overlay):
        for container in pod.containers:
            assert re.search(r":[^/:]*\d[^/:]*$", container["image"]), f"{pod.name}: {container['image']}"
            assert not container["image"].endswith(":latest")


def test_every_pod_is_unprivileged_and_cannot_write_its_own_image(overlay: str) -> None:
    for pod in pods(overlay):
        security = pod.spec["securityContext"]
        assert security["runAsNonRoot"] is True, pod.name
        assert security["runAsUser"] > 0, pod.name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, pod.name
        assert pod.spec["automountServiceAccountToken"] is False, pod.name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod.spec), pod.name
        assert all("hostPath" not in volume for volume in pod.spec["volumes"]), pod.name
        for container in pod.containers:
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] is True, pod.name
            assert own["allowPrivilegeEscalation"] is False, pod.name
            assert own["capabilities"]["drop"] == ["ALL"], pod.name
            assert set(own["capabilities"].get("add", [])) <= {"NET_BIND_SERVICE"}, pod.name


def test_every_container_states_what_it_needs_and_what_it_may_take(overlay: str) -> None:
    for pod in pods(overlay):
        for container in pod.containers:
            for bound in ("requests", "limits"):
                assert {"cpu", "memory"} <= set(container["resources"][bound]), f"{pod.name}: {bound}"


def test_every_long_running_pod_is_probed_and_every_service_process_is_scraped(overlay: str) -> None:
    for pod in filter(lambda pod: pod.is_long_running, pods(overlay)):
        [container] = pod.containers
        ports = {port["name"] for port in container["ports"]}
        probes = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert {probe["port"] for probe in probes.values()} <= ports, pod.name
        if pod.labels["app.kubernetes.io/name"] in SERVICES:
            assert probes["livenessProbe"]["path"] == "/livez", pod.name
            assert probes["readinessProbe"]["path"] == "/readyz", pod.name
            assert pod.annotations["prometheus.io/scrape"] == "true", pod.name
            assert pod.annotations["prometheus.io/path"] == "/metrics", pod.name


def test_every_deployment_has_exactly_one_disruption_budget(overlay: str) -> None:
    budgets = of_kind(overlay, "PodDisruptionBudget")
    for pod in filter(lambda pod: pod.is_long_running, pods(overlay)):
        covering = [b["metadata"]["name"] for b in budgets if selects(b["spec"]["selector"], pod.labels)]
        assert covering == [pod.name]


def test_the_selector_of_a_deployment_chooses_its_own_pods_and_no_others(overlay: str) -> None:
    everything = list(pods(overlay))
    for deployment in of_kind(overlay, "Deployment"):
        chosen = [pod.name for pod in everything if selects(deployment["spec"]["selector"], pod.labels)]
        assert chosen == [deployment["metadata"]["name"]]


def test_every_service_object_leads_to_pods_that_listen_there(overlay: str) -> None:
    for service in of_kind(overlay, "Service"):
        behind = [pod for pod in pods(overlay) if selects({"matchLabels": service["spec"]["selector"]}, pod.labels)]
        assert [pod.name for pod in behind] == [service["metadata"]["name"]]
        listening = {port["name"] for port in behind[0].containers[0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= listening


def test_the_api_scales_on_processor_load_and_nothing_else_holds_its_replicas(overlay: str) -> None:
    for service in SERVICES:
        autoscaler = named(overlay, "HorizontalPodAutoscaler", f"{service}-api")
        assert autoscaler["spec"]["scaleTargetRef"]["name"] == f"{service}-api"
        assert autoscaler["spec"]["metrics"][0]["resource"]["name"] == "cpu"
        assert "replicas" not in named(overlay, "Deployment", f"{service}-api")["spec"]


def _opens(rules: list[dict[str, Any]], peer_key: str, peer: dict[str, str], port: int) -> bool:
    """Whether one of the rules names pods with these labels, in the own namespace, at this port."""
    return any(
        port in {allowed["port"] for allowed in rule.get("ports", [{"port": port}])}
        and any(
            "podSelector" in p and "namespaceSelector" not in p and selects(p["podSelector"], peer)
            for p in rule.get(peer_key, [])
        )
        for rule in rules
    )


def _may_connect(overlay: str, source: dict[str, str], target: dict[str, str], port: int) -> bool:
    """Whether the policies let pods with the one set of labels open a connection to pods with the other."""
    policies = of_kind(overlay, "NetworkPolicy")
    leaving = [r for p in policies if selects(p["spec"]["podSelector"], source) for r in p["spec"].get("egress", [])]
    return _opens(leaving, "to", target, port)


def _admits(overlay: str, source: dict[str, str], target: dict[str, str], port: int) -> bool:
    """Whether the policies let pods with the second set of labels be reached from pods with the first."""
    policies = of_kind(overlay, "NetworkPolicy")
    entering = [r for p in policies if selects(p["spec"]["podSelector"], target) for r in p["spec"].get("ingress", [])]
    return _opens(entering, "from", source, port)


def test_nothing_may_speak_unless_a_policy_says_so(overlay: str) -> None:
    deny = named(overlay, "NetworkPolicy", "default-deny")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_each_role_reaches_the_engines_it_needs_and_no_others(overlay: str) -> None:
    for pod in pods(overlay):
        role = pod.labels["app.kubernetes.io/component"]
        reaches_database = _may_connect(overlay, pod.labels, POSTGRES, 5432) and _admits(
            overlay, pod.labels, POSTGRES, 5432
        )
        assert reaches_database is (role != "edge"), pod.name
        assert _may_connect(overlay, pod.labels, KAFKA, 9092) is (role in {"consume", "relay"}), pod.name


def test_no_service_may_call_another_and_only_the_edge_reaches_the_apis(overlay: str) -> None:
    apis = [pod for pod in pods(overlay) if pod.labels["app.kubernetes.io/component"] == "api"]
    for source in pods(overlay):
        for api in apis:
            allowed = _may_connect(overlay, source.labels, api.labels, 8080) and _admits(
                overlay, source.labels, api.labels, 8080
            )
            assert allowed is (source.name == "edge"), f"{source.name} → {api.name}"


def test_the_ingress_hands_everything_to_the_edge(overlay: str) -> None:
    [ingress] = of_kind(overlay, "Ingress")
    [path] = ingress["spec"]["rules"][0]["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/", "Prefix")
    assert path["backend"]["service"] == {"name": "edge", "port": {"name": "http"}}


def test_the_namespace_refuses_pods_that_are_not_restricted(overlay: str) -> None:
    labels = named(overlay, "Namespace", "constellation")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_configuration_that_pods_refer_to_is_rendered_or_documented(overlay: str) -> None:
    present = {m["metadata"]["name"] for m in rendered(overlay) if m["kind"] in {"ConfigMap", "Secret"}}
    for pod in pods(overlay):
        assert _references(pod) - present <= _documented_secrets(), pod.name


def _references(pod: Pod) -> set[str]:
    """The ConfigMaps and Secrets that the pod does not start without."""
    names = set()
    for container in pod.containers:
        for source in container.get("envFrom", []):
            names.add((source.get("configMapRef") or source["secretRef"])["name"])
        for variable in container.get("env", []):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference and not reference.get("optional"):
                names.add(reference["name"])
    for volume in pod.spec.get("volumes", []):
        source = volume.get("configMap") or volume.get("secret") or {}
        if source and not source.get("optional"):
            names.add(source.get("name") or source["secretName"])
    return names


def _documented_secrets() -> set[str]:
    """What deploy/k8s/README.md asks an administrator to create; CloudNativePG makes the superuser's."""
    return {f"{service}-database" for service in SERVICES} | {"postgres-superuser"}
