"""The real database, driven by rules that are not asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from pydantic import SecretStr

from sightline.common.settings import PostgresSettings
from sightline.common.state.database import Database
from sightline.common.telemetry.metrics import Metrics

T = TypeVar("T")


class World:
    """A database, and the loop that its calls run on."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self.database = Database(PostgresSettings(url=SecretStr(url)), Metrics(), "model")
        self.run(self.database.open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        async def ask() -> list[tuple[Any, ...]]:
            async with self.database.connection() as connection:
                cursor = await connection.execute(sql, parameters)
                return await cursor.fetchall() if cursor.description else []

        return self.run(ask())

    def close(self) -> None:
        self.run(self.database.close())
        self._runner.close()
