"""Work in child processes: what comes back, what is not allowed, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import cast

import numpy as np
import pytest

from sightline.common.errors import QuotaExceeded, Reason, SightlineError
from sightline.common.media import ImageFormat, MediaInfo
from sightline.common.worker import Task
from sightline.common.worker.child import ChildLimits, Nursery

ERRANDS = Path(__file__).parent / "errands"
SMALL = ChildLimits(memory_bytes=2**27, cpu_seconds=1, wall_seconds=20, file_bytes=2**20, result_bytes=2**16)


@pytest.fixture
def errands(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ERRANDS))
    import child_errands

    return cast("ModuleType", child_errands)


@pytest.fixture
async def nursery(errands: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Nursery]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("FACE_POSTGRES__URL", "postgresql://secret")
    async with Nursery() as made:
        yield made
    assert not scratch_folders(tmp_path)


def scratch_folders(folder: Path) -> list[Path]:
    return list(folder.glob("sightline-child-*"))


def there(folder: Path) -> bool:
    return folder.exists()


def said(file: Path) -> str:
    return file.read_text() if file.exists() else ""


async def begun(file: Path) -> tuple[int, Path]:
    """Wait for what `sleep` writes of itself."""
    async with asyncio.timeout(20):
        while not (words := said(file)):
            await asyncio.sleep(0.01)
    pid, _, folder = words.partition(" ")
    return int(pid), Path(folder)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until_gone(pid: int, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while alive(pid):
            await asyncio.sleep(0.01)


async def refusal(nursery: Nursery, function: Callable[..., object], *arguments: object) -> SightlineError:
    with pytest.raises(SightlineError) as refused:
        await nursery.run(function, *arguments, limits=SMALL)
    return refused.value


async def test_data_arrays_and_our_own_classes_come_back(nursery: Nursery, errands: ModuleType) -> None:
    assert await nursery.run(errands.number) != await nursery.run(errands.number)
    told = await nursery.run(errands.echo, {"when": (1, 2.5, None), "where": Path("/x"), "what": {b"y", b"z"}})
    assert told == {"when": (1, 2.5, None), "where": Path("/x"), "what": {b"y", b"z"}}
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    assert np.array_equal(await nursery.run(errands.echo, pixels), pixels)
    assert await nursery.run(errands.info) == MediaInfo(ImageFormat.PNG, 3, 4)


async def test_an_error_of_ours_comes_out_as_itself(nursery: Nursery, errands: ModuleType) -> None:
    with pytest.raises(QuotaExceeded, match="used up") as refused:
        await nursery.run(errands.refuse)
    assert (refused.value.subject, refused.value.retry_after_seconds) == ("key:1/jobs", 7)
    with pytest.raises(SightlineError) as away:
        await nursery.run(errands.away)
    assert away.value.reason is Reason.BLOBS_UNAVAILABLE


async def test_a_fault_is_logged_where_it_was_and_tried_again(
    nursery: Nursery, errands: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    error = await refusal(nursery, errands.crash)
    assert (error.reason, error.retryable) == (Reason.INTERNAL, True)
    assert "a fault of our own" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["eat_arrays", "eat_bytes", "eat_pictures", "eat_frames", "spin", "write_much"])
async def test_media_that_takes_more_than_a_child_may_is_refused_for_good(
    nursery: Nursery, errands: ModuleType, name: str
) -> None:
    error = await refusal(nursery, getattr(errands, name))
    assert (error.reason, error.retryable) == (Reason.MEDIA_TOO_COSTLY, False)


async def test_a_child_that_takes_too_long_is_ended(nursery: Nursery, errands: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with pytest.raises(SightlineError) as refused:
        await nursery.run(errands.sleep, str(file), limits=ChildLimits(wall_seconds=3))
    assert (refused.value.reason, refused.value.retryable) == (Reason.DEADLINE_EXCEEDED, True)
    assert not alive((await begun(file))[0])


async def test_a_result_that_is_too_large_or_no_data_is_not_taken(
    nursery: Nursery, errands: ModuleType, tmp_path: Path
) -> None:
    assert "at most 65536" in (await refusal(nursery, errands.echo, bytes(2**17))).message
    assert "not plain data" in (await refusal(nursery, errands.trap, str(tmp_path / "trap"))).message
    assert not said(tmp_path / "trap")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_child_that_is_killed_from_outside_is_tried_again(
    nursery: Nursery, errands: ModuleType, number: int
) -> None:
    error = await refusal(nursery, errands.die, number)
    assert (error.reason, error.retryable) == (Reason.SERVICE_UNAVAILABLE, True)


async def test_a_decoder_that_crashes_takes_nothing_with_it(nursery: Nursery, errands: ModuleType) -> None:
    assert (await refusal(nursery, errands.fault)).reason is Reason.INTERNAL
    assert await nursery.run(errands.echo, "next") == "next"


async def test_progress_comes_back_and_what_it_raises_ends_the_child(nursery: Nursery, errands: ModuleType) -> None:
    shares: list[float] = []
    assert await nursery.run(errands.steps, progress=shares.append) == "done"
    assert shares == [0.0, 0.25, 0.5, 0.75]
    task = Task(cast("None", None), cast("None", None))  # type: ignore[arg-type]
    task.abandoned = True
    with pytest.raises(SightlineError) as lost:
        await nursery.run(errands.endless, task=task)
    assert lost.value.reason is Reason.LEASE_LOST


async def test_a_cancelled_child_is_gone_at_once_and_its_folder_with_it(
    nursery: Nursery, errands: ModuleType, tmp_path: Path
) -> None:
    running = asyncio.create_task(nursery.run(errands.sleep, str(tmp_path / "pid")))
    pid, folder = await begun(tmp_path / "pid")
    assert folder.exists()
    cancelled = time.monotonic()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert time.monotonic() - cancelled < 2
    assert not alive(pid)
    assert not folder.exists()


async def test_a_child_that_is_cancelled_before_it_begins_never_lives(
    nursery: Nursery, errands: ModuleType, tmp_path: Path
) -> None:
    for pause in (0.0, 0.001, 0.005):
        running = asyncio.create_task(nursery.run(errands.sleep, str(tmp_path / "pid")))
        await asyncio.sleep(pause)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_what_a_child_leaves_running_ends_with_it(nursery: Nursery, errands: ModuleType, tmp_path: Path) -> None:
    await nursery.run(errands.leave_a_grandchild, str(tmp_path / "pid"))
    await until_gone((await begun(tmp_path / "pid"))[0])


async def test_children_of_a_process_that_is_killed_die_with_it(errands: ModuleType, tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[1]); import child_errands\n"
        "from sightline.common.worker.child import Nursery\n"
        "async def run():\n"
        "    async with Nursery(preload=()) as nursery:\n"
        "        await nursery.run(child_errands.sleep, sys.argv[2])\n"
        "asyncio.run(run())"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(ERRANDS), str(tmp_path / "pid"))
    pid, folder = await begun(tmp_path / "pid")
    parent.kill()
    await parent.wait()
    await until_gone(pid)
    async with asyncio.timeout(5):
        while there(folder):
            await asyncio.sleep(0.01)


async def test_when_the_process_that_children_come_from_dies_another_takes_its_place(
    nursery: Nursery, errands: ModuleType, tmp_path: Path
) -> None:
    running = asyncio.create_task(nursery.run(errands.sleep, str(tmp_path / "pid")))
    pid, _ = await begun(tmp_path / "pid")
    cradle = nursery._process
    assert cradle is not None
    cradle.kill()
    with pytest.raises(SightlineError) as killed:
        await running
    assert killed.value.reason is Reason.SERVICE_UNAVAILABLE
    await until_gone(pid)
    assert await nursery.run(errands.echo, "next") == "next"


async def test_a_child_has_no_network_no_secrets_and_nothing_of_its_parent(
    nursery: Nursery, errands: ModuleType
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert await nursery.run(errands.connect, server.getsockname()[1]) == "PermissionError"
    seen = await nursery.run(errands.surroundings)
    assert not [name for name in seen["environment"] if name.startswith("FACE_")]
    assert seen["files"] <= 7
    assert seen["folder"] == seen["temporary"]
    assert seen["capabilities"] == 0
    assert seen["seccomp"] == "2"
    assert seen["first_to_go"] == "1000"
    assert seen["group"]


@pytest.mark.parametrize(("barrier", "error"), [("leave_network", "OSError"), ("refuse_sockets", "PermissionError")])
def test_each_barrier_before_the_network_holds_by_itself(barrier: str, error: str) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from sightline.common.worker.child import confinement\n"
        "import child_errands\n"
        "confinement._prctl(38, 1)\n"
        f"assert confinement.{barrier}()\n"
        "print(child_errands.connect(int(sys.argv[2])))"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        said = subprocess.run(
            [sys.executable, "-c", program, str(ERRANDS), port],
            capture_output=True, text=True, check=True, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
    assert said.stdout.strip() == error


def test_without_any_barrier_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import os\n"
        "from sightline.common.worker.child import confinement as c\n"
        "c.leave_network = c.refuse_sockets = lambda: False\n"
        "os.setsid = lambda: None\n"
        "try:\n    c.confine(c.Share(2**27, 5, 2**20), os.getppid())\n"
        "except c.NotConfinedError as error:\n    print(error)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "neither a network namespace nor a seccomp filter" in said.stdout
