"""What a policy says of what the chart makes, and of the Dockerfile: nothing that charts/policy.yaml leaves open."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendering import ROOT, SETS, objects, pods, rendered

TOOLS = ROOT / "build/policy/bin"
EXPLAINED: dict[str, str] = yaml.safe_load((ROOT / "charts/policy.yaml").read_text())
DIGEST = f"sha256:{'a' * 64}"

# Shows that the judge is awake: a pod that no policy lets pass.
PLANTED = """
apiVersion: v1
kind: Pod
metadata: {name: planted, namespace: vision}
spec:
  hostNetwork: true
  containers:
    - {name: root, image: "docker.io/library/python:latest", securityContext: {privileged: true}}
"""


def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the policy's environment, which may not ask anybody else."""
    assert (TOOLS / arguments[0]).is_file(), "make test makes it; alone: make build/policy/.locked"
    nobody = {f"{scheme}_proxy": "http://127.0.0.1:1" for scheme in ("http", "https", "HTTP", "HTTPS")}
    return subprocess.run(
        [str(TOOLS / arguments[0]), *arguments[1:]],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"HOME": "/nonexistent", "PATH": os.environ["PATH"], **nobody},
    )


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    """Objects by the check that they fail; all sets in one run, since starting takes longer than looking."""
    folder = tmp_path_factory.mktemp("policy")
    for name in SETS:
        (folder / f"{name}.yaml").write_text(rendered(name))
    (folder / "planted.yaml").write_text(PLANTED)
    (folder / "Dockerfile").write_text((ROOT / "images/Dockerfile").read_text())
    done = tool(
        *("checkov", "--directory", str(folder), "--framework", "kubernetes", "dockerfile"),
        *("--skip-download", "--compact", "--quiet", "--output", "json"),
    )
    reports = {report["check_type"]: report for report in json.loads(done.stdout)}
    assert reports.keys() == {"kubernetes", "dockerfile"}
    assert all(report["summary"]["parsing_errors"] == 0 for report in reports.values())
    # A rendering that could not be read would have nothing against it.
    assert reports["kubernetes"]["summary"]["resource_count"] > 300
    return _by_check(reports.values())


def test_the_policy_sees_what_is_wrong(findings: Mapping[str, set[str]]) -> None:
    seen = {check for check, found in findings.items() if "Pod.vision.planted" in found}
    privileged, host_network, floating_tag = "CKV_K8S_16", "CKV_K8S_19", "CKV_K8S_14"
    assert {privileged, host_network, floating_tag} <= seen


def test_every_finding_is_mended_or_explained(findings: Mapping[str, set[str]]) -> None:
    ours = {check: found - {"Pod.vision.planted"} for check, found in findings.items()}
    assert {check: found for check, found in ours.items() if found and check not in EXPLAINED} == {}


def test_nothing_is_explained_that_is_not_found(findings: Mapping[str, set[str]]) -> None:
    needed = {check for check, found in findings.items() if found - {"Pod.vision.planted"}}
    assert EXPLAINED.keys() - needed == set()
    assert all(len(reason.split()) > 15 for reason in EXPLAINED.values())


def test_every_image_can_be_given_by_its_digest() -> None:
    ours = [f"image.digests.{name}={DIGEST}" for name in ("gateway", "face", "object", "extract")]
    others = ("edge.image", "postgres.internal.image", "redis.internal.image", "pgbouncer.image")
    given = [*ours, *(f"{value}=registry.example.org/{value}@{DIGEST}" for value in others)]
    found = objects("minimal", ("--set", ",".join((*given, "pgbouncer.enabled=true"))))
    images = {one["image"] for pod in pods(found) for one in pod.containers}
    assert len(images) == len(given)
    assert all(image.endswith(DIGEST) for image in images)


def test_the_linter_of_the_dockerfile_finds_nothing() -> None:
    done = tool("hadolint", "--failure-threshold", "style", "--format", "json", str(ROOT / "images/Dockerfile"))
    assert json.loads(done.stdout) == []


def test_the_composition_is_one_that_compose_takes(tmp_path: Path) -> None:
    schema = ("check-jsonschema", "--builtin-schema", "vendor.compose-spec")
    done = tool(*schema, str(ROOT / "compose/compose.yaml"))
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((ROOT / "compose/compose.yaml").read_text().replace("cap_drop", "cap_drops"))
    assert tool(*schema, str(wrong)).returncode == 1


def _by_check(reports: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for report in reports:
        for one in report["results"]["failed_checks"]:
            found.setdefault(one["check_id"], set()).add(one["resource"])
    return found
