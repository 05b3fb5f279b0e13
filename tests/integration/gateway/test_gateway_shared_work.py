"""The same work asked for again: one job does it, for all who ask, at any gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from sightline.common.errors import Reason
from sightline.common.queue import Consumer
from sightline.common.state.database import Database
from sightline.common.state.fingerprints import Fingerprints
from sightline.common.state.media import MediaFiles
from sightline.gateway.settings import Settings
from sightline.v1 import job_pb2, job_service_pb2 as api

State = job_pb2.Job.State
Wanted = Callable[..., api.CreateJobRequest]
AddMedia = Callable[..., Awaitable[str]]
FOUND = job_pb2.JobResult(detect_faces={})


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A gateway that asks for the fingerprints every time, so that a test need not wait."""
    return settings.model_copy(update={"jobs": settings.jobs.model_copy(update={"fingerprints_seconds": 0.0})})


@pytest.fixture
def shared(wanted: Wanted) -> Wanted:
    """Makes requests for work that may be shared."""

    def make(request_id: str = "", **job: Any) -> api.CreateJobRequest:
        return wanted(request_id, force=False, **job)

    return make


def faces(media: str, **options: Any) -> job_pb2.JobSpec:
    return job_pb2.JobSpec(media=media, detect_faces=options)


async def count(database: Database) -> int:
    async with database.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM jobs")).fetchone()
    return int(row[0]) if row else 0


async def test_fifty_simultaneous_submissions_at_two_gateways_are_one_job_that_runs_once(
    start: Any, call: Any, shared: Wanted, hand: Any, database: Database
) -> None:
    clients = [await call(await start()) for _ in range(2)]
    made = await asyncio.gather(*(clients[n % 2]("CreateJob", shared()) for n in range(50)))
    (name,) = {job.name for job in made}
    assert sum(job.deduplicated_from == name for job in made) == 49
    assert sum(job.deduplicated_from == "" for job in made) == 1
    await hand.complete(await hand.claim(name), FOUND)
    async with database.connection() as connection:
        row = await (await connection.execute("SELECT count(*), sum(attempt) FROM tasks")).fetchone()
    assert row == (1, 1)
    assert {(await client("GetJob", api.GetJobRequest(name=name))).state for client in clients} == {
        State.STATE_SUCCEEDED
    }


async def test_what_was_done_is_answered_at_once_with_its_result(client: Any, shared: Wanted, hand: Any) -> None:
    first = await client("CreateJob", shared())
    await hand.complete(await hand.claim(first.name), FOUND)
    again = await client("CreateJob", shared())
    assert (again.name, again.state, again.deduplicated_from) == (first.name, State.STATE_SUCCEEDED, first.name)
    assert again.result_count == 1
    # It is kept for those who came last as long as for the first.
    assert again.expire_time.ToDatetime() > first.expire_time.ToDatetime()


async def test_the_same_bytes_under_another_name_are_the_same_work(
    client: Any, shared: Wanted, add_media: AddMedia
) -> None:
    first = await client("CreateJob", shared())
    again = await client("CreateJob", shared(spec=faces(await add_media())))
    assert again.name == first.name


async def test_the_equal_items_of_a_batch_are_one_job_and_the_others_their_own(
    client: Any, shared: Wanted, wanted: Wanted, media: str, add_media: AddMedia, database: Database
) -> None:
    other = faces(media, max_faces=2)
    twin = await add_media()
    requests = [shared(), shared(spec=other), shared(), wanted(), shared(spec=faces(twin)), shared(str(uuid4()))]
    answer = await client("BatchCreateJobs", api.BatchCreateJobsRequest(requests=requests))
    names = [item.job.name for item in answer.items]
    assert names[0] == names[2] == names[4] == names[5]
    assert len(set(names)) == 3
    assert [bool(item.job.deduplicated_from) for item in answer.items].count(True) == 3
    assert await count(database) == 3


async def test_other_options_labels_and_force_run_anew(client: Any, shared: Wanted, wanted: Wanted, media: str) -> None:
    made = [
        await client("CreateJob", request)
        for request in (
            shared(),
            shared(spec=faces(media, min_score=0.25)),
            shared(labels={"film": "b"}),
            wanted(),
            wanted(),
        )
    ]
    assert len({job.name for job in made}) == len(made)
    assert not any(job.deduplicated_from for job in made)


async def test_work_with_times_of_its_own_is_not_shared(client: Any, shared: Wanted) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    made = [await client("CreateJob", shared(**times)) for times in ({}, {"run_time": soon}, {"deadline_time": soon})]
    assert len({job.name for job in made}) == 3


async def test_tenants_never_share(start: Any, call: Any, shared: Wanted, add_media: AddMedia) -> None:
    door = await start()
    ours, theirs = await call(door), await call(door, "other")
    first = await ours("CreateJob", shared())
    spec = faces(await add_media(tenant="other"))
    second = await theirs("CreateJob", shared(spec=spec))
    assert first.name != second.name
    assert not second.deduplicated_from


async def test_what_other_models_made_is_not_reused(client: Any, shared: Wanted, hand: Any, database: Database) -> None:
    fingerprints = Fingerprints(database)
    await fingerprints.announce("face", ["detect_faces"], b"old")
    first = await client("CreateJob", shared())
    await hand.complete(await hand.claim(first.name), FOUND)
    assert (await client("CreateJob", shared())).name == first.name
    await fingerprints.announce("face", ["detect_faces"], b"new")
    both = await client("CreateJob", shared())
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE fingerprints SET announce_time = now() - interval '2 minutes' WHERE fingerprint = 'old'"
        )
    new = await client("CreateJob", shared())
    assert len({first.name, both.name, new.name}) == 3
    assert (await client("CreateJob", shared())).name == new.name


