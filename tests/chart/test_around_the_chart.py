"""What lies beside the chart: overlays that build, a composition whose settings exist, rules for what is exported."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendering import CHART, ROOT, helm
from test_chart_processes import CLASSES

from sightline.common.settings import variables
from sightline.common.telemetry import Metrics

K8S = ROOT / "k8s"
KUBECTL = ROOT / "build/tools/kubectl"
OVERLAYS = sorted(folder.name for folder in (K8S / "overlays").iterdir())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_builds_from_the_rendered_chart(overlay: str, tmp_path: Path) -> None:
    source = K8S / "overlays" / overlay
    kustomization = (source / "kustomization.yaml").read_text()
    # The values are those of the command in its first line.
    (values,) = re.findall(r"--values (\S+)", kustomization)
    done = helm("template", "media", str(CHART), "--namespace", "vision", "--values", str(ROOT / values))
    assert done.returncode == 0, done.stderr
    (tmp_path / "rendered.yaml").write_text(done.stdout)
    (tmp_path / "kustomization.yaml").write_text(kustomization)
    built = subprocess.run(
        [str(KUBECTL), "kustomize", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": "/nonexistent"},
    )
    assert built.returncode == 0, built.stderr
    found = [one for one in yaml.safe_load_all(built.stdout) if one]
    assert {one["metadata"]["labels"]["environment"] for one in found} == {overlay}
    assert {one["metadata"]["namespace"] for one in found} == {"vision"}


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
