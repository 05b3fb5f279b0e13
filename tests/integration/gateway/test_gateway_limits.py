"""Limits at the gateway: told with every answer, refused with the time to come back, and recorded by the hour."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody
from servers import Server

from sightline.common.errors import QuotaExceeded, Reason, SightlineError
from sightline.common.rpc import from_rpc_error
from sightline.common.settings import RedisSettings
from sightline.common.state.database import Database
from sightline.common.state.keys import Keys
from sightline.gateway.settings import LimitSettings, QuotaSettings, Settings
from sightline.v1 import job_service_pb2 as api, media_service_pb2 as media_api, media_service_pb2_grpc

# A group of submissions that waits for a lock, and no duty of housekeeping that does so, too.
STORING = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    " AND query LIKE '%WITH asked AS%'"
)
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"


async def key_of(database: Database, tenant: str = "acme") -> UUID:
    """The id of the newest key of a tenant."""
    return [key.key_id for key in await Keys(database).list_all() if key.tenant == tenant][-1]


@pytest.fixture
def limited(start: Any, call: Any, settings: Settings) -> Callable[..., Awaitable[Any]]:
    """Makes a client of a gateway with limits for every key, and others of the gateway's settings."""

    async def make(*, redis: RedisSettings | None = None, quotas: Any = None, **limits: int) -> Any:
        own = quotas or QuotaSettings(key=LimitSettings(**limits), note_seconds=0.1, roll_up_seconds=0.1)
        changes: dict[str, Any] = {"quotas": own}
        if redis is not None:
            changes["redis"] = redis
        return await call(await start(settings.model_copy(update=changes)))

    return make


async def outcomes(client: Any, requests: Sequence[Any]) -> list[Any]:
    """Create jobs all at once, and give what each call was answered."""
    return await asyncio.gather(*(client("CreateJob", one) for one in requests), return_exceptions=True)


def refused(found: Sequence[Any]) -> list[SightlineError]:
    errors = [one for one in found if isinstance(one, BaseException)]
    assert all(isinstance(one, grpc.aio.AioRpcError) for one in errors), errors
    return [from_rpc_error(one) for one in errors]


async def test_of_two_hundred_calls_at_once_exactly_as_many_create_a_job_as_may(limited: Any, wanted: Any) -> None:
    client = await limited(jobs_per_hour=23)
    errors = refused(await outcomes(client, [wanted() for _ in range(200)]))
    assert len(errors) == 177
    assert {error.reason for error in errors} == {Reason.QUOTA_EXCEEDED}
    listed = await client("ListJobs", api.ListJobsRequest(page_size=1000))
    assert len(listed.jobs) == 23


async def test_a_refusal_names_the_limit_and_says_when_to_come_back(limited: Any, wanted: Any, database: Any) -> None:
    client = await limited(jobs_per_hour=1)
    await client("CreateJob", wanted())
    error = await client.refused("CreateJob", wanted())
    assert isinstance(error, QuotaExceeded)
    assert error.subject == f"key:{await key_of(database)}/jobs_per_hour"
    assert error.metadata["limit"] == "jobs_per_hour"
    assert error.retry_after_seconds is not None
    assert 0 < error.retry_after_seconds <= 3600


async def test_answers_and_refusals_tell_the_limit_and_what_is_left(limited: Any, wanted: Any) -> None:
    client = await limited(jobs_per_hour=2, requests_per_minute=100)
    calls = [client.jobs.CreateJob(wanted(), metadata=client.metadata) for _ in range(1)]
    trailers = [dict(await one.trailing_metadata()) for one in calls]
    assert [(one["x-ratelimit-limit"], one["x-ratelimit-remaining"]) for one in trailers] == [("2", "1")]
    assert 0 < int(trailers[0]["x-ratelimit-reset"]) <= 3600
    await client("CreateJob", wanted())
    last = client.jobs.CreateJob(wanted(), metadata=client.metadata)
    told = dict(await last.trailing_metadata())
    assert (told["x-ratelimit-limit"], told["x-ratelimit-remaining"]) == ("2", "0")
    assert int(told["retry-after"]) > 0
    assert await last.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_key_without_limits_is_told_of_none(client: Any, wanted: Any) -> None:
    answered = client.jobs.CreateJob(wanted(), metadata=client.metadata)
    assert not [name for name, _ in await answered.trailing_metadata() if name.startswith("x-ratelimit")]


