"""The chart as a cluster would get it: rendered by the real Helm, read as objects."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/sightline"
HELM = ROOT / "build/tools/helm"
SETS = sorted(file.name.removesuffix("-values.yaml") for file in (CHART / "ci").glob("*-values.yaml"))
RELEASE, NAMESPACE = "media", "vision"


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Helm; it is told nothing of any cluster."""
    assert HELM.is_file(), "make test fetches Helm; alone: make build/tools/helm"
    command = [str(HELM), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={"HOME": "/nonexistent"}
    )


def values_of(name: str) -> list[str]:
    """Give the arguments for a set of values."""
    return ["--values", str(CHART / "ci" / f"{name}-values.yaml")]


@cache
def rendered(name: str, more: Sequence[str] = ()) -> str:
    """Render a set of values as YAML."""
    done = helm("template", RELEASE, str(CHART), "--namespace", NAMESPACE, *values_of(name), *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(name: str, more: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Give the objects of a set of values."""
    return [one for one in yaml.safe_load_all(rendered(name, tuple(more))) if one]


@dataclass(frozen=True)
class Pod:
    """The template of the pods of one object."""

    owner: str
    kind: str
    component: str
    labels: dict[str, str]
    spec: dict[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        """Those that run on, and those that run before."""
        return [*self.spec["containers"], *self.spec.get("initContainers", ())]

    @property
    def main(self) -> dict[str, Any]:
        """The first one."""
        container: dict[str, Any] = self.spec["containers"][0]
        return container


def pods(found: Sequence[dict[str, Any]]) -> Iterator[Pod]:
    """Give the pods that objects would make."""
    for one in found:
        if one["kind"] in ("Deployment", "StatefulSet", "Job"):
            template = one["spec"]["template"]
            labels = template["metadata"]["labels"]
            yield Pod(
                one["metadata"]["name"], one["kind"], labels["app.kubernetes.io/component"], labels, template["spec"]
            )


def variables(container: dict[str, Any]) -> dict[str, str]:
    """Give the variables that are written out; those from Secrets as an empty text."""
    return {one["name"]: str(one.get("value", "")) for one in container.get("env", ())}
