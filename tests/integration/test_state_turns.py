"""Turns over tenants and ageing, as workers meet them: nobody waits for the whole flood of another, or for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

import pytest
from pydantic import SecretStr

from sightline.common.queue import Consumer, Publisher
from sightline.common.settings import RedisSettings
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs, Submission
from sightline.common.state.tasks import Tasks
from sightline.common.state.upkeep import Upkeep
from sightline.gateway.duties import Refill

Make = Callable[..., Submission]


@pytest.fixture
async def consumer(redis_url: str) -> AsyncIterator[Consumer]:
    """The consuming end of the queue."""
    made = Consumer(RedisSettings(url=SecretStr(redis_url)), "face")
    yield made
    await made.close()


def refill_of(database: Database, publisher: Publisher, window: int) -> Refill:
    return Refill(Upkeep(database), publisher, ["face"], window=window, lost_seconds=60)


async def store(database: Database, submission: Make, count: int, **changes: object) -> list[UUID]:
    """Store jobs that nobody has published; gives their tasks in the order in which they are due."""
    asked = [submission(published=False, **changes) for _ in range(count)]
    await Jobs(database).submit(asked)
    return sorted(one.task_id for one in asked)


async def taken(consumer: Consumer, database: Database, count: int) -> list[UUID]:
    """Take messages, and claim the tasks of those that mean something yet."""
    popped: Sequence[UUID] = await consumer.pop(count, 0) or []
    claims = {one.task_id for one in await Tasks(database).claim(popped, "w", 60)}
    return [one for one in popped if one in claims]


async def aged(database: Database, times: int) -> None:
    await asyncio.sleep(0.02)
    for _ in range(times):
        await Upkeep(database).age(step_seconds=0.001)


async def test_tenants_take_turns_where_there_is_room_for_one_message_at_a_time(
    database: Database, publisher: Publisher, consumer: Consumer, submission: Make
) -> None:
    flood = await store(database, submission, 30, tenant="flood")
    late = await store(database, submission, 3, tenant="late")
    refill, order = refill_of(database, publisher, window=1), list[UUID]()
    for _ in range(6):
        await refill.fill()
        order += await taken(consumer, database, 1)
    assert [one in late for one in order] == [False, True] * 3
    assert [one for one in order if one not in late] == flood[:3]


async def test_tenants_take_turns_where_workers_take_one_task_at_a_time_without_messages(
    database: Database, submission: Make
) -> None:
    await store(database, submission, 30, tenant="flood")
    late = await store(database, submission, 3, tenant="late")
    tasks, order = Tasks(database), list[UUID]()
    for _ in range(6):
        claims = await tasks.claim(await tasks.waiting("face", 1), "w", 60)
        order += [one.task_id for one in claims]
    assert [one in late for one in order] == [False, True] * 3


async def test_a_flood_that_has_aged_does_not_hold_up_what_others_ask_for_now(
    database: Database, publisher: Publisher, consumer: Consumer, submission: Make
) -> None:
    flood = await store(database, submission, 60, tenant="flood")
    await aged(database, 5)
    late = await store(database, submission, 2, tenant="late")
    refill, order = refill_of(database, publisher, window=20), list[UUID]()
    for _ in range(3):
        await refill.fill()
        order += await taken(consumer, database, 10)
    # All of them are on one step of Redis, in turns.
    assert [order.index(one) for one in late] == [1, 3]
    assert [one for one in order if one in flood] == flood[:28]


async def test_of_several_tenants_the_more_urgent_task_goes_first_however_old_the_others_are(
    database: Database, publisher: Publisher, consumer: Consumer, submission: Make
) -> None:
    await store(database, submission, 10, tenant="old", priority=1)
    await aged(database, 4)
    (urgent,) = await store(database, submission, 1, tenant="hurried", priority=8)
    await refill_of(database, publisher, window=10).fill()
    assert await taken(consumer, database, 1) == [urgent]


async def test_the_least_urgent_task_of_a_tenant_gets_through_its_own_stream_of_urgent_ones(
    database: Database, publisher: Publisher, consumer: Consumer, submission: Make
) -> None:
    (least,) = await store(database, submission, 1, priority=1)
    refill, order, rounds = refill_of(database, publisher, window=5), list[UUID](), 0
    # More comes at each round than is taken: without ageing it would wait for ever.
    while least not in order:
        await store(database, submission, 4, priority=10)
        await aged(database, 1)
        await refill.fill()
        order += await taken(consumer, database, 2)
        rounds += 1
        assert rounds < 20
    assert rounds > 5
    assert (await Upkeep(database).depths())[0].waiting > 20
