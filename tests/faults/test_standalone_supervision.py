"""Supervision, with small real processes and real signals."""

from __future__ import annotations

import asyncio
import io
import itertools
import os
import signal
import socket
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from servers import ended

from sightline.standalone.log import Log
from sightline.standalone.ports import Ports
from sightline.standalone.probes import http_ok
from sightline.standalone.program import Program, StartError
from sightline.standalone.supervisor import Supervisor


def web(name: str, folder: Path, port: int) -> Program:
    """A small server that is ready when it answers."""
    command = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port))
    return Program(name=name, command=command, ready=http_ok(port, "/"), folder=folder)


def script(name: str, text: str, **more: object) -> Program:
    """A program of a few lines of Python."""
    return Program(name=name, command=(sys.executable, "-c", textwrap.dedent(text)), **more)  # type: ignore[arg-type]


async def always() -> bool:
    return True


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
async def supervisor(stream: io.StringIO) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(Log(stream))
    yield supervisor
    await supervisor.stop()


async def test_a_killed_process_is_started_again_and_serves_at_the_same_port(
    supervisor: Supervisor, tmp_path: Path, stream: io.StringIO
) -> None:
    await supervisor.start(web("web", tmp_path, Ports().take()))
    first = supervisor.pids["web"]
    supervisor.kill("web", signal.SIGKILL)
    await asyncio.wait_for(supervisor.until_ready("web"), 10)
    assert supervisor.pids["web"] != first
    assert supervisor.restarts["web"] == 1
    assert "web ended with SIGKILL" in stream.getvalue()


async def test_a_process_that_keeps_dying_is_tried_less_and_less_often(supervisor: Supervisor, tmp_path: Path) -> None:
    deaths = tmp_path / "deaths"
    text = f"""
        import pathlib, time
        with pathlib.Path({str(deaths)!r}).open("a") as file:
            file.write(f"{{time.monotonic()}}\\n")
        time.sleep(0.05)
        raise SystemExit(3)
    """
    await supervisor.start(script("weak", text, ready=always))
    while len(times := read_times(deaths)) < 5:
        await asyncio.sleep(0.05)
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert waits[3] >= 1.0
    assert waits[3] > waits[0]
    assert supervisor.restarts["weak"] >= 4


def read_times(path: Path) -> list[float]:
    return [float(line) for line in path.read_text().splitlines()] if path.exists() else []


async def test_groups_stop_in_the_opposite_order(supervisor: Supervisor, stream: io.StringIO) -> None:
    text = """
        import signal, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("bye", flush=True)))
        print("hello", flush=True)
        signal.pause()
    """

    def hello(name: str) -> Program:
        async def probe() -> bool:
            return f"{name.ljust(10)} | hello" in stream.getvalue()

        return script(name, text, ready=probe)

    await supervisor.start(hello("first"))
    await supervisor.start(hello("second"))
    await supervisor.start(hello("third"))
    await supervisor.stop()
    said = [line.split()[0] for line in stream.getvalue().splitlines() if line.endswith("bye")]
    assert said == ["third", "second", "first"]
    assert supervisor.pids == {}


async def test_a_process_that_will_not_end_is_killed_after_its_time(
    supervisor: Supervisor, stream: io.StringIO
) -> None:
    text = """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf", flush=True)
        while True: signal.pause()
    """

    async def deaf() -> bool:
        return "| deaf" in stream.getvalue()

    await supervisor.start(script("deaf", text, ready=deaf, stop_seconds=0.5))
    pid = supervisor.pids["deaf"]
    started = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - started < 3
    assert not psutil.pid_exists(pid)
    assert "was killed" in stream.getvalue()


async def test_what_a_process_leaves_behind_ends_with_it(supervisor: Supervisor, stream: io.StringIO) -> None:
    text = """
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("child", child.pid, flush=True)
        time.sleep(600)
    """

    async def told() -> bool:
        return "child" in stream.getvalue()

    await supervisor.start(script("parent", text, ready=told))
    grandchild = int(stream.getvalue().split()[-1])
    await supervisor.stop()
    assert ended(grandchild)


async def test_a_process_that_cannot_start_says_its_last_words_and_leaves_nothing(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    good = web("good", tmp_path, Ports().take())
    await supervisor.start(good)
    pid = supervisor.pids["good"]
    with pytest.raises(StartError, match="no such luck"):
        await supervisor.start(script("bad", "raise SystemExit('no such luck')", ready=always_not))
    await supervisor.stop()
    assert not psutil.pid_exists(pid)


async def always_not() -> bool:
    return False


async def test_a_process_that_never_serves_is_given_up_after_its_time(supervisor: Supervisor) -> None:
    with pytest.raises(StartError, match=r"not ready after 0\.3 s"):
        await supervisor.start(script("slow", "import time; time.sleep(60)", ready=always_not, ready_seconds=0.3))


async def test_a_task_that_fails_is_an_error_and_one_that_succeeds_is_not(supervisor: Supervisor) -> None:
    await supervisor.run(script("fine", "print('done')"))
    with pytest.raises(StartError, match="status 4"):
        await supervisor.run(script("wrong", "raise SystemExit(4)"))


async def test_a_missing_binary_is_named(supervisor: Supervisor) -> None:
    with pytest.raises(StartError, match="cannot run /no/such/binary"):
        await supervisor.run(Program(name="missing", command=("/no/such/binary",)))


async def test_a_line_without_end_does_not_fill_the_memory(supervisor: Supervisor, stream: io.StringIO) -> None:
    await supervisor.run(script("endless", "print('x' * 1_000_000)"))
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) < 200_000
    assert sum(line.count("x") for line in lines) == 1_000_000


async def test_a_child_sees_no_variable_that_it_was_not_given(
    supervisor: Supervisor, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_RPC__PORT", "1")
    text = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))"
    await supervisor.run(script("bare", text, environment={"ONLY": "this"}))
    assert "| ['ONLY']" in stream.getvalue()


async def test_no_orphan_is_left_when_the_supervisor_itself_is_killed(tmp_path: Path) -> None:
    ports = Ports()
    wanted = [ports.take() for _ in range(3)]
    text = f"""
        import asyncio, io, pathlib, signal, sys
        sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]}
        from test_standalone_supervision import web
        from sightline.standalone.log import Log
        from sightline.standalone.supervisor import Supervisor

        async def main():
            supervisor = Supervisor(Log(io.StringIO()))
            for port in {wanted}:
                await supervisor.start(web(f"web-{{port}}", pathlib.Path({str(tmp_path)!r}), port))
            print(*supervisor.pids.values(), flush=True)
            await asyncio.Event().wait()

        asyncio.run(main())
    """
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(text), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pids = [int(word) for word in (await parent.stdout.readline()).split()]
    assert len(pids) == 3
    assert all(psutil.pid_exists(pid) for pid in pids)
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    assert [ended(pid) for pid in pids] == [True, True, True]
    for port in wanted:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
