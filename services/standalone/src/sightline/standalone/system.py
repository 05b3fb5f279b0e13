"""The whole system on one machine."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Self

from sightline.edge import EdgeOptions, contract_file, write_config
from sightline.standalone import accounts, envoy, postgres, valkey
from sightline.standalone.addresses import Addresses, choose
from sightline.standalone.catalogue import ANALYSERS, GATEWAY
from sightline.standalone.folder import Folder, Passwords
from sightline.standalone.log import Log
from sightline.standalone.services import fetching, migration, service
from sightline.standalone.settings import Settings
from sightline.standalone.supervisor import Supervisor, together


class Standalone:
    """Every part of Sightline, running: `async with Standalone(settings) as system: ...`.

    Attributes:
        folder: where everything is kept.
        addresses: where everything is reached; the ports are chosen at the start.
    """

    addresses: Addresses

    def __init__(self, settings: Settings, log: Log | None = None) -> None:
        self.folder = Folder(settings.folder)
        self._settings = settings
        self._log = Log(style=settings.log_format) if log is None else log
        self._supervisor = Supervisor(self._log)
        self._held = ExitStack()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def key(self) -> str:
        """The API key that was made at the first start."""
        return self.folder.api_key()

    @property
    def pids(self) -> Mapping[str, int]:
        """The process ids of all that is up, by name."""
        return self._supervisor.pids

    @property
    def restarts(self) -> Mapping[str, int]:
        """How often each process was started again, by name."""
        return self._supervisor.restarts

    async def start(self) -> None:
        """Start everything and wait until it serves; what was started is stopped again if that fails.

        Raises:
            AlreadyRunningError: another supervisor holds the folder.
            StandaloneError: a part did not start; the message has its last words.
        """
        self._held.enter_context(self.folder.lock())
        self._held.callback(self.folder.run.unlink, missing_ok=True)
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything, what was started last first; nothing is left but the data."""
        await self._supervisor.stop()
        self._held.close()

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process; if that ends it, it is started again."""
        self._supervisor.kill(name, number)

    async def restart(self, name: str) -> None:
        """Stop a process in order, start it again, and wait until it serves."""
        await self._supervisor.restart(name)

    async def until_ready(self, name: str, seconds: float = 60.0) -> None:
        """Wait until a process serves again after it was killed.

        Raises:
            TimeoutError: it did not in that time.
        """
        async with asyncio.timeout(seconds):
            await self._supervisor.until_ready(name)

    async def _start(self) -> None:
        passwords = self.folder.passwords()
        self.addresses = choose(self._settings, passwords)
        self._say_what_was_chosen()
        await together(
            self._supervisor.run(fetching(self._settings, self.folder)), self._start_stores(self.addresses, passwords)
        )
        # The gateway comes after those it forwards to: it finds them there at its first try, and not after a pause.
        await self._start_services(*ANALYSERS)
        await self._start_services(GATEWAY)
        await self._start_door(self.addresses)
        self.folder.write_run(self._word())

    async def _start_services(self, *names: str) -> None:
        await self._supervisor.start(*(service(name, self._settings, self.folder, self.addresses) for name in names))

    async def _start_stores(self, addresses: Addresses, passwords: Passwords) -> None:
        if self._settings.postgres_url is None:
            cluster = postgres.Cluster(
                self.folder.postgres, accounts.unprivileged(self._settings.postgres_user, self.folder.postgres)
            )
            await asyncio.to_thread(postgres.initialise, cluster, passwords.postgres)
            await self._supervisor.start(postgres.program(cluster, addresses.postgres))
        if self._settings.redis_url is None:
            await self._supervisor.start(valkey.program(self.folder.valkey, addresses.redis, passwords.valkey))
        await self._supervisor.run(migration(addresses.postgres_url))

    async def _start_door(self, addresses: Addresses) -> None:
        configuration = write_config(
            self.folder.envoy,
            EdgeOptions(
                listen_port=addresses.public,
                admin_port=addresses.admin,
                gateway_port=addresses.rpc[GATEWAY],
                descriptor=contract_file("sightline.binpb"),
                openapi=contract_file("openapi.json"),
            ),
        )
        await self._supervisor.start(envoy.program(configuration, addresses.admin))

    def _say_what_was_chosen(self) -> None:
        if self._settings.allow_noncommercial:
            self._log.say("weights for non-commercial use are allowed (STANDALONE_ALLOW_NONCOMMERCIAL)")
        wanted = self._settings.public_port
        if wanted not in (0, self.addresses.public):
            self._log.say(f"port {wanted} is taken, {self.addresses.public} is used instead")

    def _word(self) -> dict[str, object]:
        return {
            "pid": os.getpid(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "server": self.addresses.server,
            "addresses": self.addresses.public_words(),
            "key_file": str(self.folder.key),
        }
