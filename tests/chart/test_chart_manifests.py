"""What the chart gives to a cluster, whatever it is told: schemas, security, names that agree with each other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from rendering import CHART, RELEASE, ROOT, SETS, helm, objects, pods, rendered, values_of, variables

OURS = ("gateway", "face", "object", "extract")


@pytest.mark.parametrize("name", SETS)
def test_the_linter_finds_nothing(name: str) -> None:
    done = helm("lint", "--strict", str(CHART), *values_of(name))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", ["1.30", "1.35"])
def test_every_object_is_one_that_kubernetes_knows(version: str) -> None:
    # Many sets have the same objects; a kind that it does not know raises too.
    found = {yaml.safe_dump(one): one for name in SETS for one in objects(name) if not _custom(one)}
    for one in found.values():
        kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize("name", SETS)
def test_names_are_given_once(name: str) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in objects(name)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", SETS)
def test_pods_hold_to_the_restricted_profile(name: str) -> None:
    for pod in pods(objects(name)):
        security = pod.spec["securityContext"]
        assert security["runAsNonRoot"]
        assert security["runAsUser"] > 0
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod.spec["automountServiceAccountToken"] is False
        assert not any("hostPath" in volume for volume in pod.spec.get("volumes", ()))
        for container in pod.containers:
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False, pod.owner
            assert own["readOnlyRootFilesystem"] is True, pod.owner
            assert own["capabilities"] == {"drop": ["ALL"]}, pod.owner
            assert container["resources"]["requests"], pod.owner
            assert container["resources"]["limits"]["memory"], pod.owner


@pytest.mark.parametrize("name", SETS)
def test_every_service_account_secret_and_claim_that_is_named_is_made_or_somebody_elses(name: str) -> None:
    found = objects(name)
    made = {(one["kind"], one["metadata"]["name"]) for one in found}
    for pod in pods(found):
        account = pod.spec.get("serviceAccountName")
        assert account is None or ("ServiceAccount", account) in made
        for text in _named(pod.spec, "claimName"):
            assert ("PersistentVolumeClaim", text) in made or not text.startswith(RELEASE)
        for reference in _named(pod.spec, "secretKeyRef"):
            assert ("Secret", reference["name"]) in made or not reference["name"].startswith(RELEASE)


@pytest.mark.parametrize("name", SETS)
def test_services_find_their_pods_and_ports(name: str) -> None:
    found = objects(name)
    templates = list(pods(found))
    for service in (one for one in found if one["kind"] == "Service"):
        selector = service["spec"]["selector"]
        chosen = [pod for pod in templates if selector.items() <= pod.labels.items()]
        assert len(chosen) == 1, service["metadata"]["name"]
        ports = {port["name"] for port in chosen[0].main["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


@pytest.mark.parametrize("name", SETS)
def test_the_grace_period_covers_the_delay_and_the_drain(name: str) -> None:
    for pod in pods(objects(name)):
        if pod.component not in OURS:
            continue
        drain = float(variables(pod.main)[f"{pod.component.upper()}_RPC__DRAIN_SECONDS"])
        delay = pod.main["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pod.spec["terminationGracePeriodSeconds"] >= drain + delay + 5


@pytest.mark.parametrize("name", SETS)
def test_probes_ask_ports_that_are_there_and_liveness_does_not_look_at_the_drain(name: str) -> None:
    for pod in pods(objects(name)):
        if pod.kind == "Job":
            continue
        for container in pod.spec["containers"]:
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
                probe = container[kind]
                asked = probe.get("httpGet", probe.get("tcpSocket", probe.get("grpc", {}))).get("port")
                assert asked is None or asked in ports or asked in ports.values(), (pod.owner, kind)
            if pod.component in OURS:
                assert container["livenessProbe"]["httpGet"]["path"] == "/livez"


@pytest.mark.parametrize("name", SETS)
def test_everything_is_refused_that_no_policy_allows(name: str) -> None:
    policies = [one for one in objects(name) if one["kind"] == "NetworkPolicy"]
    (default,) = [one for one in policies if one["metadata"]["name"].endswith("-default")]
    assert default["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in default["spec"]
    labels = default["spec"]["podSelector"]["matchLabels"]
    for pod in pods(objects(name)):
        assert labels.items() <= pod.labels.items()
        assert any(one["spec"]["podSelector"]["matchLabels"].items() <= pod.labels.items() for one in policies)


def test_every_process_may_reach_the_stores_that_are_not_of_the_chart() -> None:
    wanted = {"gateway": {25060, 6379, 9000}, "face": {25060, 6379, 9000}, "migrations": {25060}}
    for component, ports in wanted.items():
        assert ports <= _reached_anywhere("external-stores", component)
    # Of those in the chart only its own are reached.
    assert _reached_anywhere("minimal", "gateway") & {5432, 6379, 9000} == set()


@pytest.mark.parametrize("name", SETS)
def test_each_deployment_may_lose_one_pod_at_a_time(name: str) -> None:
    found = objects(name)
    budgets = [one["spec"]["selector"]["matchLabels"] for one in found if one["kind"] == "PodDisruptionBudget"]
    for pod in pods(found):
        if pod.kind == "Deployment":
            assert sum(labels.items() <= pod.labels.items() for labels in budgets) == 1, pod.owner


def test_a_scaled_deployment_says_nothing_of_its_replicas() -> None:
    for name, scaled in (("keda", True), ("hpa", True), ("minimal", False)):
        found = {one["metadata"]["name"]: one for one in objects(name) if one["kind"] == "Deployment"}
        assert ("replicas" not in found[f"{RELEASE}-sightline-face"]["spec"]) is scaled


def test_the_autoscalers_name_deployments_and_queues_that_exist() -> None:
    for name, kind in (("keda", "ScaledObject"), ("hpa", "HorizontalPodAutoscaler")):
        found = objects(name)
        deployments = {one["metadata"]["name"] for one in found if one["kind"] == "Deployment"}
        scalers = [one for one in found if one["kind"] == kind]
        assert {one["spec"]["scaleTargetRef"]["name"] for one in scalers} <= deployments
        text = yaml.safe_dump_all(scalers)
        assert all(f"queue: {queue}" in text for queue in ("face", "object", "extract"))


def test_keda_asks_the_port_that_the_gateway_answers() -> None:
    found = objects("keda")
    (service,) = [one for one in found if one["metadata"]["name"].endswith("-scaler")]
    (gateway,) = [pod for pod in pods(found) if pod.component == "gateway"]
    address = f"{service['metadata']['name']}.vision.svc:{service['spec']['ports'][0]['port']}"
    assert all(_one(one)["scalerAddress"] == address for one in found if one["kind"] == "ScaledObject")
    assert variables(gateway.main)["GATEWAY_SCALER__PORT"] == "50052"


def test_a_scaled_object_says_nothing_that_keda_would_drop() -> None:
    from cloudcoil.models.keda.v1alpha1 import ScaledObject

    for one in (one for one in objects("keda") if one["kind"] == "ScaledObject"):
        read = ScaledObject.model_validate(one)
        assert _contains(read.model_dump(mode="json", by_alias=True, exclude_none=True), one)


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("gateway.replica=3", "/gateway"),
        ("services.face.autoscaling.mode=cron", "/services/face/autoscaling/mode"),
        ("services.speech.enabled=true", "/services"),
        ("drain.seconds=-1", "/drain/seconds"),
        ("image.digests.face=latest", "/image/digests/face"),
        ("blobs.url=http://example.org", "/blobs/url"),
        ("models.source=hub", "/models/source"),
        ("edge.port=0", "/edge/port"),
    ],
)
def test_values_that_do_not_exist_are_refused_with_their_place(setting: str, place: str) -> None:
    done = helm("template", RELEASE, str(CHART), "--set", setting)
    assert done.returncode != 0
    assert place in done.stderr


def test_a_pod_with_a_gpu_has_the_image_and_the_setting_for_it_and_others_have_neither() -> None:
    for pod in pods(objects("gpu")):
        if pod.component not in OURS:
            continue
        gpus = pod.main["resources"]["limits"].get("nvidia.com/gpu", 0)
        device = variables(pod.main).get(f"{pod.component.upper()}_{pod.component.upper()}__DEVICE")
        wanted = (1, "cuda", "nvidia") if pod.component in ("face", "object") else (0, None, None)
        assert (gpus, device, pod.spec.get("runtimeClassName")) == wanted
        assert all(("-gpu:" in one["image"]) is bool(gpus) for one in pod.containers)
        # Fetching models takes none: one pod has one.
        assert not any("nvidia.com/gpu" in str(one["resources"]) for one in pod.spec.get("initContainers", ()))


def test_a_gpu_for_a_service_that_has_no_image_for_it_is_refused() -> None:
    done = helm("template", RELEASE, str(CHART), "--set", "services.extract.gpus=1")
    assert done.returncode != 0
    assert "no image of extract for GPUs" in done.stderr


def test_only_keda_scales_to_nothing() -> None:
    done = helm(
        "template", RELEASE, str(CHART), "--set", "analysers.autoscaling.mode=hpa,analysers.autoscaling.minReplicas=0"
    )
    assert done.returncode != 0
    assert "only keda scales to 0" in done.stderr


def test_every_value_has_its_comment() -> None:
    lines = (CHART / "values.yaml").read_text().splitlines()
    for number, line in enumerate(lines):
        leaf = re.match(r"\s*[a-zA-Z]+: (?!$)", line) or re.match(r"\s*[a-zA-Z]+: *(\{\}|\[\])$", line)
        inside = re.match(r"\s*(requests|limits):", line)
        if leaf and not inside:
            assert "# -- " in lines[number - 1], f"values.yaml:{number + 1}: {line.strip()}"


def test_every_value_is_in_the_table_of_the_readme(tmp_path: Path) -> None:
    for name in ("README.md", "values.yaml"):
        (tmp_path / name).write_text((CHART / name).read_text())
    subprocess.run([sys.executable, str(ROOT / "charts/values_table.py"), str(tmp_path)], check=True)
    assert (tmp_path / "README.md").read_text() == (CHART / "README.md").read_text(), "make chart writes it"
    assert "| `drain.seconds` | `25` |" in (CHART / "README.md").read_text()


@pytest.mark.parametrize("name", ["minimal", "tls", "closed"])
def test_the_test_of_a_release_asks_services_and_ports_that_are_there(name: str) -> None:
    found = objects(name)
    (asking,) = [pod for pod in pods(found) if pod.component == "test"]
    served = {
        f"{one['metadata']['name']}:{port['port']}"
        for one in found
        if one["kind"] == "Service"
        for port in one["spec"]["ports"]
    }
    asked = [word.rpartition("/")[2] for word in asking.main["command"] if ":" in word]
    assert len(asked) == (1 if name == "closed" else 2)
    assert set(asked) <= served
    assert any(word.startswith("https://") for word in asking.main["command"]) is (name == "tls")


def test_the_chart_is_packaged(tmp_path: Path) -> None:
    done = helm("package", str(CHART), "--destination", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["sightline-0.1.0.tgz"]


def test_rendering_twice_gives_the_same_but_for_passwords() -> None:
    again = helm("template", RELEASE, str(CHART), "--namespace", "vision", *values_of("external-stores")).stdout
    assert again == rendered("external-stores")


def _reached_anywhere(name: str, component: str) -> set[int]:
    """The ports that a part may reach at any address."""
    policies = [one for one in objects(name) if one["kind"] == "NetworkPolicy"]
    (policy,) = [one for one in policies if one["metadata"]["name"].endswith(f"-{component}")]
    return {port["port"] for rule in policy["spec"]["egress"] if "to" not in rule for port in rule["ports"]}


def _custom(one: dict[str, Any]) -> bool:
    group = one["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def _named(node: Any, key: str) -> list[Any]:
    if isinstance(node, dict):
        own = [node[key]] if key in node else []
        return own + [found for value in node.values() for found in _named(value, key)]
    if isinstance(node, list):
        return [found for value in node for found in _named(value, key)]
    return []


def _one(scaled: dict[str, Any]) -> dict[str, str]:
    metadata: dict[str, str] = scaled["spec"]["triggers"][0]["metadata"]
    return metadata


def _contains(whole: Any, part: Any) -> bool:
    """Whether everything in `part` is in `whole` too."""
    if isinstance(part, dict):
        return all(key in whole and _contains(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(_contains(one, other) for one, other in zip(whole, part, strict=True))
    return bool(str(whole) == str(part))
