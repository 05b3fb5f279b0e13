"""When a worker takes the next of those that are tried one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from sightline.common.errors import Reason, TemporarilyAway
from sightline.common.settings import WorkerSettings
from sightline.common.worker.suspects import Suspects


@dataclass
class Claimed:
    """As much of a claim, and of a task, as matters here."""

    claim_id: UUID = field(default_factory=uuid4)

    @property
    def claim(self) -> Claimed:
        return self


@dataclass
class Rows:
    """Names tasks, of which others may be faster."""

    waiting: list[UUID]
    others_are_faster: bool = False
    away: bool = False

    async def lost(self, _queue: str, count: int) -> list[UUID]:
        return self.waiting[:count]

    async def claim(self, task_ids: Sequence[UUID], _worker: str, _seconds: float, *, lost: bool) -> list[Claimed]:
        assert lost
        if self.away:
            raise TemporarilyAway(Reason.STATE_UNAVAILABLE, "away")
        for one in task_ids:
            self.waiting.remove(one)
        return [] if self.others_are_faster else [Claimed() for _ in task_ids]


def suspects_of(rows: Rows) -> Suspects:
    return Suspects("face", "w", cast(Any, rows), WorkerSettings())


async def test_where_others_took_all_that_were_named_it_looks_for_those_behind_them() -> None:
    rows = Rows([uuid4() for _ in range(20)], others_are_faster=True)
    suspects = suspects_of(rows)
    assert not await suspects.claim()
    assert suspects.waiting
    rows.others_are_faster = False
    assert len(await suspects.claim()) == 1


async def test_while_the_database_is_away_none_is_in_hand_and_none_forgotten() -> None:
    rows = Rows([uuid4()], away=True)
    suspects = suspects_of(rows)
    with pytest.raises(TemporarilyAway):
        await suspects.claim()
    rows.away = False
    assert len(await suspects.claim()) == 1


async def test_an_earlier_attempt_at_the_one_in_hand_does_not_make_room_for_another() -> None:
    suspects = suspects_of(Rows([uuid4() for _ in range(3)]))
    (in_hand,) = await suspects.claim()
    suspects.passed(cast(Any, Claimed()))
    assert [await suspects.claim() for _ in range(3)] == [[], [], []]
    suspects.passed(cast(Any, in_hand))
    assert len(await suspects.claim()) == 1
