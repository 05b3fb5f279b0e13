"""The two clients are one: the blocking one is made from the asynchronous one, and neither costs what it need not."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sightline.client import AsyncSightline, Sightline, errors
from sightline.v1.errors_pb2 import ErrorReason

GENERATE = Path(__file__).parent.parent / "generate.py"
GROUPS = ["faces", "objects", "extract", "jobs", "media", "dead_letters", "schedules", "webhooks", "people"]


def methods(thing: Any) -> dict[str, str]:
    """Give every public method with its signature, in the words of the blocking client."""
    members = inspect.getmembers(type(thing), inspect.isroutine)
    return {name: blocking(str(inspect.signature(member))) for name, member in members if name[0] != "_"}


def blocking(signature: str) -> str:
    return re.sub(r"\bAsync([A-Z])", r"\1", signature)


@pytest.mark.parametrize("group", [None, *GROUPS])
def test_both_clients_have_the_same_methods_with_the_same_signatures(group):
    clients = AsyncSightline(), Sightline()
    pair = clients if group is None else tuple(getattr(client, group) for client in clients)
    assert methods(pair[0]) == methods(pair[1]) != {}


def test_both_clients_are_made_with_the_same_arguments():
    assert inspect.signature(AsyncSightline) == inspect.signature(Sightline)


def test_the_blocking_client_is_what_the_asynchronous_one_says():
    done = subprocess.run([sys.executable, GENERATE, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_reasons_that_the_client_acts_on_are_in_the_contract():
    package = Path(inspect.getfile(errors)).parent
    source = "".join(file.read_text() for file in package.rglob("*.py"))
    named = re.findall(r'reason(?: ==|=|\.startswith\() ?"([A-Z_]+)"|_ELSEWHERE = "([A-Z_]+)"', source)
    names = {first or second for first, second in named}
    assert {"KIND_NOT_SERVED", "UPLOAD_OFFSET_MISMATCH", "MEDIA_TOO_LARGE"} <= names
    known = [name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()]  # noqa: SIM118 - an enum, not a dict
    assert all(any(reason.startswith(name) for reason in known) for name in names)


def imported_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_client_loads_neither_the_services_nor_what_only_drawing_needs():
    loaded = imported_by("from sightline.client import Sightline, AsyncSightline")
    assert "grpc" in loaded
    assert not loaded & {"sightline.common", "numpy", "cv2", "PIL", "typer", "rich", "opentelemetry"}


def test_the_command_line_loads_grpc_and_rich_only_when_they_are_needed():
    loaded = imported_by("from sightline.client.command import main, app; app.build()")
    assert not loaded & {"grpc", "rich.console", "google.protobuf", "sightline.common", "numpy", "PIL"}
