"""Waiting times between starts."""

from __future__ import annotations

import pytest

from sightline.standalone.backoff import FIRST_SECONDS, LONGEST_SECONDS, delay_seconds


@pytest.mark.parametrize("failures", [0, 1, 2, 3])
def test_the_wait_doubles_with_each_failure_and_half_of_it_is_chance(failures: int) -> None:
    full = FIRST_SECONDS * 2**failures
    waits = [delay_seconds(failures) for _ in range(200)]
    assert all(full / 2 <= wait <= full for wait in waits)
    assert len(set(waits)) > 100


@pytest.mark.parametrize("failures", [10, 1000, 10**9])
def test_the_wait_never_grows_beyond_the_longest(failures: int) -> None:
    assert LONGEST_SECONDS / 2 <= delay_seconds(failures) <= LONGEST_SECONDS
