"""What goes into the images: versions that were tested, and nothing that does not serve."""

from __future__ import annotations

import re
import tomllib

import pytest
from rendering import ROOT, objects, pods

SERVICES = ("gateway", "face", "object", "extract")
REQUIREMENTS = ROOT / "requirements"
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)( ; sys_platform == 'never')?", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Give the versions of a lock; what is installed nowhere is left out."""
    found = PIN.findall((REQUIREMENTS / f"{name}.lock").read_text())
    return {package.lower().replace("_", "-"): version for package, version, never in found if not never}


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_has_the_versions_that_the_tests_ran_with(service: str) -> None:
    tested, served = pins("dev"), pins(service)
    assert {name: version for name, version in served.items() if tested.get(name) != version} == {}


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_has_all_that_its_packages_ask_for(service: str) -> None:
    served = pins(service)
    for package in ("common", service):
        project = tomllib.loads((ROOT / f"services/{package}/pyproject.toml").read_text())["project"]
        wanted = {re.split(r"[\[<>=; ]", one)[0].lower() for one in project["dependencies"]}
        assert {name for name in wanted if not name.startswith("sightline-")} <= served.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_no_image_has_what_trains_builds_or_tests(service: str) -> None:
    unwanted = {"torch", "torchvision", "ultralytics", "opencv-python", "pytest", "mypy", "ruff", "grpcio-tools", "pip"}
    assert pins(service).keys() & unwanted == set()


def test_there_is_a_target_for_every_image_that_the_chart_names() -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "images/Dockerfile").read_text(), re.MULTILINE))
    for pod in pods(objects("production")):
        for container in pod.containers:
            if "/sightline-" in container["image"]:
                name = re.sub(r".*/sightline-([a-z]+)[:@].*", r"\1", container["image"])
                assert name in targets
                # What is run is in that image: its own service, the common code; the door's is in the gateway's.
                module = container["command"][2]
                packages = {"gateway": ("gateway", "common", "edge")}.get(name, (name, "common"))
                assert module.split(".")[1] in packages


def test_the_images_run_as_the_user_of_the_chart() -> None:
    text = (ROOT / "images/Dockerfile").read_text()
    (pod, *_) = pods(objects("production"))
    assert text.count(f"USER {pod.spec['securityContext']['runAsUser']}:") == len(SERVICES)
