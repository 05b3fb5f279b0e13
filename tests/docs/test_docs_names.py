"""Settings, metrics, values, commands, modules and files that the pages name are there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer

from sightline.client.command.app import build
from sightline.common.errors import Reason
from sightline.common.settings import ServiceSettings, variables
from sightline.common.state.__main__ import Settings as StateSettings
from sightline.common.telemetry import Metrics
from sightline.edge.settings import EdgeSettings
from sightline.extract.settings import ExtractSettings
from sightline.face.settings import FaceSettings
from sightline.gateway.settings import Settings as GatewaySettings
from sightline.object.settings import ObjectSettings
from sightline.standalone.settings import Settings as StandaloneSettings
from sightline.v1.job_pb2 import Job

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    {
        page
        for glob in ("*.md", "docs/**/*.md", "k8s/*.md", "client/*.md", "services/*/*.md")
        for page in ROOT.glob(glob)
    }
    | {ROOT / "charts/sightline/README.md", ROOT / "charts/sightline/templates/NOTES.txt"}
)
SERVICES: tuple[type[ServiceSettings], ...] = (
    GatewaySettings, FaceSettings, ObjectSettings, ExtractSettings, EdgeSettings, StandaloneSettings, StateSettings,
)  # fmt: skip
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def settings() -> set[str]:
    """Every variable, and what of it stands behind the prefix of its service."""
    found = set()
    for one in SERVICES:
        prefix = one.model_config["env_prefix"]
        full = {name for name, _, _ in variables(one, prefix)}
        found |= full | {name.removeprefix(prefix) for name in full}
    return found


def exported() -> set[str]:
    metrics = Metrics()
    metrics.observe_process("tests", "0")
    return {name for names in metrics.registry._collector_to_names.values() for name in names}


def unknown(found: Iterable[str], known: set[str]) -> list[str]:
    return sorted(set(found) - known)


@EACH_PAGE
def test_every_setting_is_one_that_a_service_reads(page: Path) -> None:
    words = re.findall(r"\b[A-Z][A-Z0-9]*(?:__?[A-Z0-9]+)+\b", page.read_text())
    ours = tuple(one.model_config["env_prefix"] for one in SERVICES)
    others = {*Reason.__members__, *Job.State.keys(), "MEDIA_"}
    assert unknown((w for w in words if "__" in w or w.startswith(ours)), settings() | others) == []


@EACH_PAGE
def test_every_metric_is_one_that_a_process_exports(page: Path) -> None:
    assert unknown(re.findall(r"`(sightline_[a-z_]+)[`{]", page.read_text()), exported()) == []


def has_value(schema: dict[str, Any], path: list[str]) -> bool:
    """Whether the chart takes a value; what a group leaves open takes everything, and NAME stands for any."""
    if not path or path[0].isupper() or "properties" not in schema:
        return True
    return path[0] in schema["properties"] and has_value(schema["properties"][path[0]], path[1:])


@EACH_PAGE
def test_every_value_is_one_that_the_chart_takes(page: Path) -> None:
    schema = json.loads((ROOT / "charts/sightline/values.schema.json").read_text())
    named = re.findall(r"`([a-z]\w*(?:\.[a-z]\w*)+)(?:`|: )|--set ([\w.]+)=", page.read_text(), re.IGNORECASE)
    paths = [(quoted or given).split(".") for quoted, given in named]
    of_chart = [path for path in paths if path[0] in schema["properties"] and path[-1] not in ("py", "ini")]
    assert [path for path in of_chart if not has_value(schema, path)] == []


@EACH_PAGE
def test_every_target_is_one_of_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert unknown(re.findall(r"(?:^ {4}|`)make ([a-z][a-z-]*)", page.read_text(), re.MULTILINE), targets) == []


@EACH_PAGE
def test_every_module_that_is_run_is_there(page: Path) -> None:
    modules = set(re.findall(r"python -m ((?:sightline|bench)[\w.]+)", page.read_text()))
    assert [module for module in modules if find_spec(module.rstrip(".")) is None] == []


def commands(text: str) -> list[list[str]]:
    """The command lines of `sightline` in a page, in words."""
    lines = re.findall(r"(?:^ {4}|`|\$\(|bin/)sightline ([a-z][^`|;#)\n]*)", text.replace("\n--", " --"), re.MULTILINE)
    return [shlex.split(re.split(r" && | 2>", line)[0]) for line in lines]


def refused(command: Any, words: list[str]) -> str:
    """What the command has none of: a command below it, or an option."""
    if hasattr(command, "get_command"):
        below = command.get_command(None, words[0]) if words else None
        return refused(below, words[1:]) if below else f"no command {words[0]}" if words else ""
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
    return ", ".join(word for word in words if word.startswith("--") and word.partition("=")[0] not in options)


@EACH_PAGE
def test_every_command_is_one_that_there_is(page: Path) -> None:
    root = typer.main.get_command(build())
    told = {" ".join(words): refused(root, words) for words in commands(page.read_text())}
    assert {line: reason for line, reason in told.items() if reason} == {}


@EACH_PAGE
def test_every_file_is_where_the_page_says(page: Path) -> None:
    named = re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|sql|md|ya?ml|toml|sh|json|lock|mjs))`", page.read_text())
    made = ("build/", "out/", "data/", "images/digests.lock")
    code = ("services/*/src/sightline", "services/*/src/sightline/*")
    places = [ROOT, page.parent, ROOT / "docs", *(place for glob in code for place in ROOT.glob(glob))]
    missing = [name for name in named if not any((place / name).exists() for place in places)]
    assert [name for name in missing if not name.startswith(made)] == []


@pytest.mark.parametrize("page", sorted(ROOT.glob("services/*/README.md")), ids=lambda page: str(page.parent.name))
def test_every_room_of_a_service_is_there(page: Path) -> None:
    named = re.findall(r"`([a-z_]+(?:\.py|/))`", page.read_text())
    assert [room for room in named if not any(page.parent.rglob(room.rstrip("/")))] == []
