"""A stand-in for PgBouncer where there is none: it shares connections to PostgreSQL between transactions.

It reads the same configuration, holds to the same protocol and passes the same tests. It is harsher in one thing:
it gives the connection that has rested longest, so that hardly any two transactions in a row meet the same session.
"""

from __future__ import annotations

import asyncio
import configparser
import os
import shlex
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

# Source: PostgreSQL documentation, 54.7 (message formats).
_SSL, _GSS, _CANCEL = 80877103, 80877104, 80877102
# What PgBouncer takes; any other parameter is refused.
_TAKEN = {"user", "database", "client_encoding", "datestyle", "timezone", "standard_conforming_strings"}
_TAKEN |= {"application_name"}
_TOLD = ("server_version", "client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings")
_WORDS = {"host", "port", "dbname"}


class Unread(Exception):
    """The client has sent something that is no start of a session."""


@dataclass
class _Session:
    """One connection to PostgreSQL, of which psycopg has made no more than the login."""

    owner: psycopg.Connection[Any]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def close(self) -> None:
        self.writer.close()
        self.owner.close()


class Sharing:
    """Serves at the address of a `pgbouncer.ini`."""

    def __init__(self, folder: Path) -> None:
        ini = configparser.ConfigParser(interpolation=None)
        ini.read(folder / "pgbouncer.ini")
        ((_, target),) = ini.items("databases")
        self._target = dict(word.split("=", 1) for word in shlex.split(target))
        self._user, self._password = shlex.split((folder / "userlist.txt").read_text())
        self._own = ini["pgbouncer"]
        self._room = asyncio.Semaphore(self._own.getint("default_pool_size"))
        self._resting: list[_Session] = []
        self._held: dict[int, _Session] = {}
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to serve."""
        self._server = await asyncio.start_server(
            self._serve, self._own["listen_addr"], self._own.getint("listen_port")
        )

    async def stop(self) -> None:
        """End every connection."""
        if self._server is not None:
            self._server.close()
            for task in list(self._clients):
                task.cancel()
            await asyncio.gather(*self._clients, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None
        for session in self._resting:
            session.close()
        self._resting.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            await self._greet(reader, writer)
            await _Client(self, reader, writer, id(task) & 0x7FFFFFFF).serve()
        except (Unread, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # it has gone, or is sent away
        finally:
            self._clients.discard(task)
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = await _start(reader)
        while (code := struct.unpack_from("!i", body)[0]) in (_SSL, _GSS):
            writer.write(b"N")
            body = await _start(reader)
        if code == _CANCEL:
            if (session := self._held.get(struct.unpack_from("!i", body, 4)[0])) is not None:
                await asyncio.to_thread(session.owner.cancel_safe)
            raise Unread
        words = body[4:].rstrip(b"\0").decode().split("\0")
        refused = {name.lower() for name in words[::2]} - _TAKEN
        if refused or words[words.index("user") + 1] != self._user:
            writer.write(_refusal(f"unsupported startup parameter: {', '.join(refused)}"))
            raise Unread
        session = await self.take()
        told = [f"{name}\0{session.owner.info.parameter_status(name)}\0".encode() for name in _TOLD]
        self.give(session)
        key = struct.pack("!ii", id(asyncio.current_task()) & 0x7FFFFFFF, 0)
        ready = [_message(b"R", struct.pack("!i", 0)), *(_message(b"S", one) for one in told), _message(b"K", key)]
        writer.write(b"".join([*ready, _message(b"Z", b"I")]))

    async def take(self) -> _Session:
        """Lend a connection, a new one if none rests."""
        async with asyncio.timeout(self._own.getfloat("query_wait_timeout")):
            await self._room.acquire()
        try:
            return self._resting.pop(0) if self._resting else await self._connect()
        except BaseException:
            self._room.release()
            raise

    def give(self, session: _Session, *, whole: bool = True) -> None:
        """Take a connection back; one that is not whole is closed."""
        self._room.release()
        if whole:
            self._resting.append(session)
        else:
            session.close()

    async def _connect(self) -> _Session:
        def log_in() -> psycopg.Connection[Any]:
            words = {name: word for name, word in self._target.items() if name in _WORDS}
            made = psycopg.connect(
                **words, user=self._user, password=self._password, autocommit=True, sslmode="disable"
            )
            for one in self._target["connect_query"].split(";"):
                made.execute(one.encode())
            return made

        try:
            owner = await asyncio.to_thread(log_in)
        except psycopg.OperationalError as error:
            raise OSError(str(error)) from error
        wire = socket.socket(fileno=os.dup(owner.fileno()))
        wire.setblocking(False)
        return _Session(owner, *await asyncio.open_connection(sock=wire))

    def hold(self, number: int, session: _Session | None) -> None:
        """Note whose work a client's request to cancel would end."""
        self._held.pop(number, None)
        if session is not None:
            self._held[number] = session


class _Client:
    """One client: lent a connection from its first message until the server says that no transaction is open."""

    def __init__(
        self, sharing: Sharing, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self._sharing = sharing
        self._reader = reader
        self._writer = writer
        self._number = number
        self._session: _Session | None = None
        self._answering: asyncio.Task[None] | None = None
        self._owed = 0

    async def serve(self) -> None:
        try:
            while (message := await _read(self._reader))[:1] != b"X":
                if self._session is None:
                    self._session = await self._sharing.take()
                    self._sharing.hold(self._number, self._session)
                    self._answering = asyncio.create_task(self._answer(self._session))
                # Each of these is answered with one that the server is ready.
                self._owed += message[:1] in (b"Q", b"S")
                self._session.writer.write(message)
        finally:
            if self._answering is not None:
                self._answering.cancel()
                await asyncio.wait([self._answering])
            if self._session is not None:
                self._let_go(whole=False)

    async def _answer(self, session: _Session) -> None:
        try:
            while self._session is session:
                message = await _read(session.reader)
                if message[:1] == b"Z":
                    self._owed -= 1
                    if message[5:] == b"I" and not self._owed:
                        self._let_go(whole=True)
                self._writer.write(message)
        except (OSError, asyncio.IncompleteReadError):
            self._writer.close()

    def _let_go(self, *, whole: bool) -> None:
        assert self._session is not None
        self._sharing.hold(self._number, None)
        self._sharing.give(self._session, whole=whole)
        self._session = None


async def _start(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    return await reader.readexactly(length - 4)


async def _read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(struct.unpack_from("!i", head, 1)[0] - 4)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _refusal(text: str) -> bytes:
    fields: Iterable[str] = ("SFATAL", "VFATAL", "C08P01", f"M{text}")
    return _message(b"E", b"".join(field.encode() + b"\0" for field in fields) + b"\0")