async def test_what_failed_or_was_cancelled_runs_anew(client: Any, shared: Wanted, hand: Any) -> None:
    first = await client("CreateJob", shared())
    await hand.fail(await hand.claim(first.name))
    second = await client("CreateJob", shared())
    await client("CancelJob", api.CancelJobRequest(name=second.name))
    third = await client("CreateJob", shared())
    assert len({first.name, second.name, third.name}) == 3


async def test_a_job_that_is_run_again_beside_a_newer_one_runs_on_its_own(
    client: Any, shared: Wanted, hand: Any
) -> None:
    first = await client("CreateJob", shared())
    await hand.fail(await hand.claim(first.name))
    second = await client("CreateJob", shared())
    assert (await client("RetryJob", api.RetryJobRequest(name=first.name))).state == State.STATE_QUEUED
    assert (await client("CreateJob", shared())).name == second.name
    await hand.complete(await hand.claim(first.name), FOUND)
    await hand.complete(await hand.claim(second.name), FOUND)
    assert (await client("CreateJob", shared())).name == second.name


async def test_what_was_deleted_runs_anew(client: Any, shared: Wanted, hand: Any) -> None:
    first = await client("CreateJob", shared())
    await hand.complete(await hand.claim(first.name), FOUND)
    await client("DeleteJob", api.DeleteJobRequest(name=first.name))
    assert (await client("CreateJob", shared())).name != first.name


async def test_a_job_whose_file_is_gone_is_not_shared_with_those_who_have_the_bytes(
    client: Any, shared: Wanted, add_media: AddMedia, database: Database, media: str
) -> None:
    first = await client("CreateJob", shared())
    assert (await client("CreateJob", shared())).name == first.name
    await MediaFiles(database).delete("acme", UUID(media.removeprefix("media/")))
    again = await client("CreateJob", shared(spec=faces(await add_media())))
    assert again.name != first.name
    assert not again.deduplicated_from
    assert (await client.refused("CreateJob", shared())).reason is Reason.NOT_FOUND


async def test_a_job_that_has_lost_a_file_which_it_made_is_not_shared(
    client: Any, shared: Wanted, hand: Any, add_media: AddMedia, database: Database
) -> None:
    first = await client("CreateJob", shared())
    await hand.complete(await hand.claim(first.name), FOUND)
    made = UUID((await add_media()).removeprefix("media/"))
    async with database.connection() as connection:
        sql = "UPDATE media SET job_id = %s WHERE media_id = %s"
        await connection.execute(sql, [first.name.removeprefix("jobs/"), made])
    assert (await client("CreateJob", shared())).name == first.name
    await MediaFiles(database).delete("acme", made)
    assert (await client("CreateJob", shared())).name != first.name


async def test_a_repeated_request_id_gives_the_shared_job_again_and_says_so(client: Any, shared: Wanted) -> None:
    request_id = str(uuid4())
    first = await client("CreateJob", shared())
    joined = await client("CreateJob", shared(request_id))
    assert await client("CreateJob", shared(request_id)) == joined
    assert (joined.name, joined.deduplicated_from) == (first.name, first.name)
    assert (await client.refused("CreateJob", shared(request_id, priority=9))).reason is Reason.REQUEST_ID_REUSED


async def test_fifty_simultaneous_repeats_of_one_request_at_two_gateways_are_one_submission(
    start: Any, call: Any, shared: Wanted, wanted: Wanted, database: Database
) -> None:
    clients = [await call(await start()) for _ in range(2)]
    for make in (shared, wanted):
        request = make(str(uuid4()))
        made = await asyncio.gather(*(clients[n % 2]("CreateJob", request) for n in range(50)))
        assert len({job.name for job in made}) == 1
        assert not any(job.deduplicated_from for job in made)
    assert await count(database) == 2


async def test_whoever_is_in_a_greater_hurry_takes_the_others_along(
    client: Any, shared: Wanted, settings: Settings
) -> None:
    first = await client("CreateJob", shared(priority=3))
    assert (await client("CreateJob", shared(priority=1))).priority == 3
    hurried = await client("CreateJob", shared(priority=9))
    assert (hurried.name, hurried.priority) == (first.name, 9)
    later = await client("CreateJob", shared(priority=5, labels={"another": "job"}))
    consumer, popped = Consumer(settings.redis, "face"), []
    while len(popped) < 3:
        popped += await consumer.pop(10, 2.0) or []
    await consumer.close()
    # The task was published again on its new step, before what came later and is less urgent.
    assert popped[0] == popped[2] != popped[1]
    assert later.priority == 5


async def test_who_cancels_what_he_alone_asked_for_is_told_that_others_have_joined(client: Any, shared: Wanted) -> None:
    first = await client("CreateJob", shared())
    joined = await client("CreateJob", shared())
    assert first.etag != joined.etag
    error = await client.refused("CancelJob", api.CancelJobRequest(name=first.name, etag=first.etag))
    assert error.reason is Reason.ETAG_MISMATCH
    cancelled = await client("CancelJob", api.CancelJobRequest(name=first.name, etag=joined.etag))
    assert cancelled.state == State.STATE_CANCELLED