async def test_a_refused_batch_takes_nothing_and_one_that_fits_takes_what_it_created(limited: Any, wanted: Any) -> None:
    client = await limited(jobs_per_hour=5)
    error = await client.refused("BatchCreateJobs", api.BatchCreateJobsRequest(requests=[wanted()] * 6))
    assert error.reason is Reason.QUOTA_EXCEEDED
    wrong = api.CreateJobRequest()
    batch = await client("BatchCreateJobs", api.BatchCreateJobsRequest(requests=[wanted(), wanted(), wrong]))
    assert [item.HasField("job") for item in batch.items] == [True, True, False]
    assert len(refused(await outcomes(client, [wanted() for _ in range(5)]))) == 2


@asynccontextmanager
async def hung_up(database: Database, calling: Awaitable[Any]) -> AsyncIterator[None]:
    """Hang up on a call while nothing can be stored; at the end of the block all can go on."""
    async with database.connection() as connection, connection.transaction():
        await connection.execute("LOCK TABLE jobs IN EXCLUSIVE MODE")
        call = asyncio.ensure_future(calling)
        async with asyncio.timeout(20), database.connection() as other:
            while not await (await other.execute(STORING)).fetchone():
                await asyncio.sleep(0.01)
        call.cancel()
        await asyncio.wait({call})
        # The gateway hears of it.
        await asyncio.sleep(0.3)
        yield


@pytest.mark.parametrize("method", ["CreateJob", "BatchCreateJobs"])
async def test_who_hangs_up_before_the_answer_gets_no_job_for_nothing(
    limited: Any, wanted: Any, database: Database, method: str
) -> None:
    client = await limited(jobs_per_hour=1)
    request = wanted() if method == "CreateJob" else api.BatchCreateJobsRequest(requests=[wanted()])
    async with hung_up(database, client(method, request)):
        pass
    async with asyncio.timeout(20):
        while not (await client("ListJobs", api.ListJobsRequest())).jobs:
            await asyncio.sleep(0.05)
    assert (await client.refused("CreateJob", wanted())).reason is Reason.QUOTA_EXCEEDED


@pytest.mark.parametrize("method", ["CreateJob", "BatchCreateJobs"])
async def test_who_hangs_up_and_gets_no_job_pays_for_none(
    limited: Any, wanted: Any, database: Database, method: str
) -> None:
    client = await limited(jobs_per_hour=1)
    wrong = wanted(labels={"a": "not\0text"})
    request = wrong if method == "CreateJob" else api.BatchCreateJobsRequest(requests=[wrong])
    async with hung_up(database, client(method, request)):
        pass
    async with asyncio.timeout(20):
        while refused(await outcomes(client, [wanted()])):
            await asyncio.sleep(0.05)


async def test_a_repeat_and_a_wrong_request_take_no_job(limited: Any, wanted: Any) -> None:
    client = await limited(jobs_per_hour=2)
    request_id = str(uuid4())
    first = await client("CreateJob", wanted(request_id=request_id))
    for _ in range(3):
        assert (await client("CreateJob", wanted(request_id=request_id))).name == first.name
        assert (await client.refused("CreateJob", api.CreateJobRequest())).reason is Reason.INVALID_ARGUMENT
    assert len(refused(await outcomes(client, [wanted() for _ in range(3)]))) == 2


async def test_requests_of_any_kind_count_and_wrong_ones_too(limited: Any, wanted: Any) -> None:
    client = await limited(requests_per_minute=40)
    found = []
    for _ in range(15):
        calls = (
            client("CreateJob", wanted()),
            client("CreateJob", api.CreateJobRequest()),
            client("ListJobs", api.ListJobsRequest()),
        )
        found += await asyncio.gather(*calls, return_exceptions=True)
    reasons = [error.reason for error in refused(found)]
    # A minute may end on the way, and then the rest is let in.
    assert reasons.count(Reason.QUOTA_EXCEEDED) in (0, 5) or reasons.count(Reason.QUOTA_EXCEEDED) < 5
    assert reasons.count(Reason.INVALID_ARGUMENT) <= 15


