"""Sessions are lent to one call at a time, and opened no more often than is needed."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from sightline.common.errors import Reason, SightlineError
from sightline.common.models.sessions import SessionPool, open_sessions
from sightline.common.settings import Device, SessionSettings


def test_a_session_is_one_calls_at_a_time() -> None:
    pool = SessionPool([[0], [0]], "test", wait_seconds=30)

    def call(_: int) -> int:
        with pool.session() as users:
            users[0] += 1
            at_once = users[0]
            users[0] -= 1
            return at_once

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(call, range(1000))) == {1}


def test_who_waits_too_long_is_told_to_come_back() -> None:
    pool = SessionPool(["one"], "test", wait_seconds=0.01)
    with pool.session(), pytest.raises(SightlineError, match="no test session") as refused, pool.session():
        pass
    assert refused.value.reason is Reason.OVERLOADED
    assert refused.value.retry_after_seconds == 0.01


def test_a_session_comes_back_from_a_call_that_failed() -> None:
    pool = SessionPool(["one"], "test", wait_seconds=0.01)
    with pytest.raises(ValueError, match="damaged"), pool.session():
        raise ValueError("damaged")
    with pool.session() as session:
        assert session == "one"


@pytest.mark.parametrize(
    ("threads", "device", "opened"), [(1, "cpu", [0, 0, 0]), (2, "cpu", [0, 1, 2]), (2, "cuda", [0, 0, 0])]
)
def test_calls_share_a_session_where_they_do_not_stand_in_each_others_way(
    threads: int, device: Device, opened: list[int]
) -> None:
    settings = SessionSettings(sessions=3, threads=threads)
    assert open_sessions(itertools.count().__next__, settings, device) == opened
