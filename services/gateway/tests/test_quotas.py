"""Which limits hold for whom, what a gateway allows by itself, and when a full queue has room again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from sightline.common.errors import QuotaExceeded, Reason, TemporarilyAway
from sightline.common.queue import Charge, Verdict
from sightline.common.rpc import Identity
from sightline.common.state.jobs import Submission
from sightline.common.state.keys import Key
from sightline.common.state.usage import Waiting
from sightline.gateway.keys import app
from sightline.gateway.quotas.estimate import Estimate
from sightline.gateway.quotas.fullness import Fullness
from sightline.gateway.quotas.limits import COUNTED, NAMES, OPEN_JOBS, Resource, caller_of
from sightline.gateway.quotas.metering import Meters
from sightline.gateway.quotas.providers import Providers
from sightline.gateway.quotas.quotas import Quotas
from sightline.gateway.settings import ImportBudget, LimitSettings, ProviderSettings

KEY = UUID(int=7)
CLOCK = 1_000_000_000.0


def key_with(limits: dict[str, int], tenant_limits: dict[str, int]) -> Key:
    return Key(KEY, "acme", "", b"", [], datetime.now(UTC), None, limits, tenant_limits)


def test_every_limit_of_the_settings_is_one_that_is_kept() -> None:
    assert set(LimitSettings.model_fields) == set(NAMES)
    assert set(ImportBudget.model_fields) <= set(COUNTED)


def test_what_is_stored_with_a_key_goes_before_the_settings_and_the_tenant_has_its_own() -> None:
    settings = LimitSettings(jobs_per_hour=10, requests_per_minute=5)
    caller = caller_of(
        key_with({"jobs_per_hour": 99, "gone": 1}, {"jobs_per_hour": 500, OPEN_JOBS: 8}), settings, LimitSettings()
    )
    assert [(one.counter, one.limit) for one in caller.limits[Resource.JOBS]] == [
        (f"key:{KEY}/jobs_per_hour", 99),
        ("tenant:acme/jobs_per_hour", 500),
    ]
    assert [one.limit for one in caller.limits[Resource.REQUESTS]] == [5]
    assert caller.open_jobs == 8


def charge(amount: int = 1, limit: int = 10) -> Charge:
    return Charge("a", 60, limit, amount)


def spent(estimate: Estimate, peers: int, clock: float = CLOCK) -> int:
    count = 0
    while estimate.charge([charge()], clock, peers).refusing is None:
        count += 1
    return count


def test_a_gateway_by_itself_spends_its_share_of_what_was_left() -> None:
    estimate = Estimate()
    estimate.note([charge()], Verdict(CLOCK, (4,)))
    assert spent(estimate, peers=3) == 2
    assert [(one.told, one.spent) for one in estimate.known()] == [(4, 2)]
    # The next window is whole again, and still shared.
    assert spent(estimate, peers=3, clock=CLOCK + 60) == 3


def test_with_more_gateways_than_calls_left_each_allows_one_and_none_when_nothing_is_left() -> None:
    estimate = Estimate()
    estimate.note([charge()], Verdict(CLOCK, (8,)))
    assert spent(estimate, peers=50) == 1
    estimate.note([charge()], Verdict(CLOCK, (10,)))
    assert spent(Estimate(), peers=50) == 1


def test_what_one_limit_refuses_the_estimate_takes_from_none() -> None:
    estimate, wide = Estimate(), Charge("wide", 60, 100, 1)
    for _ in range(20):
        estimate.charge([wide, charge(limit=3)], CLOCK, 1)
    assert {one.key: one.spent for one in estimate.known()} == {"wide": 3, "a": 3}


def submission(tenant: str = "acme") -> Submission:
    return Submission(tenant, uuid4(), uuid4(), "detect_faces", b"", None, "face", 5)


class Waits:
    """Says how much waits."""

    def __init__(self, **waiting: int) -> None:
        self.waiting = waiting

    async def waiting_by_tenant(self) -> list[Waiting]:
        return [Waiting("face", tenant, count) for tenant, count in self.waiting.items()]


async def test_a_full_queue_says_when_it_has_room_by_how_fast_it_got_shorter() -> None:
    waits = Waits(acme=100)
    fullness = Fullness(cast(Any, waits), per_queue=100, per_tenant=None)
    await fullness.refresh()
    unknown = fullness.add(submission())
    assert unknown is not None
    assert (unknown.reason, unknown.retry_after_seconds) == (Reason.QUEUE_FULL, 30.0)
    waits.waiting["acme"] = 80
    fullness._read_at -= 2
    await fullness.refresh()
    taken = 0
    while (error := fullness.add(submission("other"))) is None:
        taken += 1
    assert taken == 20
    # 20 in about two seconds, and one too many.
    assert error.retry_after_seconds == pytest.approx(1, abs=0.2)


async def test_one_tenant_fills_its_part_of_a_queue_and_no_more() -> None:
    fullness = Fullness(cast(Any, Waits(acme=3)), per_queue=100, per_tenant=3)
    await fullness.refresh()
    error = fullness.add(submission())
    assert isinstance(error, QuotaExceeded)
    assert error.subject == "tenant:acme/queue:face"
    assert fullness.add(submission("other")) is None


def test_a_host_below_that_of_a_provider_is_the_providers_and_no_other_is() -> None:
    providers = Providers({"video": ProviderSettings(hosts=("Video.Test",))})
    named = [providers.named(host) for host in ("video.test", "a.b.VIDEO.test.", "notvideo.test", "test", "")]
    assert named == ["video", "video", "", "", ""]


class Silent:
    """Takes notes of nothing."""

    def note(self, *_: object) -> None:
        pass


async def test_uploads_beyond_the_bytes_of_a_process_are_told_to_come_back_and_one_alone_is_let_in() -> None:
    meters = Meters(Quotas(cast(Any, None)), cast(Any, Silent()), 1000)
    who = Identity("acme", "key")
    async with meters.upload(who, 5000):
        with pytest.raises(TemporarilyAway) as refused:
            async with meters.upload(who, 1):
                pass
    assert refused.value.reason is Reason.OVERLOADED
    async with meters.upload(who, 400) as first, meters.upload(who, 600):
        assert first.came_bytes == 0
    assert not meters._in_flight
    await asyncio.sleep(0)


@pytest.mark.parametrize("limit", ["jobs_per_century=3", "jobs_per_hour=many", "jobs_per_hour=-1"])
def test_the_command_refuses_a_limit_that_there_is_not_before_it_makes_a_key(limit: str) -> None:
    outcome = CliRunner().invoke(app, ["create", "--tenant", "a", "--name", "b", "--limit", limit])
    assert outcome.exit_code == 2