async def test_open_jobs_are_bounded_until_one_ends(limited: Any, wanted: Any, hand: Any) -> None:
    client = await limited(open_jobs=3)
    errors = refused(await outcomes(client, [wanted() for _ in range(40)]))
    assert len(errors) == 37
    assert {getattr(error, "subject", "") for error in errors} == {"tenant:acme/open_jobs"}
    await hand.complete(await hand.claim())
    assert len(refused(await outcomes(client, [wanted(), wanted()]))) == 1


async def test_a_key_has_its_own_limit_and_shares_that_of_its_tenant(
    start: Any, call: Any, wanted: Any, database: Database
) -> None:
    door = await start()
    first, second = await call(door), await call(door)
    keys = Keys(database)
    await keys.limit_key(await key_of(database), {"jobs_per_day": 2})
    await keys.limit_tenant("acme", {"jobs_per_hour": 5})
    assert len(refused(await outcomes(second, [wanted() for _ in range(4)]))) == 2
    assert len(refused(await outcomes(first, [wanted() for _ in range(4)]))) == 1
    assert await keys.limit_tenant("acme", {"jobs_per_hour": None}) == {}


async def test_a_full_queue_refuses_with_a_time_and_has_room_again(limited: Any, wanted: Any, hand: Any) -> None:
    client = await limited(quotas=QuotaSettings(waiting_per_queue=4))
    errors = refused(await outcomes(client, [wanted() for _ in range(10)]))
    assert [error.reason for error in errors] == [Reason.QUEUE_FULL] * 6
    assert all(error.retry_after_seconds and error.retry_after_seconds >= 1 for error in errors)
    for _ in range(4):
        await hand.complete(await hand.claim())
    await asyncio.sleep(1.1)
    assert not refused(await outcomes(client, [wanted()]))


async def test_limits_hold_while_redis_is_away_and_when_it_is_back_with_nothing(
    limited: Any, wanted: Any, own_valkey: Server
) -> None:
    client = await limited(
        redis=RedisSettings(url=own_valkey.url, socket_timeout_seconds=1),  # type: ignore[arg-type]
        jobs_per_day=10,
    )
    assert not refused(await outcomes(client, [wanted() for _ in range(4)]))
    own_valkey.kill()
    assert len(refused(await outcomes(client, [wanted() for _ in range(20)]))) == 14
    own_valkey.start()
    await asyncio.sleep(1.5)
    assert len(refused(await outcomes(client, [wanted() for _ in range(5)]))) == 5


@pytest.fixture
async def files(limited: Any) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Uploads a file of so many bytes to a gateway with a limit of bytes."""
    client = await limited(upload_bytes_per_day=1000)
    stub = media_service_pb2_grpc.MediaServiceStub(client.channel)

    async def upload(size: int, *, announced: bool = True) -> Any:
        pieces = [JPEG, b"x" * (size - len(JPEG))]
        first = {"size_bytes": size} if announced else {}
        requests = [
            media_api.UploadMediaRequest(content=HttpBody(data=piece), **(first if not number else {}))
            for number, piece in enumerate(pieces)
        ]
        try:
            return await stub.UploadMedia(iter(requests), metadata=client.metadata)
        except grpc.aio.AioRpcError as error:
            return from_rpc_error(error)

    yield upload


async def test_bytes_that_came_count_and_a_refused_file_takes_none(files: Any) -> None:
    # The files are no pictures, and are refused as such where the limit lets them pass.
    assert (await files(1001)).reason is Reason.QUOTA_EXCEEDED
    assert (await files(1001, announced=False)).reason is Reason.QUOTA_EXCEEDED
    passed = await files(600)
    assert passed.reason is not Reason.QUOTA_EXCEEDED
    assert (await files(500)).reason is Reason.QUOTA_EXCEEDED
