"""What is published again, and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import uuid4

import pytest

from sightline.common.queue import Message
from sightline.common.state.upkeep import Publishable
from sightline.gateway.duties import Refill


class Upkeep:
    """Knows how many tasks were published long ago, and how many never were."""

    def __init__(self, published: int, unpublished: int) -> None:
        self._published = published
        self._unpublished = unpublished
        self.lost_asked = 0

    async def queues_with_work(self, queues: Sequence[str]) -> Sequence[str]:
        return queues if self._published or self._unpublished else ()

    async def published(self, _queue: str, *, older_seconds: float) -> int:
        return self._published

    async def publishable(
        self, _queue: str, *, older_seconds: float, count: int, served: Sequence[str]
    ) -> list[Publishable]:
        lost = older_seconds < 1e6
        self.lost_asked += count if lost else 0
        waiting = self._published if lost else self._unpublished
        return [Publishable(uuid4(), "acme", 5, "") for _ in range(min(count, waiting))]


class Publisher:
    """Has a list of some length."""

    def __init__(self, length: int | None) -> None:
        self._length = length
        self.sent: list[Message] = []

    async def length(self, _queue: str) -> int | None:
        return self._length

    async def publish(self, _queue: str, messages: Sequence[Message]) -> bool:
        self.sent += messages
        return True


@pytest.mark.parametrize(
    ("length", "published", "unpublished", "sent", "lost"),
    [
        (None, 5, 5, 0, 0),  # Redis is away
        (0, 0, 0, 0, 0),
        (0, 0, 5, 5, 0),  # never published
        (0, 7, 5, 12, 7),  # an empty list: whatever was published is lost
        (7, 7, 5, 5, 0),  # everything that was published lies there
        (4, 7, 0, 3, 3),  # three of them are gone
        (95, 0, 50, 5, 0),  # no more than there is room for
        (100, 200, 50, 0, 0),
        (0, 0, 200, 100, 0),  # an empty window is filled, and may be empty again at once
    ],
)
async def test_a_queue_is_filled_with_what_is_missing(
    length: int | None, published: int, unpublished: int, sent: int, lost: int
) -> None:
    upkeep, publisher = Upkeep(published, unpublished), Publisher(length)
    refill = Refill(cast(Any, upkeep), cast(Any, publisher), ["face"], window=100, lost_seconds=2.0)
    more = await refill.fill()
    assert (len(publisher.sent), upkeep.lost_asked) == (sent, lost)
    assert more == (length is not None and sent == 100 - length >= 50)
