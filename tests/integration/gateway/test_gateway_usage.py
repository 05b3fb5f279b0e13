"""Usage by the hour: counted by the transactions that end jobs, kept over restarts; and what is left of limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody

from sightline.common.errors import Reason
from sightline.common.rpc import from_rpc_error
from sightline.common.state.database import Database
from sightline.common.state.usage import Noted, Usage
from sightline.gateway.settings import ImportBudget, LimitSettings, ProviderSettings, QuotaSettings, Settings
from sightline.v1 import job_service_pb2 as api, media_service_pb2 as media_api, media_service_pb2_grpc
from sightline.v1.usage_service_pb2 import GetQuotaRequest, GetUsageRequest

QUICK = QuotaSettings(note_seconds=0.05, roll_up_seconds=0.05)


async def used(client: Any, **span: datetime) -> dict[str, tuple[int, int, float]]:
    """What GetUsage says, added up by kind."""
    request = GetUsageRequest()
    for name, value in span.items():
        getattr(request, name).FromDatetime(value)
    found: dict[str, tuple[int, int, float]] = {}
    for hour in (await client.usage.GetUsage(request, metadata=client.metadata)).hours:
        assert hour.start_time.ToDatetime().minute == 0
        count, size, work = found.get(hour.kind, (0, 0, 0.0))
        seconds = hour.work_duration.ToTimedelta().total_seconds()
        found[hour.kind] = (count + hour.job_count, size + hour.size_bytes, work + seconds)
    return found


async def rolled_up(database: Database) -> None:
    """Wait until all that was told is in its hour."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        async with database.connection() as connection:
            row = await (await connection.execute("SELECT count(*) FROM usage_news")).fetchone()
        if row == (0,):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it was not rolled up")


@pytest.fixture
def quick(settings: Settings) -> Settings:
    return settings.model_copy(update={"quotas": QUICK})


async def test_jobs_bytes_and_work_are_counted_once_and_stay_over_a_restart(
    start: Any, call: Any, quick: Settings, wanted: Any, hand: Any, database: Database
) -> None:
    client = await call(await start(quick))
    for _ in range(3):
        await client("CreateJob", wanted())
    first, second = await hand.claim(), await hand.claim()
    await asyncio.sleep(0.2)
    await hand.complete(first)
    await hand.fail(second)
    waiting = (await client("ListJobs", api.ListJobsRequest(filter="state=QUEUED"))).jobs[0]
    await client("CancelJob", api.CancelJobRequest(name=waiting.name))
    before = await used(client)
    count, size, work = before["detect_faces"]
    # The file has 3 bytes; the job that was cancelled before it began read none.
    assert (count, size) == (3, 6)
    assert 0.4 <= work < 5
    await rolled_up(database)
    assert await used(client) == before
    again = await call(await start(quick))
    assert await used(again) == before
    other = await call(await start(quick), "other")
    assert await used(other) == {}


async def test_news_are_added_once_however_many_roll_them_up(
    database: Database, submission: Callable[..., Any]
) -> None:
    usage, now = Usage(database), datetime.now(UTC)
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO usage_news (tenant, hour_time, kind, count)"
            " SELECT 'acme', date_trunc('hour', now(), 'UTC'), 'k', 1 FROM generate_series(1, 1000)"
        )
    took = await asyncio.gather(*(usage.roll_up(100) for _ in range(20)))
    while await usage.roll_up(1000):
        pass
    assert sum(took) <= 1000
    (hour,) = await usage.hours("acme", now - timedelta(hours=2), now + timedelta(hours=1), 10)
    assert hour.count == 1000


