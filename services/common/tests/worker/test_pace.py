"""How much a worker takes in hand, and how long the next attempt waits."""

from __future__ import annotations

from hypothesis import given, strategies as st

from sightline.common.worker.backoff import Backoff
from sightline.common.worker.pace import Pace


def test_slow_tasks_are_not_claimed_ahead() -> None:
    pace = Pace(slots=2, ahead_max=64)
    pace.took(1.0)
    assert [pace.room(in_hand) for in_hand in (0, 1, 2, 5)] == [2, 1, 0, 0]


def test_very_short_tasks_are_claimed_ahead_up_to_the_bound() -> None:
    pace = Pace(slots=2, ahead_max=64)
    for _ in range(50):
        pace.took(0.0001)
    assert pace.room(0) == 66


def test_nothing_is_claimed_ahead_before_a_task_was_seen() -> None:
    assert Pace(slots=3, ahead_max=64).room(0) == 3


@given(st.integers(min_value=1, max_value=1000))
def test_a_delay_stays_within_its_bounds(tries: int) -> None:
    backoff = Backoff(first_seconds=1.0, max_seconds=60.0)
    longest = min(2.0 ** (tries - 1), 60.0) if tries < 60 else 60.0
    assert longest / 4 <= backoff.delay(tries) <= longest


def test_short_tasks_are_claimed_many_at_a_time() -> None:
    pace = Pace(slots=2, ahead_max=64)
    pace.took(0.0001)
    assert [pace.room(in_hand) for in_hand in (66, 50, 35, 34, 2)] == [0, 0, 0, 32, 64]
