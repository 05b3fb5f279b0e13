"""The queue and the bus over a real Valkey."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import redis as redis_client
from pydantic import SecretStr
from servers import Server

from sightline.common.queue import Bus, Change, Consumer, Message, Publisher, sequence
from sightline.common.settings import RedisSettings
from sightline.common.telemetry.metrics import Metrics


def _settings(url: str) -> RedisSettings:
    return RedisSettings(url=SecretStr(url), socket_timeout_seconds=2)


@pytest.fixture
async def publisher(redis_url: str) -> AsyncIterator[Publisher]:
    made = Publisher(_settings(redis_url), Metrics())
    yield made
    await made.close()


@pytest.fixture
async def consumer(redis_url: str) -> AsyncIterator[Consumer]:
    made = Consumer(_settings(redis_url), "face")
    yield made
    await made.close()


def _messages(count: int, priority: int = 5) -> list[Message]:
    return [Message(uuid4(), priority) for _ in range(count)]


async def test_messages_come_out_in_the_order_they_went_in(publisher: Publisher, consumer: Consumer) -> None:
    messages = _messages(100)
    assert await publisher.publish("face", messages)
    assert await publisher.length("face") == 100
    popped = [*(await consumer.pop(30, 1) or []), *(await consumer.pop(100, 1) or [])]
    assert popped == [message.task_id for message in messages]


async def test_the_most_urgent_comes_first(publisher: Publisher, consumer: Consumer) -> None:
    by_priority = {priority: _messages(1, priority)[0] for priority in (1, 5, 8, 10)}
    await publisher.publish("face", list(by_priority.values()))
    popped = [task_id for _ in by_priority for task_id in await consumer.pop(10, 1) or []]
    assert popped == [by_priority[p].task_id for p in (10, 8, 5, 1)]


async def test_messages_sent_together_are_taken_together(publisher: Publisher, consumer: Consumer) -> None:
    waiting = asyncio.create_task(consumer.pop(100, 3))
    await asyncio.sleep(0.2)
    messages = _messages(50)
    await publisher.publish("face", messages)
    assert await waiting == [message.task_id for message in messages]


async def test_a_waiting_pop_returns_as_soon_as_a_message_comes(publisher: Publisher, consumer: Consumer) -> None:
    (message,) = _messages(1)
    waiting = asyncio.create_task(consumer.pop(10, 3))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    await publisher.publish("face", [message])
    assert await waiting == [message.task_id]
    assert time.monotonic() - began < 1


async def test_an_empty_queue_gives_nothing_after_the_wait(consumer: Consumer) -> None:
    assert await consumer.pop(10, 0.2) == []


async def test_an_unreadable_message_is_passed_over(redis_url: str, publisher: Publisher, consumer: Consumer) -> None:
    (message,) = _messages(1)
    with redis_client.Redis.from_url(redis_url) as raw:
        await publisher.publish("face", [message])
        body = raw.rpop("face\x06\x166")
        assert isinstance(body, bytes)
        raw.lpush("face\x06\x166", body.replace(b'"body": "', b'"body": "!!'), body)
    assert message.task_id in (await consumer.pop(10, 1) or [])


async def test_publishing_goes_on_after_redis_was_emptied(
    redis_url: str, publisher: Publisher, consumer: Consumer
) -> None:
    await publisher.publish("face", _messages(5))
    with redis_client.Redis.from_url(redis_url) as raw:
        raw.flushdb()
    (message,) = _messages(1)
    assert await publisher.publish("face", [message])
    assert await consumer.pop(10, 1) == [message.task_id]


async def test_both_ends_say_that_redis_is_away_and_come_back(own_valkey: Server) -> None:
    settings = _settings(own_valkey.url)
    publisher, consumer = Publisher(settings, Metrics()), Consumer(settings, "face")
    assert await publisher.publish("face", _messages(1))
    own_valkey.kill()
    assert not await publisher.publish("face", _messages(1))
    assert await consumer.pop(1, 0.2) is None
    own_valkey.start()
    (message,) = _messages(1)
    assert await publisher.publish("face", [message])
    popped = await consumer.pop(10, 1) or []
    assert message.task_id in popped
    await publisher.close()
    await consumer.close()


async def test_a_listener_hears_its_job_and_no_other(redis_url: str) -> None:
    hearing, telling = Bus(_settings(redis_url)), Bus(_settings(redis_url))
    job_id = uuid4()
    async with hearing.listen(job_id) as listener:
        async with asyncio.timeout(5):
            assert await listener.next() is None
            await asyncio.sleep(0.3)
            change = Change(job_id, 2, 2, 0.5)
            await telling.tell([Change(uuid4(), 3, 3, 1.0), change])
            heard = await listener.next()
            while heard is None:
                heard = await listener.next()
            assert heard == change
    await hearing.close()
    await telling.close()


async def test_listeners_are_told_to_look_while_redis_is_away(own_valkey: Server) -> None:
    bus = Bus(_settings(own_valkey.url))
    async with bus.listen(uuid4()) as listener, asyncio.timeout(15):
        await listener.next()
        own_valkey.kill()
        for _ in range(3):
            assert await listener.next() is None
        assert not bus.available
        own_valkey.start()
        while not bus.available:
            await listener.next()
    await bus.close()


def test_a_sequence_grows_with_every_transition_and_with_progress() -> None:
    numbers = [sequence(1, 0), sequence(2, 0), sequence(2, 0.000001), sequence(2, 1), sequence(3, 0), sequence(4, 1)]
    assert numbers == sorted(set(numbers))
