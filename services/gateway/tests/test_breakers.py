"""Breakers open for silence and for nothing else, try again one call at a time, and say when to come back."""

from __future__ import annotations

import asyncio
import time

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from sightline.common.errors import Reason, SightlineError, TemporarilyAway
from sightline.common.rpc import to_status
from sightline.common.telemetry import Metrics
from sightline.gateway.breakers import Breaker, Breakers, Sign, State
from sightline.gateway.judges import judge_host, judge_service
from sightline.gateway.settings import BreakerSettings

SETTINGS = BreakerSettings(failures=3, open_seconds=0.05, hung_seconds=10)


def status(code: grpc.StatusCode, told: SightlineError | None = None) -> AioRpcError:
    trailing = [("grpc-status-details-bin", to_status(told).SerializeToString())] if told else []
    return AioRpcError(code, Metadata(), Metadata(*trailing))


AWAY = status(grpc.StatusCode.UNAVAILABLE)
BUSY = status(grpc.StatusCode.UNAVAILABLE, TemporarilyAway(Reason.OVERLOADED, "busy"))
LATE = status(grpc.StatusCode.DEADLINE_EXCEEDED)


@pytest.fixture
def breaker() -> Breaker:
    return Breakers(SETTINGS, Metrics()).named("face", judge_service(SETTINGS.hung_seconds))


def end(breaker: Breaker, error: BaseException | None = None) -> None:
    """Make one call that ends so."""
    try:
        with breaker():
            if error is not None:
                raise error
    except BaseException as raised:
        if raised is not error:
            raise


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not_let_it(breaker: Breaker) -> None:
    for error in (AWAY, AWAY, None, AWAY, AWAY):
        end(breaker, error)
    assert breaker.state is State.CLOSED
    end(breaker, AWAY)
    assert breaker.state is State.OPEN
    with pytest.raises(TemporarilyAway) as refused:
        end(breaker)
    assert refused.value.reason is Reason.SERVICE_UNAVAILABLE
    assert 0 < (refused.value.retry_after_seconds or 0) <= 0.1


@pytest.mark.parametrize("error", [BUSY, LATE, asyncio.CancelledError(), status(grpc.StatusCode.CANCELLED)])
def test_a_service_that_is_busy_and_a_client_that_is_impatient_do_not_open_it(
    breaker: Breaker, error: BaseException
) -> None:
    for _ in range(20):
        end(breaker, error)
    assert breaker.state is State.CLOSED


def test_calls_that_break_off_together_are_one_failure(breaker: Breaker) -> None:
    passages = [breaker() for _ in range(10)]
    for one in passages:
        one.__enter__()
    for one in passages:
        one.__exit__(None, AWAY, None)
    assert breaker.state is State.CLOSED


def opened(breaker: Breaker) -> Breaker:
    for _ in range(3):
        end(breaker, AWAY)
    assert breaker.state is State.OPEN
    time.sleep(0.06)
    return breaker


def test_one_call_at_a_time_tries_again_and_its_success_closes_it(breaker: Breaker) -> None:
    opened(breaker)
    with breaker():
        assert breaker.state is State.HALF_OPEN
        with pytest.raises(TemporarilyAway):
            end(breaker)
    assert breaker.state is State.CLOSED
    end(breaker)


def test_a_trial_that_fails_opens_it_again_and_one_that_says_nothing_is_followed_by_another(breaker: Breaker) -> None:
    opened(breaker)
    end(breaker, LATE)
    assert breaker.state is State.HALF_OPEN
    end(breaker, AWAY)
    assert breaker.state is State.OPEN


def test_a_health_check_that_is_answered_lets_one_call_try_at_once(breaker: Breaker) -> None:
    breaker.try_again()
    assert breaker.state is State.CLOSED
    for _ in range(3):
        end(breaker, AWAY)
    breaker.try_again()
    with breaker(), pytest.raises(TemporarilyAway):
        end(breaker)
    assert breaker.state is State.CLOSED


def test_what_began_before_it_opened_does_not_close_it(breaker: Breaker) -> None:
    early = breaker()
    early.__enter__()
    opened(breaker)
    early.__exit__(None, None, None)
    assert breaker.state is State.OPEN


def test_the_metric_shows_the_state() -> None:
    metrics = Metrics()
    breaker = Breakers(SETTINGS, metrics).named("face", judge_service(10))
    assert metrics.registry.get_sample_value("sightline_breaker_state", {"name": "face"}) == 0
    opened(breaker)
    assert metrics.registry.get_sample_value("sightline_breaker_state", {"name": "face"}) == 2


def test_one_tenant_does_not_spoil_a_host_for_another_and_hosts_are_no_metric() -> None:
    metrics = Metrics()
    breakers = Breakers(SETTINGS, metrics)
    for _ in range(3):
        end(breakers.of_host("acme", "pictures.test", judge_host), SightlineError(Reason.URI_UNREACHABLE, ""))
    assert breakers.of_host("acme", "pictures.test", judge_host).state is State.OPEN
    assert breakers.of_host("other", "pictures.test", judge_host).state is State.CLOSED
    assert not breakers.all_named()


def test_only_the_latest_hosts_are_remembered() -> None:
    breakers = Breakers(SETTINGS, Metrics())
    for number in range(1500):
        breakers.of_host("acme", f"host-{number}.test", judge_host)
    assert len(breakers._hosts) == 1000


@pytest.mark.parametrize(
    ("error", "sign"),
    [
        (None, Sign.ANSWERED),
        (SightlineError(Reason.URI_UNREACHABLE, ""), Sign.FAILED),
        (SightlineError(Reason.URI_UNREACHABLE, "", metadata={"status": "503"}), Sign.FAILED),
        (SightlineError(Reason.URI_UNREACHABLE, "", metadata={"status": "404"}), Sign.ANSWERED),
        (SightlineError(Reason.URI_UNREACHABLE, "", metadata={"status": "429"}), Sign.NONE),
        (SightlineError(Reason.MEDIA_CORRUPT, ""), Sign.ANSWERED),
        (SightlineError(Reason.QUOTA_EXCEEDED, ""), Sign.NONE),
        (SightlineError(Reason.URI_REFUSED, ""), Sign.NONE),
        (TimeoutError(), Sign.NONE),
    ],
)
def test_a_host_has_failed_when_it_is_silent_or_says_that_it_is_broken(error: BaseException | None, sign: Sign) -> None:
    assert judge_host(error, 1) is sign


def test_a_deadline_counts_when_it_was_long() -> None:
    judge = judge_service(10)
    assert judge(LATE, 9) is Sign.NONE
    assert judge(LATE, 11) is Sign.HUNG
