"""The whole system on one machine, as everybody gets it."""

from __future__ import annotations

import json
import signal
import socket
import stat
from collections.abc import Callable

import httpx
import psutil
import psycopg
import pytest
from servers import System

from sightline.standalone.catalogue import SERVICES
from sightline.standalone.folder import AlreadyRunningError

PARTS = ("postgres", "valkey", *SERVICES, "envoy")


def jobs_status(system: System) -> int:
    """What the public door answers to someone with the key who asks for the jobs."""
    headers = {"Authorization": f"Bearer {system.key}"}
    return httpx.get(f"{system.addresses.server}/v1/jobs", headers=headers).status_code


def test_every_part_is_up_in_a_process_group_of_its_own(system: System) -> None:
    assert set(system.pids) == set(PARTS)
    assert all(psutil.pid_exists(pid) for pid in system.pids.values())


def test_the_public_door_answers_whoever_has_the_key(system: System) -> None:
    assert jobs_status(system) == 200
    assert httpx.get(f"{system.addresses.server}/v1/jobs").status_code == 401


def test_every_address_that_is_shown_answers(system: System) -> None:
    words = system.addresses.public_words()
    pages = [address for name, address in words.items() if name == "OpenAPI" or name.startswith("metrics")]
    assert len(pages) == len(SERVICES) + 2
    assert [httpx.get(page).status_code for page in pages] == [200] * len(pages)


def test_clients_find_the_system_by_a_private_file(system: System) -> None:
    run = system.folder.run
    assert stat.S_IMODE(run.stat().st_mode) == stat.S_IMODE(system.folder.key.stat().st_mode) == 0o600
    state = json.loads(run.read_text())
    assert state["server"] == system.addresses.server
    assert psutil.pid_exists(state["pid"])
    assert system.key not in run.read_text()


def test_nothing_listens_beyond_this_machine(system: System) -> None:
    for pid in system.pids.values():
        listening = {c.laddr.ip for c in psutil.Process(pid).net_connections() if c.status == "LISTEN"}
        assert listening <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_a_second_supervisor_is_refused(system: System, own_system: Callable[..., System]) -> None:
    with pytest.raises(AlreadyRunningError, match="already runs"):
        own_system(folder=system.folder.root)
    assert jobs_status(system) == 200


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_killed_comes_back(system: System, name: str) -> None:
    pid, restarts = system.pids[name], system.restarts[name]
    system.kill(name, signal.SIGKILL)
    system.until_ready(name)
    assert system.pids[name] != pid
    assert system.restarts[name] == restarts + 1
    for service in SERVICES:
        system.until_ready(service)
    assert wait_for_jobs(system)


def wait_for_jobs(system: System, tries: int = 20) -> bool:
    """Whether the door opens again; while the gateway finds its database anew it may say 503 for a moment."""
    return any(jobs_status(system) == 200 for _ in range(tries))


def test_what_was_kept_is_there_after_the_next_start_and_a_taken_port_is_no_obstacle(
    own_system: Callable[..., System],
) -> None:
    first = own_system()
    key, port, pids = first.key, first.addresses.public, dict(first.pids)
    with psycopg.connect(first.addresses.postgres_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    first.stop()
    assert not any(psutil.pid_exists(pid) for pid in pids.values())
    assert not first.folder.run.exists()
    with socket.create_server(("127.0.0.1", port)):
        second = own_system(public_port=port)
        assert second.addresses.public != port
    assert second.key == key
    assert jobs_status(second) == 200
    with psycopg.connect(second.addresses.postgres_url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
