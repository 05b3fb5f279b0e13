"""An ordinary user can run everything, too."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
READING = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
"""The interpreter may lie in root's closed home: this right lets it be read, and changes nothing else."""

SERVERS = """
    import asyncio, os, pathlib, sys
    from sightline.standalone import accounts, envoy, postgres, valkey
    from sightline.standalone.edge import write_config
    from sightline.standalone.log import Log
    from sightline.standalone.ports import Ports
    from sightline.standalone.supervisor import Supervisor

    async def main(folder):
        assert os.geteuid() != 0
        ports, supervisor = Ports(), Supervisor(Log())
        listen, admin = ports.take(), ports.take()
        cluster = postgres.Cluster(folder / "cluster", accounts.unprivileged("nobody"))
        postgres.initialise(cluster, "password")
        config = write_config(folder / "envoy", listen_port=listen, admin_port=admin, gateway_port=ports.take())
        try:
            await supervisor.start(postgres.program(cluster, ports.take()))
            await supervisor.start(valkey.program(folder / "valkey", ports.take(), "password"))
            await supervisor.start(envoy.program(config, admin))
            print("serving:", *supervisor.pids)
        finally:
            await supervisor.stop()

    asyncio.run(main(pathlib.Path(sys.argv[1])))
"""


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A folder that belongs to the ordinary user, at a place that the user can reach."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        mine = folder / "home"
        mine.mkdir(mode=0o700)
        if os.geteuid() == 0:
            import pwd

            entry = pwd.getpwnam("nobody")
            os.chown(mine, entry.pw_uid, entry.pw_gid)
        yield mine


def as_ordinary_user() -> tuple[str, ...]:
    """What goes before a command so that an ordinary user runs it."""
    if os.geteuid() != 0:
        return ()
    version = (sys.executable, "-c", "import sys; print(sys.version)")
    plain = subprocess.run((*NOBODY, *version), capture_output=True, text=True, check=False)
    return NOBODY if plain.stdout.strip() == sys.version else (*NOBODY, *READING)


def test_the_embedded_servers_run_for_an_ordinary_user(own_folder: Path) -> None:
    command = (*as_ordinary_user(), sys.executable, "-c", textwrap.dedent(SERVERS), str(own_folder))
    environment = {"PATH": os.environ["PATH"], "HOME": str(own_folder)}
    outcome = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=own_folder, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "serving: postgres valkey envoy" in outcome.stdout
    expected = "nobody" if os.geteuid() == 0 else getpass.getuser()
    assert (own_folder / "cluster").owner() == expected
