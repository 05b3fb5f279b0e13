"""Wake-ups through PostgreSQL, for as long as Redis is away."""

from __future__ import annotations

import asyncio

from psycopg import sql

from sightline.common.state.database import Database

_CHANNEL = "sightline_tasks_"


class Signals:
    """NOTIFY and LISTEN by queue.

    A wake-up may get lost: who waits looks into the rows afterwards, whatever came.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def notify(self, queue: str) -> None:
        """Wake those who wait for tasks of a queue.

        Raises:
            TemporarilyAway: when the database is away.
        """
        await self._database.rows("upkeep.notify", {"channel": _CHANNEL + queue})

    async def wait(self, queue: str, seconds: float) -> None:
        """Wait until somebody notifies, or the time is over.

        Where a pooler shares the sessions out, nobody hears: to wait takes a session past it, and one for each of
        hundreds of workers is what the pooler is there to spare the server. The time passes there.

        Raises:
            TemporarilyAway: when the database is away.
        """
        if not self._database.keeps_sessions:
            await asyncio.sleep(seconds)
            return
        channel = sql.Identifier(_CHANNEL + queue)
        async with self._database.connection() as connection:
            await connection.execute(sql.SQL("LISTEN {}").format(channel))
            try:
                # To its own end: left in the middle it would hold the connection until it is collected.
                async for _ in connection.notifies(timeout=seconds, stop_after=1):
                    pass
            finally:
                if not connection.closed:
                    await connection.execute(sql.SQL("UNLISTEN {}").format(channel))
