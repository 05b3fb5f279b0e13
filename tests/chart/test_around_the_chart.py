"""What lies beside the chart: overlays that build, a composition whose settings exist, rules for what is exported."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from rendering import CHART, ROOT, helm, objects
from test_chart_processes import CLASSES

from sightline.common.settings import variables
from sightline.common.telemetry import Metrics

K8S = ROOT / "k8s"
KUBECTL = ROOT / "build/tools/kubectl"
OVERLAYS = sorted(folder.name for folder in (K8S / "overlays").iterdir())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_builds_from_the_rendered_chart(overlay: str, tmp_path: Path) -> None:
    found = _built(overlay, tmp_path)
    assert {one["metadata"]["labels"]["environment"] for one in found} == {overlay}
    assert {one["metadata"]["namespace"] for one in found} == {"vision"}


def test_what_is_made_of_other_projects_resources_fits_their_schemas() -> None:
    files = [K8S / "gateway-api/routes.yaml", K8S / "cert-manager/certificate.yaml"]
    found = [one for file in files for one in yaml.safe_load_all(file.read_text()) if one]
    assert {one["kind"] for one in found} == {"Gateway", "HTTPRoute", "Certificate"}
    assert _faults(found) == []


def test_the_schemas_see_a_wrong_value_a_missing_one_and_a_name_that_does_not_exist() -> None:
    (route,) = [
        one for one in yaml.safe_load_all((K8S / "gateway-api/routes.yaml").read_text()) if "rules" in one["spec"]
    ]
    route["spec"]["rules"][0]["timeout"] = route["spec"]["rules"][0].pop("timeouts")
    certificate = _read(K8S / "cert-manager/certificate.yaml")
    certificate["spec"]["privateKey"]["algorithm"] = "EC"
    del certificate["spec"]["secretName"]
    said = "\n".join(_faults([route, certificate]))
    assert "no field is called timeout" in said
    assert "algorithm must be equal to one of the allowed values" in said
    assert "must have required property secretName" in said


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_an_overlay_makes_are_objects_that_kubernetes_knows(overlay: str, tmp_path: Path) -> None:
    for one in _built(overlay, tmp_path):
        if not any(group in one["apiVersion"] for group in ("monitoring.coreos.com", "keda.sh")):
            kubernetes_validate.validate(one, "1.35", strict=True)


def test_the_examples_name_what_the_chart_makes() -> None:
    services = {
        one["metadata"]["name"]: [port["port"] for port in one["spec"]["ports"]]
        for one in objects("production")
        if one["kind"] == "Service"
    }
    (route,) = [
        one for one in yaml.safe_load_all((K8S / "gateway-api/routes.yaml").read_text()) if "rules" in one["spec"]
    ]
    for backend in route["spec"]["rules"][0]["backendRefs"]:
        assert backend["port"] in services[backend["name"]]
    cluster = _read(K8S / "kind/cluster.yaml")
    assert (cluster["kind"], cluster["apiVersion"]) == ("Cluster", "kind.x-k8s.io/v1alpha4")


def test_every_process_of_the_composition_that_stays_is_asked_how_it_is() -> None:
    services = yaml.safe_load((ROOT / "compose/compose.yaml").read_text())["services"]
    staying = {name: one for name, one in services.items() if "restart" in one}
    # Envoy's image has nothing to ask it with; what waits for it sees its port.
    assert {name for name, one in staying.items() if "healthcheck" not in one} == {"envoy"}
    for name, one in staying.items():
        if (port := f"{name.upper()}_TELEMETRY__METRICS_PORT") in one.get("environment", ()):
            assert f":{one['environment'][port]}/readyz" in one["healthcheck"]["test"][-1]


def test_every_variable_of_the_composition_is_one_that_its_service_reads() -> None:
    services = yaml.safe_load((ROOT / "compose/compose.yaml").read_text())["services"]
    for name, service in services.items():
        kind = CLASSES.get({"door": "edge"}.get(name, name))
        if kind is not None:
            prefix = str(kind.model_config["env_prefix"])
            assert set(service["environment"]) <= {variable for variable, _, _ in variables(kind, prefix)}, name


def test_the_adapter_serves_the_metric_that_the_autoscaler_asks_for() -> None:
    (rule,) = _read(K8S / "prometheus-adapter/values.yaml")["rules"]["external"]
    (series,) = re.findall(r"^(\w+)\{", rule["seriesQuery"])
    assert series in {name for names in Metrics().registry._collector_to_names.values() for name in names}
    hpa = (CHART / "templates/analysers/hpa.yaml").read_text()
    assert f"name: {rule['name']['as']}\n" in hpa


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def _built(overlay: str, folder: Path) -> list[dict[str, Any]]:
    kustomization = (K8S / "overlays" / overlay / "kustomization.yaml").read_text()
    # The values are those of the command in its first line.
    (values,) = re.findall(r"--values (\S+)", kustomization)
    done = helm("template", "media", str(CHART), "--namespace", "vision", "--values", str(ROOT / values))
    assert done.returncode == 0, done.stderr
    (folder / "rendered.yaml").write_text(done.stdout)
    (folder / "kustomization.yaml").write_text(kustomization)
    built = subprocess.run(
        [str(KUBECTL), "kustomize", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": "/nonexistent"},
    )
    assert built.returncode == 0, built.stderr
    return [one for one in yaml.safe_load_all(built.stdout) if one]


def _faults(found: list[dict[str, Any]]) -> list[str]:
    assert (ROOT / "node_modules/@kubernetes-models").is_dir(), "make test makes it; alone: make node_modules/.locked"
    done = subprocess.run(
        [str(ROOT / ".venv/bin/node"), str(Path(__file__).parent / "validate.mjs")],
        input=json.dumps(found),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()
