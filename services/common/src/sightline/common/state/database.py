"""The pool of connections to PostgreSQL, and how its failures are told."""

from __future__ import annotations

import select
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

import psycopg
import structlog
from psycopg.rows import AsyncRowFactory, TupleRow, class_row, tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests
from typing_extensions import TypeVar

from sightline.common.errors import InvalidRequest, Reason, TemporarilyAway
from sightline.common.settings import PostgresSettings
from sightline.common.state.sessions import pooled, straight
from sightline.common.state.statements import statement
from sightline.common.telemetry.metrics import Metrics

log = structlog.get_logger()

# A deadlock or a serialisation failure undoes the statement whole: it is safe, and enough, to run it again.
_CONFLICTS = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
_CONFLICT_TRIES = 5
# So is one that found a key taken by a transaction that it could not see yet: the next time it does.
_RACED_KEYS = ("idempotency_pkey",)
# What psycopg raises when the server is away, is starting or is shutting down.
# A server that only reads is one that another has taken over from, or has not yet.
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
# The leader's lock, and one for what it does meanwhile.
_SESSIONS_MAX = 2

_Pool: TypeAlias = AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]
Row = TypeVar("Row", default=TupleRow)
T = TypeVar("T")


class Database:
    """PostgreSQL through a bounded pool: every statement is named, timed and mapped to typed errors."""

    def __init__(
        self,
        settings: PostgresSettings,
        metrics: Metrics,
        application: str,
        *,
        pool_max: int | None = None,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        largest = max(pool_max or settings.pool_max, settings.pool_min)
        self._pool = _pool(settings, pooled(settings, application), settings.pool_min, largest)
        # Behind a pooler a connection has another session in each transaction; a few go past it.
        self._sessions = self._pool
        if settings.pooler is not None:
            self._sessions = _pool(settings, straight(settings, application), 0, _SESSIONS_MAX)
        metrics.db_pool_size.set_function(lambda: self._pool.get_stats()["pool_size"])
        metrics.db_pool_idle.set_function(lambda: self._pool.get_stats()["pool_available"])
        metrics.db_pool_waiting.set_function(lambda: self._pool.get_stats()["requests_waiting"])

    async def open(self) -> None:
        """Begin to connect; does not wait, so that a process can start before its database."""
        await self._pool.open(wait=False)
        await self._sessions.open(wait=False)

    async def close(self) -> None:
        """Give every connection back to the server."""
        await self._sessions.close()
        await self._pool.close()

    async def check(self) -> None:
        """Ask the server for an answer.

        Raises:
            TemporarilyAway: when there is none.
        """
        await self.rows("upkeep.check")

    def statistics(self) -> Mapping[str, int]:
        """Tell how the pool is used, in psycopg_pool's words (pool_size, pool_available, requests_waiting, ...)."""
        return self._pool.get_stats()

    async def rows(self, name: str, parameters: Mapping[str, Any] | None = None) -> list[TupleRow]:
        """Run one named statement in a transaction of its own.

        Args:
            name: the aggregate's file and the statement in it, such as `tasks.claim`.
            parameters: the values of its parameters.

        Returns:
            All rows; none for a statement that returns none.

        Raises:
            TemporarilyAway: when the database is away or the pool is exhausted.
            InvalidRequest: when a value is none that PostgreSQL can hold.
        """
        return await self._run(name, statement(name), parameters, tuple_row)

    async def fetch(self, kind: type[Row], name: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Run one named statement like `rows`, and make a dataclass of each row by its column names."""
        return await self._run(name, statement(name), parameters, class_row(kind))

    async def fetch_text(
        self, kind: type[Row], name: str, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Run a statement that was composed, like `fetch`; `name` is what logs and metrics call it."""
        return await self._run(name, sql, parameters, class_row(kind))

    async def transact(self, name: str, work: Callable[[psycopg.AsyncConnection[TupleRow]], Awaitable[T]]) -> T:
        """Run several statements in one transaction, again from the start when another one was in its way.

        Args:
            name: what the whole is called in logs and metrics.
            work: runs the statements; must have no effect but theirs, since it may run more than once.

        Raises:
            TemporarilyAway: like `rows`; nothing was changed then.
        """

        async def once(connection: psycopg.AsyncConnection[TupleRow]) -> T:
            async with connection.transaction():
                return await work(connection)

        return await self._insist(name, once)

    async def _run(
        self, name: str, sql: str, parameters: Mapping[str, Any] | None, factory: AsyncRowFactory[Row]
    ) -> list[Row]:
        async def once(connection: psycopg.AsyncConnection[TupleRow]) -> list[Row]:
            # binary: vectors, uuids and byte arrays travel without being written out as text.
            cursor = connection.cursor(row_factory=factory, binary=True)
            await cursor.execute(sql, parameters)
            return await cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []

        return await self._insist(name, once)

    async def _insist(self, name: str, work: Callable[[psycopg.AsyncConnection[TupleRow]], Awaitable[T]]) -> T:
        for _ in range(_CONFLICT_TRIES):
            began = time.perf_counter()
            try:
                async with self.connection() as connection:
                    return await work(connection)
            except _CONFLICTS:
                log.info("statement_conflicted", statement=name)
            except psycopg.errors.UniqueViolation as error:
                if error.diag.constraint_name not in _RACED_KEYS:
                    raise
                log.info("statement_conflicted", statement=name)
            except psycopg.DataError as error:
                # Such as a NUL in a text: fine in protobuf and JSON, impossible in PostgreSQL.
                log.info("value_refused", statement=name, error=type(error).__name__)
                message = "a value of the request can't be stored: it has a character that is not text"
                raise InvalidRequest(message) from error
            finally:
                self._note(name, time.perf_counter() - began)
        raise TemporarilyAway(Reason.STATE_UNAVAILABLE, "the database is too contended")

    @property
    def keeps_sessions(self) -> bool:
        """Whether every connection is a session of its own: no pooler is between."""
        return self._sessions is self._pool

    def connection(self) -> AbstractAsyncContextManager[psycopg.AsyncConnection[TupleRow]]:
        """Lend a connection that has just been checked to be alive, for as long as a block runs.

        What it is told to keep (SET, a lock, LISTEN) it may have forgotten after the transaction: see `session`.

        Raises:
            TemporarilyAway: when the database is away, goes away, or the pool is exhausted.
        """
        return self._lend(self._pool)

    def session(self) -> AbstractAsyncContextManager[psycopg.AsyncConnection[TupleRow]]:
        """Lend a connection whose session stays the same for as long as a block runs, past any pooler.

        For what one process of many does: each of them costs the server a connection of its own.

        Raises:
            TemporarilyAway: like `connection`.
        """
        return self._lend(self._sessions)

    @asynccontextmanager
    async def _lend(self, pool: _Pool) -> AsyncIterator[psycopg.AsyncConnection[TupleRow]]:
        try:
            async with pool.connection() as connection:
                yield connection
        except _CONFLICTS:
            raise
        except (PoolTimeout, TooManyRequests) as error:
            self._metrics.db_pool_refusals.inc()
            raise TemporarilyAway(Reason.STATE_UNAVAILABLE, "no connection to the database came free") from error
        except _AWAY as error:
            self._metrics.db_connections_lost.inc()
            log.warning("database_away", error=type(error).__name__)
            raise TemporarilyAway(Reason.STATE_UNAVAILABLE, "the database can't be reached") from error

    def _note(self, name: str, seconds: float) -> None:
        self._metrics.db_query_seconds.labels(name).observe(seconds)
        if seconds >= self._settings.slow_query_seconds:
            self._metrics.db_slow_queries.labels(name).inc()
            log.warning("slow_query", statement=name, seconds=round(seconds, 3))


def _pool(settings: PostgresSettings, parameters: dict[str, Any], smallest: int, largest: int) -> _Pool:
    return AsyncConnectionPool(
        kwargs=parameters,
        min_size=smallest,
        max_size=largest,
        timeout=settings.pool_wait_seconds,
        max_waiting=settings.pool_waiting_max,
        max_lifetime=settings.recycle_seconds,
        check=_check,
        reconnect_timeout=5,
        open=False,
    )


async def _check(connection: psycopg.AsyncConnection[TupleRow]) -> None:
    """Find out whether an idle connection is alive; the server is asked only if it has said something meanwhile.

    An idle server says nothing, unless it closes the connection; one that vanished without a word is noticed by
    the kernel's keepalives, which then speak in its place.

    Raises:
        psycopg.OperationalError: it is not.
    """
    said = select.poll()
    said.register(connection.fileno(), select.POLLIN)
    if said.poll(0):
        await AsyncConnectionPool.check_connection(connection)
