"""Calls that come together are served together, and one that comes alone does not wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from sightline.gateway.grouping import Grouping


class Store:
    """Records the groups it was given, and takes its time."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.groups: list[list[int]] = []
        self.seconds = seconds
        self.failure: Exception | None = None
        self.serving = 0
        self.serving_max = 0

    async def serve(self, group: Sequence[int]) -> list[int]:
        self.groups.append(list(group))
        self.serving += 1
        self.serving_max = max(self.serving_max, self.serving)
        await asyncio.sleep(self.seconds)
        self.serving -= 1
        if self.failure:
            raise self.failure
        return [item * 10 for item in group]


def grouping_over(
    store: Store, *, window_seconds: float = 0.002, group_max: int = 500, at_once: int = 1
) -> Grouping[int, int]:
    return Grouping(store.serve, window_seconds=window_seconds, group_max=group_max, at_once=at_once)


async def test_each_gets_its_own_answer() -> None:
    grouping = grouping_over(Store())
    assert await asyncio.gather(*(grouping.add(n) for n in range(100))) == [n * 10 for n in range(100)]


async def test_what_comes_while_a_group_is_served_makes_the_next_group() -> None:
    store = Store(seconds=0.01)
    grouping = grouping_over(store)
    await asyncio.gather(*(grouping.add(n) for n in range(200)))
    assert sum(len(group) for group in store.groups) == 200
    assert len(store.groups) <= 2


async def test_one_alone_does_not_wait_for_others() -> None:
    grouping = grouping_over(Store(), window_seconds=5.0)
    began = time.monotonic()
    for n in range(10):
        await grouping.add(n)
    assert time.monotonic() - began < 1.0


async def test_a_group_is_not_larger_than_it_may_be() -> None:
    store = Store(seconds=0.001)
    grouping = grouping_over(store, group_max=30)
    await asyncio.gather(*(grouping.add(n) for n in range(100)))
    assert max(map(len, store.groups)) == 30


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_no_more_groups_are_served_at_once_than_may_be(at_once: int) -> None:
    store = Store(seconds=0.01)
    grouping = grouping_over(store, group_max=10, at_once=at_once)
    answers = asyncio.gather(*(grouping.add(n) for n in range(100)))
    assert await answers == [n * 10 for n in range(100)]
    assert store.serving_max == at_once
    await grouping.close()


async def test_those_that_come_while_a_group_is_served_wait_for_one_another_before_they_make_a_second() -> None:
    store = Store(seconds=0.1)
    grouping = grouping_over(store, window_seconds=0.4, at_once=2)
    calls = []
    for n in range(6):
        calls.append(asyncio.create_task(grouping.add(n)))
        await asyncio.sleep(0.001)
    await asyncio.gather(*calls)
    assert store.groups == [[0], [1, 2, 3, 4, 5]]


async def test_a_group_waits_the_longer_for_others_the_more_came_before() -> None:
    store = Store()
    grouping = grouping_over(store, window_seconds=0.4)

    async def call_twice(n: int) -> None:
        await grouping.add(n)
        await asyncio.sleep(0.1)
        await grouping.add(n)

    await asyncio.gather(*(call_twice(n) for n in range(16)))
    assert [len(group) for group in store.groups] == [16, 16]


async def test_everyone_of_a_group_is_told_what_went_wrong_and_the_next_group_goes_on() -> None:
    store = Store(seconds=0.01)
    grouping = grouping_over(store)
    store.failure = ValueError("away")
    told = await asyncio.gather(*(grouping.add(n) for n in range(5)), return_exceptions=True)
    assert all(isinstance(one, ValueError) for one in told)
    store.failure = None
    assert await grouping.add(7) == 70


async def test_what_was_added_is_served_even_if_the_caller_gives_up() -> None:
    store = Store(seconds=0.01)
    grouping = grouping_over(store)
    first = asyncio.create_task(grouping.add(1))
    await asyncio.sleep(0)
    second = asyncio.create_task(grouping.add(2))
    await asyncio.sleep(0.001)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await first == 10
    await grouping.close()
    assert store.groups == [[1], [2]]