async def test_what_came_on_both_sides_of_the_turn_of_an_hour_stays_in_its_hour(database: Database) -> None:
    usage, turn = Usage(database), datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    earlier = turn - timedelta(hours=1)

    def noted(hour: datetime, count: int) -> Noted:
        return Noted("acme", hour, "upload_media", count, 10 * count)

    # Rolled up, then more for both of them: a gateway stores what it noted some seconds after the turn.
    await usage.note([noted(earlier, 1), noted(turn, 2)])
    assert await usage.roll_up() == 2
    await usage.note([noted(earlier, 4), noted(turn, 8)])
    for _ in range(2):
        hours = await usage.hours("acme", earlier, turn + timedelta(hours=1), 10)
        assert [(one.hour_time, one.count, one.size_bytes) for one in hours] == [(turn, 10, 100), (earlier, 5, 50)]
        assert [one.count for one in await usage.hours("acme", earlier, turn, 10)] == [5]
        assert await usage.roll_up() in (0, 2)


async def test_a_span_that_is_none_or_too_long_is_refused(client: Any) -> None:
    now = datetime.now(UTC)
    for start, end in ((now, now - timedelta(hours=1)), (now - timedelta(days=500), now)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await used(client, start_time=start, end_time=end)
        assert from_rpc_error(refused.value).reason is Reason.INVALID_ARGUMENT


async def test_bytes_that_were_sent_are_recorded(start: Any, call: Any, quick: Settings) -> None:
    client = await call(await start(quick))
    stub = media_service_pb2_grpc.MediaServiceStub(client.channel)
    pdf = b"%PDF-1.7\n" + b"x" * 500
    requests = [media_api.UploadMediaRequest(content=HttpBody(data=pdf), size_bytes=len(pdf))]
    await stub.UploadMedia(iter(requests), metadata=client.metadata)
    await asyncio.sleep(0.3)
    assert await used(client) == {"upload_media": (1, len(pdf), 0.0)}


async def test_the_quota_lists_every_limit_with_what_is_left(
    start: Any, call: Any, settings: Settings, wanted: Any
) -> None:
    own = QuotaSettings(
        key=LimitSettings(jobs_per_hour=10), tenant=LimitSettings(jobs_per_day=100, open_jobs=5, imports_per_day=7)
    )
    provider = ProviderSettings(
        hosts=("video.test",),
        per_tenant=ImportBudget(imports_per_hour=3),
        total=ImportBudget(import_bytes_per_day=1000),
    )
    changed = settings.model_copy(update={"quotas": own, "providers": {"video": provider}})
    client = await call(await start(changed))
    await client("CreateJob", wanted())
    answer = await client.usage.GetQuota(GetQuotaRequest(), metadata=client.metadata)
    assert [(one.subject, one.name, one.limit, one.remaining) for one in answer.limits] == [
        ("key", "jobs_per_hour", 10, 9),
        ("provider:video", "imports_per_hour", 3, 3),
        ("provider_total:video", "import_bytes_per_day", 1000, 1000),
        ("tenant", "imports_per_day", 7, 7),
        ("tenant", "jobs_per_day", 100, 99),
        ("tenant", "open_jobs", 5, 4),
    ]
    ends = [one.reset_time.seconds - time.time() for one in answer.limits if one.HasField("reset_time")]
    assert len(ends) == 5
    assert all(0 <= seconds <= 86_400 for seconds in ends)


async def test_an_import_takes_from_the_budget_of_its_provider_and_is_refused_without_being_made(
    start: Any, call: Any, settings: Settings
) -> None:
    provider = ProviderSettings(hosts=("127.0.0.1", "video.test"), per_tenant=ImportBudget(imports_per_hour=1))
    client = await call(await start(settings.model_copy(update={"providers": {"video": provider}})))
    stub = media_service_pb2_grpc.MediaServiceStub(client.channel)
    reasons = []
    for uri in ("http://127.0.0.1/a.jpg", "http://cdn.video.test/b.jpg"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.ImportMedia(media_api.ImportMediaRequest(uri=uri), metadata=client.metadata)
        reasons.append(from_rpc_error(refused.value).reason)
    # The first was tried, and the guard refused where it leads.
    assert reasons == [Reason.URI_REFUSED, Reason.QUOTA_EXCEEDED]
