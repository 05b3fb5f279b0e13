"""The embedded servers: who runs them, what they leave, what they survive."""

from __future__ import annotations

import asyncio
import getpass
import io
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from servers import Server

from sightline.edge import EdgeOptions, contract_file, write_config
from sightline.standalone import accounts, envoy, leftovers, postgres
from sightline.standalone.log import Log
from sightline.standalone.ports import Ports
from sightline.standalone.program import Account
from sightline.standalone.supervisor import Supervisor


def cluster_of(server: Server) -> Path:
    return Path(psutil.Process(server.pid).cwd())


def test_postgres_does_not_run_as_root_and_shares_nothing(own_postgres: Server) -> None:
    process = psutil.Process(own_postgres.pid)
    uids, gids = process.uids(), process.gids()
    assert 0 not in (uids.real, uids.effective, uids.saved, gids.real, gids.effective)
    assert "0" not in Path(f"/proc/{own_postgres.pid}/status").read_text().split("Groups:")[1].splitlines()[0].split()
    assert stat.S_IMODE(cluster_of(own_postgres).stat().st_mode) == 0o700


def test_postgres_works_inside_a_folder_that_others_cannot_enter(own_postgres: Server, tmp_path: Path) -> None:
    assert not accounts.can_reach(Account(65_534, 65_534), tmp_path)
    assert psutil.Process(own_postgres.pid).username() == ("nobody" if os.geteuid() == 0 else getpass.getuser())
    with psycopg.connect(own_postgres.url) as connection:
        connection.execute("CREATE TABLE works (it bool)")


def test_postgres_listens_on_loopback_alone_and_has_no_socket_file(own_postgres: Server) -> None:
    listening = [c.laddr.ip for c in psutil.Process(own_postgres.pid).net_connections() if c.status == "LISTEN"]
    assert listening == ["127.0.0.1"]
    assert not [path for path in cluster_of(own_postgres).rglob("*") if path.is_socket()]


def test_no_password_is_seen_in_the_list_of_processes(postgres_server: Server, valkey_server: Server) -> None:
    for server in (postgres_server, valkey_server):
        password = server.url.split(":")[2].split("@")[0]
        process = psutil.Process(server.pid)
        assert password not in " ".join(process.cmdline())
        assert password not in str(process.environ())


def test_a_number_that_a_stranger_has_now_does_not_keep_postgres_from_starting(own_postgres: Server) -> None:
    cluster = cluster_of(own_postgres)
    file = cluster / "postmaster.pid"
    own_postgres.kill()
    words = file.read_text().splitlines()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        file.write_text("\n".join([str(stranger.pid), *words[1:]]) + "\n")
        own_postgres.start()
        stranger.kill()
    with psycopg.connect(own_postgres.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_was_left_in_the_cluster_is_ended_first(own_postgres: Server) -> None:
    pid = own_postgres.pid
    cluster = cluster_of(own_postgres)
    leftovers.clear(cluster)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert not (cluster / "postmaster.pid").exists()


def test_a_cluster_that_was_left_half_made_is_made_anew(tmp_path: Path) -> None:
    cluster = postgres.Cluster(tmp_path / "cluster", accounts.unprivileged("nobody"))
    (tmp_path / "cluster.draft" / "base").mkdir(parents=True)
    postgres.initialise(cluster, "password")
    assert (cluster.folder / "PG_VERSION").read_text().strip() == "18"
    assert [path.name for path in tmp_path.iterdir()] == ["cluster"]


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of this test's own, for binaries that lie where the account can't go."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        monkeypatch.setattr(postgres, "CACHE", Path(name))
        monkeypatch.setattr(postgres, "can_reach", lambda account, path: False)
        yield Path(name)


def test_binaries_in_a_closed_home_are_copied_once_and_work(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = postgres.binaries(Account(65_534, 65_534))
    assert copied.is_relative_to(cache)
    made = copied.stat().st_mtime_ns
    assert postgres.binaries(Account(65_534, 65_534)).stat().st_mtime_ns == made
    (copy,) = cache.iterdir()
    assert copy.stat().st_uid == os.geteuid()
    assert not copy.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    monkeypatch.setattr(postgres, "binaries", lambda account: copied)
    postgres.initialise(postgres.Cluster(tmp_path / "cluster", accounts.unprivileged("nobody")), "password")


async def test_envoy_starts_comes_back_and_stops(tmp_path: Path) -> None:
    ports = Ports()
    listen, admin, gateway = ports.take(), ports.take(), ports.take()
    contract = {"descriptor": contract_file("sightline.binpb"), "openapi": contract_file("openapi.json")}
    options = EdgeOptions(listen_port=listen, admin_port=admin, gateway_port=gateway, **contract)
    path = write_config(tmp_path / "envoy", options)
    supervisor = Supervisor(Log(io.StringIO()))
    try:
        await supervisor.start(envoy.program(path, admin))
        first = supervisor.pids["envoy"]
        supervisor.kill("envoy", signal.SIGKILL)
        await asyncio.wait_for(supervisor.until_ready("envoy"), 20)
        assert supervisor.pids["envoy"] != first
    finally:
        await supervisor.stop()
    assert not psutil.pid_exists(first)
