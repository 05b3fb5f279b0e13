"""Priorities on the wire."""

from __future__ import annotations

from sightline.common.queue.wire import STEPS, step_of


def test_a_more_urgent_priority_never_lands_on_a_later_step() -> None:
    steps = [step_of(priority) for priority in range(1, 11)]
    assert steps == sorted(steps, reverse=True)
    assert set(steps) == set(STEPS)


def test_the_default_priority_is_neither_the_first_nor_the_last() -> None:
    assert step_of(5) not in (STEPS[0], STEPS[-1])
