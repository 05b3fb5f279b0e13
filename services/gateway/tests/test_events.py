"""What a watcher is told: every transition once, in order, whatever it missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sightline.common.queue import Change, Course, sequence
from sightline.common.state.jobs import Job
from sightline.gateway.events import events_after, followed, transition_of
from sightline.v1 import job_pb2

QUEUED, RUNNING, SUCCEEDED, FAILED = 1, 2, 3, 4


Told = Callable[..., list[tuple[int, int]]]


@pytest.fixture
def told(a_row: Callable[..., Job]) -> Told:
    """Gives (transition, state) of each event."""

    def tell(last: int, *history: int, progress: float = 0.0) -> list[tuple[int, int]]:
        row = a_row(history=list(history), state=history[-1], progress=progress)
        return [(transition_of(event.sequence), event.job.state) for event in events_after(row, last)]

    return tell


def test_a_new_watcher_is_told_the_job_as_it_is_and_no_history(told: Told) -> None:
    assert told(0, QUEUED, RUNNING, SUCCEEDED) == [(3, SUCCEEDED)]


def test_a_watcher_that_was_away_is_told_each_transition_it_missed(told: Told) -> None:
    assert told(sequence(1, 0.0), QUEUED, RUNNING, FAILED, QUEUED, RUNNING) == [
        (2, RUNNING), (3, FAILED), (4, QUEUED), (5, RUNNING),
    ]  # fmt: skip


def test_a_watcher_that_saw_the_end_is_told_nothing(told: Told) -> None:
    assert told(sequence(3, 1.0), QUEUED, RUNNING, SUCCEEDED, progress=1.0) == []


def test_progress_within_a_state_is_news_once(told: Told) -> None:
    assert told(sequence(2, 0.25), QUEUED, RUNNING, progress=0.5) == [(2, RUNNING)]
    assert told(sequence(2, 0.5), QUEUED, RUNNING, progress=0.5) == []


def test_an_earlier_transition_is_told_without_what_came_later(a_row: Callable[..., Job]) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    row = a_row(
        history=[1, 2, 3], state=3, progress=1.0, result_count=4, start_time=now, end_time=now + timedelta(seconds=2)
    )
    running, done = events_after(row, sequence(1, 0.0))
    assert (running.job.state, running.job.etag, running.job.progress) == (job_pb2.Job.STATE_RUNNING, "2", 0.0)
    assert running.job.result_count == 0
    assert not running.job.HasField("end_time")
    assert running.job.HasField("start_time")
    assert (done.job.result_count, done.job.run_duration.seconds) == (4, 2)


@given(
    history=st.lists(st.sampled_from([1, 2, 3, 4, 5]), min_size=1, max_size=12),
    progress=st.floats(0, 1),
    seen=st.data(),
)
def test_wherever_a_watcher_stopped_it_goes_on_with_no_gap_and_no_repeat(
    a_row: Callable[..., Job], history: list[int], progress: float, seen: Any
) -> None:
    row = a_row(history=history, state=history[-1], progress=progress)
    stopped = seen.draw(st.integers(1, len(history)))
    last = sequence(stopped, 0.0)
    numbers = [event.sequence for event in events_after(row, last)]
    assert numbers == sorted(set(numbers))
    assert all(number > last for number in numbers)
    assert [transition_of(n) for n in numbers if transition_of(n) > stopped] == list(
        range(stopped + 1, len(history) + 1)
    )


START = datetime(2026, 11, 22, tzinfo=UTC)
END = START + timedelta(seconds=2)


def change(row: Job, state: int, transition: int, *, progress: float = 0.0, shares: int = 0) -> Change:
    end = END if state == SUCCEEDED else None
    return Change(row.job_id, state, transition, progress, Course(START, end, 1, 4 if end else 0, shares))


def test_a_row_is_followed_as_it_would_be_read(a_row: Callable[..., Job]) -> None:
    queued = a_row(history=[QUEUED], state=QUEUED)
    running = a_row(history=[QUEUED, RUNNING], state=RUNNING, attempt_count=1, start_time=START)
    done = a_row(
        history=[QUEUED, RUNNING, SUCCEEDED], state=SUCCEEDED, progress=1.0, attempt_count=1, result_count=4,
        start_time=START, end_time=END,
    )  # fmt: skip
    assert followed(queued, change(queued, RUNNING, 2)) == running
    assert followed(running, change(queued, SUCCEEDED, 3, progress=1.0)) == done
    assert followed(queued, change(queued, SUCCEEDED, 3, progress=1.0)) == done


def test_progress_is_followed_and_never_goes_back(a_row: Callable[..., Job]) -> None:
    row = a_row(history=[QUEUED, RUNNING], state=RUNNING, progress=0.5)
    for told_progress, known in ((0.75, 0.75), (0.25, 0.5)):
        after = followed(row, Change(row.job_id, RUNNING, 2, told_progress))
        assert after is not None
        assert after.progress == known


def test_what_a_message_does_not_say_is_read(a_row: Callable[..., Job]) -> None:
    row = a_row(history=[QUEUED], state=QUEUED)
    assert followed(row, Change(row.job_id, RUNNING, 2, 0.0)) is None
    assert followed(row, change(row, FAILED, 3)) is None
    assert followed(row, change(row, RUNNING, 4)) is None
    assert followed(row, change(row, RUNNING, 2, shares=1)) is None


def test_news_that_comes_late_changes_nothing(a_row: Callable[..., Job]) -> None:
    row = a_row(history=[QUEUED, RUNNING, SUCCEEDED], state=SUCCEEDED)
    assert followed(row, change(row, RUNNING, 2)) is row


@pytest.mark.parametrize("progress", [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_no_progress_reaches_the_next_transition(progress: float) -> None:
    assert sequence(3, 0.0) <= sequence(3, progress) < sequence(4, 0.0)
