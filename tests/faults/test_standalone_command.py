"""`up` and `down` as a person uses them, with real signals."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import psutil
import pytest
from servers import ended

COMMAND = (sys.executable, "-m", "sightline.standalone")
NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
READING = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
"""The interpreter may lie in root's closed home: this right lets it be read, and changes nothing else."""

PATIENCE_SECONDS = 90.0


@pytest.fixture
def environment(tmp_path: Path, models_folder: Path) -> dict[str, str]:
    """A data folder of this test's own, and no preferred port."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "STANDALONE_FOLDER": str(tmp_path / "data"),
        "STANDALONE_MODELS_FOLDER": str(models_folder),
        "STANDALONE_PUBLIC_PORT": "0",
    }


@contextlib.contextmanager
def up(environment: Mapping[str, str], log: Path, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """`up` in the foreground, with its output in a file."""
    with log.open("wb") as file:
        child = subprocess.Popen((*before, *COMMAND, "up"), env=environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        child.wait(PATIENCE_SECONDS)


def said(child: subprocess.Popen[bytes], log: Path, words: str) -> str:
    """Wait until the log of a process has certain words in it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while words not in (text := log.read_text()):
        assert child.poll() is None, f"it ended, and no {words!r} in:\n{text}"
        assert time.monotonic() < deadline, f"no {words!r} in:\n{text}"
        time.sleep(0.05)
    return text


def family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def gone(processes: list[psutil.Process]) -> bool:
    return all(ended(process.pid) for process in processes)


def run(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*COMMAND, *words), env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_ends_well_at_a_signal_and_leaves_nothing_but_the_data(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "log"
    with up(environment, log) as child:
        text = said(child, log, "export SIGHTLINE_KEY=")
        server = re.findall("export SIGHTLINE_SERVER=(.+)", text)[0]
        assert httpx.get(f"{server}/v1/openapi.json").status_code == 200
        processes = family(child.pid)
        assert len({process.name() for process in processes}) >= 4
        child.send_signal(number)
        child.send_signal(number)
        assert child.wait(PATIENCE_SECONDS) == 0
    assert gone(processes)
    assert "everything has stopped" in log.read_text()
    assert not (tmp_path / "data" / "run.json").exists()


def test_up_can_be_ended_while_it_starts(environment: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    with up(environment, log) as child:
        said(child, log, "postgres")
        processes = family(child.pid)
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE_SECONDS) == 0
    assert gone(processes)


def test_a_killed_supervisor_leaves_no_orphan_and_a_folder_that_starts_again(
    environment: dict[str, str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    first = run(environment, "up", "--detach")
    assert first.returncode == 0, first.stdout + first.stderr
    pid = int((data / "lock").read_text())
    processes = family(pid)
    os.kill(pid, signal.SIGKILL)
    assert gone(processes)
    again = run(environment, "up", "--detach")
    assert again.returncode == 0, again.stdout + again.stderr
    key = re.findall("export SIGHTLINE_KEY=.+", first.stdout)
    assert key
    assert re.findall("export SIGHTLINE_KEY=.+", again.stdout) == key
    second = run(environment, "up")
    assert second.returncode == 1
    assert "already runs" in second.stderr
    processes = family(int((data / "lock").read_text()))
    down = run(environment, "down")
    assert down.returncode == 0
    assert "stopped process" in down.stdout
    assert gone(processes)
    assert "nothing runs" in run(environment, "down").stdout


def test_a_start_that_fails_says_why_and_leaves_nothing(environment: dict[str, str]) -> None:
    environment["STANDALONE_POSTGRES_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    outcome = run(environment, "up", "--detach")
    assert outcome.returncode == 1
    assert "migrations" in outcome.stderr
    assert "nothing runs" in run(environment, "down").stdout


def test_an_unknown_setting_is_refused(environment: dict[str, str]) -> None:
    environment["STANDALONE_PUBIC_PORT"] = "80"
    outcome = run(environment, "up")
    assert outcome.returncode == 2
    assert "STANDALONE_PUBIC_PORT" in outcome.stderr


def test_settings_are_listed_with_their_defaults(environment: dict[str, str]) -> None:
    outcome = run(environment, "settings")
    assert "STANDALONE_PUBLIC_PORT" in outcome.stdout
    assert "default: 8080" in outcome.stdout


@pytest.fixture
def home(models_folder: Path) -> Iterator[Path]:
    """A folder of an ordinary user, at a place that this user can reach, with the models that are here already."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        mine = Path(name) / "home"
        mine.mkdir(mode=0o700)
        models = mine / "data" / "models"
        if models_folder.exists():
            shutil.copytree(models_folder, models)
        for path in (mine, *mine.rglob("*")) if os.geteuid() == 0 else ():
            shutil.chown(path, "nobody", "nogroup")
        yield mine


def as_ordinary_user() -> tuple[str, ...]:
    """What goes before a command so that an ordinary user runs it."""
    if os.geteuid() != 0:
        return ()
    version = (sys.executable, "-c", "import sys; print(sys.version)")
    plain = subprocess.run((*NOBODY, *version), capture_output=True, text=True, check=False)
    return NOBODY if plain.stdout.strip() == sys.version else (*NOBODY, *READING)


def test_an_ordinary_user_runs_everything(home: Path, environment: dict[str, str]) -> None:
    environment |= {"HOME": str(home), "STANDALONE_FOLDER": str(home / "data")}
    del environment["STANDALONE_MODELS_FOLDER"]
    log = home.parent / "log"
    with up(environment, log, as_ordinary_user()) as child:
        said(child, log, "export SIGHTLINE_KEY=")
        expected = "nobody" if os.geteuid() == 0 else getpass.getuser()
        processes = family(child.pid)
        assert {process.username() for process in processes} == {expected}
        assert (home / "data" / "postgres" / "cluster").owner() == expected
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE_SECONDS) == 0
    assert gone(processes)
