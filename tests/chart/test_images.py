"""What goes into the images: versions that were tested, and nothing that does not serve."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from rendering import ROOT, objects, pods

from images import build

SERVICES = ("gateway", "face", "object", "extract")
GPU = ("face-gpu", "object-gpu")
REQUIREMENTS = ROOT / "requirements"


def pins(name: str) -> dict[str, str]:
    """Give the versions of a lock as an image installs them: on Linux, by Python 3.11."""
    here = {"sys_platform": "linux", "python_version": "3.11", "python_full_version": "3.11.14"}
    lines = (REQUIREMENTS / f"{name}.lock").read_text().splitlines()
    found = [Requirement(line.rstrip("\\")) for line in lines if line[:1].isalnum()]
    taken = [one for one in found if one.marker is None or one.marker.evaluate(here)]
    return {one.name.lower().replace("_", "-"): str(one.specifier).removeprefix("==") for one in taken}


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
def test_an_image_runs_its_service_with_what_it_has_and_nothing_else(service: str, tmp_path: Path) -> None:
    uv, lock = ROOT / ".venv/bin/uv", REQUIREMENTS / f"{service}.lock"
    # From the cache of `make setup`, which installed the same wheels.
    installing = [str(uv), "pip", "install", "--quiet", "--offline", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*installing, "--python", sys.executable, "--target", str(tmp_path), "-r", str(lock)], check=True)
    packages = ["common", service, *(("edge",) if service == "gateway" else ())]
    for name in packages:  # what they say of themselves is asked for by name
        (about,) = Path(sysconfig.get_path("purelib")).glob(f"sightline_{name}-*.dist-info")
        shutil.copytree(about, tmp_path / about.name)
    path = [str(tmp_path), str(ROOT / "protos/gen"), *(str(ROOT / f"services/{name}/src") for name in packages)]
    modules = [f"sightline.{service}.main", *(("sightline.edge.config",) if service == "gateway" else ())]
    modules += ["sightline.common.state.schema", "sightline.common.models.command"]
    code = f"import sys; sys.path[:0] = {path}; import {', '.join(modules)}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("service", [*SERVICES, *GPU])
def test_no_image_has_what_trains_builds_or_tests(service: str) -> None:
    unwanted = {"torch", "torchvision", "ultralytics", "opencv-python", "pytest", "mypy", "ruff", "grpcio-tools", "pip"}
    compilers = {"cython", "nvidia-cuda-nvcc", "setuptools", "hatchling", "ninja", "cmake"}
    assert pins(service).keys() & (unwanted | compilers) == set()


@pytest.mark.parametrize("image", GPU)
def test_an_image_for_gpus_differs_in_the_runtime_and_its_libraries_alone(image: str) -> None:
    plain, gpu = pins(image.removesuffix("-gpu")), pins(image)
    assert gpu.pop("onnxruntime-gpu") == plain.pop("onnxruntime")
    assert {name: version for name, version in gpu.items() if not name.startswith("nvidia-")} == plain
    assert {"nvidia-cublas", "nvidia-cudnn-cu13", "nvidia-cuda-runtime"} <= gpu.keys()


def test_nothing_is_compiled_or_installed_in_what_runs() -> None:
    stages = stages_of((ROOT / "images/Dockerfile").read_text())
    assert set(SERVICES) | set(GPU) <= stages.keys()
    for name, (base, lines) in stages.items():
        text = "\n".join(lines)
        assert not re.search(r"\b(apt-get|apk|gcc|g\+\+|make|build-essential)\b", text), name
        if name.endswith("-packages"):
            # A source distribution would need a compiler: the build fails instead.
            assert "--only-binary :all: --require-hashes" in text
        if name in (*SERVICES, *GPU):
            assert base == ("serving-gpu" if name in GPU else "serving")
            assert [line.split()[0] for line in lines] == ["COPY", "USER", "CMD"]
            assert lines[0] == f"COPY --from={name}-packages /packages /packages"
            assert f"sightline.{name.removesuffix('-gpu')}.main" in lines[2]


def stages_of(dockerfile: str) -> dict[str, tuple[str, list[str]]]:
    """Give the base and the instructions of every stage."""
    stages: dict[str, tuple[str, list[str]]] = {}
    for line in dockerfile.replace("\\\n", " ").splitlines():
        if begun := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            current = stages[begun[2]] = (begun[1], [])
        elif line and not line.startswith(("#", "ARG")):
            current[1].append(line)
    return stages


def test_an_image_is_built_from_a_base_that_is_named_by_its_digest(tmp_path: Path) -> None:
    lock = tmp_path / "digests.lock"
    lock.write_text(f"{build.base_reference((ROOT / 'images/Dockerfile').read_text())} sha256:{'b' * 64}\n")
    base = build.pinned("/nonexistent/docker", lock=lock)
    assert re.fullmatch(r"docker\.io/library/python:3\.11\S*@sha256:b{64}", base)
    command = build.command("docker", "face", "sightline-face:1", base, tmp_path / "face.json", push=True)
    assert f"PYTHON_IMAGE={base}" in command
    assert {"--sbom=true", "--provenance=mode=max"} <= set(command)


def test_a_digest_that_cannot_be_had_is_said_and_none_is_made_up(tmp_path: Path) -> None:
    with pytest.raises(build.Failed, match=r"pull docker\.io/library/python"):
        build.pinned(str(tmp_path / "docker"), lock=tmp_path / "digests.lock")
    assert not (tmp_path / "digests.lock").exists()


def test_the_digests_of_pushed_images_are_values_of_the_chart(tmp_path: Path) -> None:
    digests = dict.fromkeys((*SERVICES, *GPU), f"sha256:{'c' * 64}")
    file = tmp_path / "image-values.yaml"
    file.write_text(build.values(digests))
    images = {pod.main["image"] for pod in pods(objects("gpu", ("--values", str(file)))) if pod.component in SERVICES}
    assert images == {
        f"sightline-{name}@sha256:{'c' * 64}" for name in ("gateway", "face-gpu", "object-gpu", "extract")
    }


@pytest.mark.parametrize("image", ["gateway", "face-gpu"])
def test_the_list_of_contents_has_every_package_of_the_image_and_its_hashes(image: str, tmp_path: Path) -> None:
    python = ROOT / "build/sbom/bin/python"
    assert python.exists(), "make test makes it; alone: make build/sbom/.locked"
    file = tmp_path / "sbom.json"
    subprocess.run([str(python), str(ROOT / "images/contents.py"), image, str(file)], check=True, timeout=120)
    listed = json.loads(file.read_text())
    assert (listed["bomFormat"], listed["metadata"]["component"]["name"]) == ("CycloneDX", f"sightline-{image}")
    assert {one["name"].lower().replace("_", "-"): one["version"] for one in listed["components"]} == pins(image)
    for one in listed["components"]:
        assert one["purl"].startswith("pkg:pypi/")
        assert all(each["hashes"] for each in one["externalReferences"] if each["type"] == "distribution")


def test_there_is_a_target_for_every_image_that_the_chart_names() -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "images/Dockerfile").read_text(), re.MULTILINE))
    for pod in pods(objects("production")):
        for container in pod.containers:
            if "/sightline-" in container["image"]:
                name = re.sub(r".*/sightline-([a-z-]+)[:@].*", r"\1", container["image"])
                assert name in targets
                # What is run is in that image: its own service, the common code; the door's is in the gateway's.
                module = container["command"][2]
                packages = {"gateway": ("gateway", "common", "edge")}.get(name, (name, "common"))
                assert module.split(".")[1] in packages


def test_the_images_run_as_the_user_of_the_chart() -> None:
    text = (ROOT / "images/Dockerfile").read_text()
    (pod, *_) = pods(objects("production"))
    assert text.count(f"USER {pod.spec['securityContext']['runAsUser']}:") == len(SERVICES) + len(GPU)
