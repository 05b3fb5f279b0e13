"""Charges at the turn of a window, with and without the shared counters."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

import pytest

from sightline.common.queue import Charge, Known, Verdict
from sightline.gateway.quotas.ledger import Ledger

DAY = 86_400


class Server:
    """Counts nothing, and has a clock of its own."""

    peers = 1
    resting = False

    def __init__(self, ahead_seconds: float) -> None:
        self.ahead_seconds = ahead_seconds
        self.away = False
        self.restored: list[Known] = []

    def now(self) -> float:
        return time.time() + self.ahead_seconds

    async def charge(self, calls: Sequence[Sequence[Charge]]) -> list[Verdict] | None:
        return None if self.away else [Verdict(self.now(), tuple(0 for _ in charges)) for charges in calls]

    async def restore(self, known: Sequence[Known]) -> bool:
        self.restored += [] if self.away else known
        return not self.away

    async def meet(self, _name: str) -> None:
        pass

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("ahead_seconds", [-DAY, 0, DAY])
async def test_what_is_allowed_by_itself_is_given_back_to_the_window_of_the_server(ahead_seconds: float) -> None:
    server = Server(ahead_seconds)
    ledger, charge = Ledger(cast(Any, server)), Charge("a", DAY, 10, 1)
    await ledger.charge([charge])
    server.away = True
    before = int(server.now() // DAY)
    verdicts = [await ledger.charge([charge]) for _ in range(12)]
    assert [one.refusing for one in verdicts].count(None) == 10
    server.away = False
    await ledger.charge([charge])
    await ledger.close()
    ((window, spent),) = [(one.window, one.spent) for one in server.restored]
    assert spent == 10
    assert before <= window <= int(server.now() // DAY)
