"""Messages go out behind the callers' backs, as far as the window has room."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast
from uuid import uuid4

from sightline.common.queue import Message
from sightline.gateway.publication import Publication


class Publisher:
    """Records what is sent; may be away."""

    def __init__(self, length: int = 0) -> None:
        self.available = True
        self.sent: list[Message] = []
        self.tries = 0
        self._length = length

    async def publish(self, _queue: str, messages: Sequence[Message]) -> bool:
        self.tries += 1
        await asyncio.sleep(0.001)
        if self.available:
            self.sent += messages
        return self.available

    async def length(self, _queue: str) -> int | None:
        return self._length + len(self.sent) if self.available else None


class Signals:
    """Records which queues were woken through the database."""

    def __init__(self) -> None:
        self.queues: list[str] = []

    async def notify(self, queue: str) -> None:
        self.queues.append(queue)


def publication_to(publisher: Publisher, window: int = 10, signals: Signals | None = None) -> Publication:
    return Publication(cast(Any, publisher), cast(Any, signals or Signals()), window)


def messages(count: int) -> list[Message]:
    return [Message(uuid4(), 5) for _ in range(count)]


async def test_what_is_offered_is_sent_in_order() -> None:
    publisher = Publisher()
    publication = publication_to(publisher)
    first, second = messages(3), messages(2)
    publication.offer("face", first)
    publication.offer("face", second)
    await publication.close()
    assert publisher.sent == first + second


async def test_there_are_no_more_places_than_the_window_has() -> None:
    publication = publication_to(Publisher())
    assert [publication.reserve("face") for _ in range(12)] == [True] * 10 + [False] * 2
    await publication.close()


async def test_what_others_sent_takes_places_too() -> None:
    publication = publication_to(Publisher(length=9))
    publication.reserve("face")
    await asyncio.sleep(0.01)
    assert [publication.reserve("face") for _ in range(3)] == [True, False, False]
    await publication.close()


async def test_while_redis_is_away_nothing_is_kept_back_and_no_place_is_given() -> None:
    publisher = Publisher()
    publisher.available = False
    publication = publication_to(publisher)
    assert not publication.reserve("face")
    publication.offer("face", messages(2000))
    await publication.close()
    assert publisher.tries == 1
    publisher.available = True
    publication.offer("face", sent := messages(1))
    await publication.close()
    assert publisher.sent == sent


async def test_workers_are_woken_through_the_database_only_while_redis_is_away() -> None:
    publisher, signals = Publisher(), Signals()
    publication = publication_to(publisher, signals=signals)
    publication.missed("face")
    publication.offer("face", messages(1))
    await publication.close()
    assert signals.queues == []
    publisher.available = False
    for _ in range(50):
        publication.missed("face")
    await publication.close()
    assert signals.queues == ["face"]
