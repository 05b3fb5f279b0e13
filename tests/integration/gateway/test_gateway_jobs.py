"""JobService over the real database and the real queue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from sightline.common.errors import InvalidRequest, Reason
from sightline.common.queue import Consumer
from sightline.common.rpc import from_rpc_error
from sightline.common.state.database import Database
from sightline.gateway.settings import Settings
from sightline.v1 import face_service_pb2, face_service_pb2_grpc, job_pb2, job_service_pb2 as api, usage_service_pb2

MISSING = "01933b6e-0000-7000-8000-000000000000"
Wanted = Callable[..., api.CreateJobRequest]


async def transactions(database: Database) -> int:
    """How many transactions have stored jobs; each has a number of its own."""
    async with database.connection() as connection:
        cursor = await connection.execute("SELECT count(DISTINCT xmin::text) FROM jobs")
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def test_a_created_job_is_answered_as_it_is_stored_and_its_task_lies_in_the_queue(
    client: Any, wanted: Wanted, settings: Settings
) -> None:
    created = await client("CreateJob", wanted(priority=8, labels={"film": "b"}))
    assert created == await client("GetJob", api.GetJobRequest(name=created.name))
    assert (created.state, created.priority, created.etag) == (job_pb2.Job.STATE_QUEUED, 8, "1")
    assert created.expire_time.ToDatetime() > created.create_time.ToDatetime()
    consumer = Consumer(settings.redis, "face")
    popped = await consumer.pop(10, 2.0)
    await consumer.close()
    assert popped is not None
    assert len(popped) == 1


async def test_a_priority_that_was_not_chosen_is_5(client: Any, wanted: Wanted) -> None:
    assert (await client("CreateJob", wanted())).priority == 5


async def test_two_hundred_concurrent_creations_land_in_few_transactions(
    client: Any, wanted: Wanted, database: Database
) -> None:
    async with database.connection() as connection, connection.transaction():
        # Nothing is stored until they are all there, however slow the machine is.
        await connection.execute("LOCK TABLE jobs IN EXCLUSIVE MODE")
        creations = [asyncio.create_task(client("CreateJob", wanted())) for _ in range(200)]
        await asyncio.sleep(2)
    created = await asyncio.gather(*creations)
    assert len({job.name for job in created}) == 200
    assert await transactions(database) <= 40


async def test_a_repeated_request_id_returns_the_first_job_and_another_body_is_refused(
    client: Any, wanted: Wanted
) -> None:
    request_id = str(uuid4())
    first = await client("CreateJob", wanted(request_id, labels={"a": "1", "b": "2"}))
    again = await client("CreateJob", wanted(request_id, labels={"b": "2", "a": "1"}, priority=5))
    assert again == first
    error = await client.refused("CreateJob", wanted(request_id, priority=9))
    assert error.reason is Reason.REQUEST_ID_REUSED
    assert len((await client("ListJobs", api.ListJobsRequest())).jobs) == 1


async def test_fifty_concurrent_repeats_create_one_job(client: Any, wanted: Wanted) -> None:
    request_id = str(uuid4())
    created = await asyncio.gather(*(client("CreateJob", wanted(request_id)) for _ in range(50)))
    assert len({job.name for job in created}) == 1


async def test_a_repeat_whose_media_is_gone_still_gets_its_first_job(
    client: Any, wanted: Wanted, database: Database
) -> None:
    request = wanted(str(uuid4()))
    first = await client("CreateJob", request)
    async with database.connection() as connection:
        await connection.execute("DELETE FROM media")
    assert (await client("CreateJob", request)).name == first.name
    assert (await client.refused("CreateJob", wanted())).reason is Reason.NOT_FOUND


async def test_one_submission_that_cannot_be_stored_does_not_spoil_those_beside_it(client: Any, wanted: Wanted) -> None:
    calls = [client("CreateJob", wanted()) for _ in range(20)]
    calls.insert(7, client("CreateJob", wanted(labels={"a": "not\0text"})))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    failed = [one for one in outcomes if isinstance(one, grpc.aio.AioRpcError)]
    assert [from_rpc_error(one).reason for one in failed] == [Reason.INVALID_ARGUMENT]
    assert len(outcomes) - len(failed) == 20


async def test_media_that_is_missing_malformed_or_anothers_is_not_found(
    client: Any, wanted: Wanted, add_media: Callable[..., Awaitable[str]]
) -> None:
    for name in (f"media/{MISSING}", "media/" + "-" * 36, await add_media(tenant="other")):
        spec = job_pb2.JobSpec(media=name, detect_faces={})
        error = await client.refused("CreateJob", wanted(spec=spec))
        assert (error.reason, error.metadata["resource"]) == (Reason.NOT_FOUND, name)


async def test_a_kind_whose_service_is_not_configured_is_refused(client: Any, wanted: Wanted, media: str) -> None:
    for options in ({"segment": {}}, {"extract_text": {}}):
        error = await client.refused("CreateJob", wanted(spec=job_pb2.JobSpec(media=media, **options)))
        assert error.reason is Reason.KIND_NOT_SERVED


async def test_a_request_that_breaks_the_contract_names_the_field(client: Any, wanted: Wanted) -> None:
    error = await client.refused("CreateJob", wanted(priority=11))
    assert isinstance(error, InvalidRequest)
    assert [one.field for one in error.violations] == ["job.priority"]


async def test_a_batch_says_for_each_item_what_became_of_it(
    client: Any, wanted: Wanted, media: str, database: Database
) -> None:
    request_id = str(uuid4())
    first = await client("CreateJob", wanted(request_id))
    requests = [
        wanted(),
        wanted(priority=11),
        wanted(spec=job_pb2.JobSpec(media=f"media/{MISSING}", detect_faces={})),
        wanted(spec=job_pb2.JobSpec(media=media, segment={})),
        wanted(request_id),
        wanted(request_id, priority=1),
        api.CreateJobRequest(),
        wanted(),
    ]
    answer = await client("BatchCreateJobs", api.BatchCreateJobsRequest(requests=requests))
    said = [item.job.name or _reason(item.error) for item in answer.items]
    assert said[1:4] == ["INVALID_ARGUMENT", "NOT_FOUND", "KIND_NOT_SERVED"]
    assert said[4:7] == [first.name, "REQUEST_ID_REUSED", "INVALID_ARGUMENT"]
    assert said[0].startswith("jobs/")
    assert said[7].startswith("jobs/")
    assert await transactions(database) == 2


async def test_an_item_of_a_batch_that_cannot_be_stored_does_not_spoil_the_others(client: Any, wanted: Wanted) -> None:
    requests = [wanted(labels={"a": "not\0text" if number in (3, 7) else "text"}) for number in range(9)]
    items = (await client("BatchCreateJobs", api.BatchCreateJobsRequest(requests=requests))).items
    assert [number for number, item in enumerate(items) if item.HasField("error")] == [3, 7]
    assert {item.error.code for item in items if item.HasField("error")} == {grpc.StatusCode.INVALID_ARGUMENT.value[0]}
    assert len({item.job.name for item in items if item.HasField("job")}) == 7


async def test_a_batch_of_a_thousand_is_one_transaction(client: Any, wanted: Wanted, database: Database) -> None:
    answer = await client("BatchCreateJobs", api.BatchCreateJobsRequest(requests=[wanted()] * 1000))
    assert len({item.job.name for item in answer.items}) == 1000
    assert await transactions(database) == 1


async def test_an_empty_batch_is_refused_as_a_whole(client: Any) -> None:
    assert (await client.refused("BatchCreateJobs", api.BatchCreateJobsRequest())).reason is Reason.INVALID_ARGUMENT


async def test_many_jobs_are_read_in_the_order_asked_for(client: Any, wanted: Wanted) -> None:
    names = [(await client("CreateJob", wanted())).name for _ in range(3)]
    asked = [names[2], names[0], names[1], names[0]]
    answer = await client("BatchGetJobs", api.BatchGetJobsRequest(names=asked))
    assert [job.name for job in answer.jobs] == asked
    error = await client.refused("BatchGetJobs", api.BatchGetJobsRequest(names=[names[0], f"jobs/{MISSING}"]))
    assert error.metadata["resource"] == f"jobs/{MISSING}"


async def test_pages_of_a_filtered_list_cover_each_job_once(client: Any, wanted: Wanted) -> None:
    for number in range(12):
        await client("CreateJob", wanted(labels={"parity": "odd" if number % 2 else "even"}))
    request = api.ListJobsRequest(page_size=4, filter='labels.parity = "odd" AND state = QUEUED')
    seen = []
    while True:
        page = await client("ListJobs", request)
        seen += [job.name for job in page.jobs]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert len(seen) == len(set(seen)) == 6
    assert seen == sorted(seen, reverse=True)
    oldest_first = await client("ListJobs", api.ListJobsRequest(filter=request.filter, order_by="create_time"))
    assert [job.name for job in oldest_first.jobs] == seen[::-1]


async def test_a_page_token_belongs_to_its_filter_its_order_its_tenant_and_its_list(
    client: Any, wanted: Wanted, call: Any
) -> None:
    for _ in range(3):
        await client("CreateJob", wanted())
    token = (await client("ListJobs", api.ListJobsRequest(page_size=1))).next_page_token
    for request in (
        api.ListJobsRequest(page_token=token, filter="state = QUEUED"),
        api.ListJobsRequest(page_token=token, order_by="create_time"),
        api.ListJobsRequest(page_token="bm93aGVyZQ"),
        api.ListJobsRequest(page_token="\N{SNOWMAN}"),
        api.ListJobsRequest(page_token=token[:-1]),
    ):
        assert (await client.refused("ListJobs", request)).reason is Reason.INVALID_PAGE_TOKEN
    error = await client.refused("ListDeadLetters", api.ListDeadLettersRequest(page_token=token))
    assert error.reason is Reason.INVALID_PAGE_TOKEN


async def test_a_filter_that_does_not_parse_is_refused(client: Any) -> None:
    for text in ("state", "state = DREAMING", "colour = red", 'labels.a = "\0"'):
        error = await client.refused("ListJobs", api.ListJobsRequest(filter=text))
        assert error.reason in (Reason.INVALID_FILTER, Reason.INVALID_ARGUMENT)


@pytest.mark.parametrize("name", ["jobs/xyz", f"jobs/{MISSING}", f"jobs/{MISSING.upper()}", f"jobs/{{{MISSING}}}"])
async def test_an_unknown_and_a_malformed_name_are_the_same_not_found(client: Any, name: str) -> None:
    requests = {
        "GetJob": api.GetJobRequest(name=name),
        "CancelJob": api.CancelJobRequest(name=name),
        "RetryJob": api.RetryJobRequest(name=name),
        "DeleteJob": api.DeleteJobRequest(name=name),
        "ListJobResults": api.ListJobResultsRequest(parent=name),
        "ReplayDeadLetter": api.ReplayDeadLetterRequest(job=name),
    }
    for method, request in requests.items():
        error = await client.refused(method, request)
        assert (error.reason, error.message) == (Reason.NOT_FOUND, f"{name} was not found")


async def test_another_tenants_job_looks_like_a_missing_one(start: Any, call: Any, wanted: Wanted) -> None:
    door = await start()
    mine, theirs = await call(door), await call(door, "other")
    name = (await mine("CreateJob", wanted())).name
    assert (await theirs.refused("GetJob", api.GetJobRequest(name=name))).message == f"{name} was not found"
    assert len((await theirs("ListJobs", api.ListJobsRequest())).jobs) == 0


async def test_a_cancelled_job_can_be_run_again_and_deleted_only_when_it_has_ended(
    client: Any, wanted: Wanted, hand: Any
) -> None:
    job = await client("CreateJob", wanted())
    cancelled = await client("CancelJob", api.CancelJobRequest(name=job.name, etag=job.etag))
    assert cancelled.state == job_pb2.Job.STATE_CANCELLED
    assert (await client.refused("CancelJob", api.CancelJobRequest(name=job.name))).reason is Reason.JOB_ENDED
    again = await client("RetryJob", api.RetryJobRequest(name=job.name))
    assert again.state == job_pb2.Job.STATE_QUEUED
    assert (await client.refused("DeleteJob", api.DeleteJobRequest(name=job.name))).reason is Reason.JOB_NOT_ENDED
    await hand.complete(await hand.claim(job.name))
    stale = api.DeleteJobRequest(name=job.name, etag=job.etag)
    assert (await client.refused("DeleteJob", stale)).reason is Reason.ETAG_MISMATCH
    await client("DeleteJob", api.DeleteJobRequest(name=job.name))
    assert (await client.refused("GetJob", api.GetJobRequest(name=job.name))).reason is Reason.NOT_FOUND


async def test_results_come_in_pages_in_their_order(client: Any, wanted: Wanted, hand: Any) -> None:
    job = await client("CreateJob", wanted())
    results = [job_pb2.JobResult(detect_faces={"image_size": {"width_px": n + 1, "height_px": 1}}) for n in range(5)]
    await hand.complete(await hand.claim(job.name), *results)
    request = api.ListJobResultsRequest(parent=job.name, page_size=2)
    seen: list[job_pb2.JobResult] = []
    while True:
        page = await client("ListJobResults", request)
        seen += page.results
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert [one.name for one in seen] == [f"{job.name}/results/{n}" for n in range(5)]
    assert [one.detect_faces.image_size.width_px for one in seen] == [1, 2, 3, 4, 5]
    done = await client("GetJob", api.GetJobRequest(name=job.name))
    assert (done.state, done.result_count, done.progress) == (job_pb2.Job.STATE_SUCCEEDED, 5, 1.0)
    assert done.HasField("run_duration")
    other = await client("CreateJob", wanted())
    request.parent = other.name
    assert (await client.refused("ListJobResults", request)).reason is Reason.INVALID_PAGE_TOKEN


async def test_results_too_large_for_one_message_come_in_smaller_pages(client: Any, wanted: Wanted, hand: Any) -> None:
    job = await client("CreateJob", wanted())
    face = {"embedding": {"values": [0.5] * 100_000}}
    results = [job_pb2.JobResult(detect_faces={"faces": [face]})] * 10
    await hand.complete(await hand.claim(job.name), *results)
    request, pages, seen = api.ListJobResultsRequest(parent=job.name), 0, 0
    while pages == 0 or request.page_token:
        page = await client("ListJobResults", request)
        pages, seen, request.page_token = pages + 1, seen + len(page.results), page.next_page_token
    assert seen == 10
    assert pages > 1


async def test_a_job_that_is_run_again_on_its_last_day_is_kept_as_long_as_a_new_one(
    client: Any, wanted: Wanted, database: Database
) -> None:
    job = await client("CreateJob", wanted())
    await client("CancelJob", api.CancelJobRequest(name=job.name))
    async with database.connection() as connection:
        await connection.execute("UPDATE jobs SET expire_time = now() + interval '1 minute'")
    again = await client("RetryJob", api.RetryJobRequest(name=job.name))
    assert again.expire_time.ToSeconds() >= job.expire_time.ToSeconds()


async def test_the_trace_of_a_submission_is_stored_with_it(client: Any, wanted: Wanted, hand: Any) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    traced = (*client.metadata, ("traceparent", f"00-{trace_id}-00f067aa0ba902b7-01"))
    await client.jobs.CreateJob(wanted(), metadata=traced)
    assert trace_id in (await hand.claim()).trace_context


async def test_queues_and_parts_are_told(client: Any, wanted: Wanted, hand: Any) -> None:
    for _ in range(3):
        await client("CreateJob", wanted())
    await hand.claim()
    await asyncio.sleep(1.1)
    queues = await client.usage.ListQueues(usage_service_pb2.ListQueuesRequest(), metadata=client.metadata)
    assert [(one.name, one.waiting_count, one.running_count) for one in queues.queues] == [("face", 2, 1)]
    assert queues.queues[0].oldest_wait.ToNanoseconds() > 0
    stats = await client.usage.GetSystemStats(usage_service_pb2.GetSystemStatsRequest(), metadata=client.metadata)
    parts = {part.name: part.available for part in stats.parts}
    assert parts == {"blobs": True, "face": False, "keys": True, "postgres": True, "redis": True}
    assert stats.version


async def test_a_method_that_is_not_there_and_a_service_that_is_not_configured_say_so(client: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as missing:
        await client.channel.unary_unary("/sightline.v1.JobService/PaintJob")(b"", metadata=client.metadata)
    assert from_rpc_error(missing.value).reason is Reason.METHOD_NOT_FOUND
    detect = client.channel.unary_unary("/sightline.v1.ObjectService/DetectObjects")
    with pytest.raises(grpc.aio.AioRpcError) as unserved:
        await detect(b"", metadata=client.metadata)
    assert from_rpc_error(unserved.value).reason is Reason.KIND_NOT_SERVED


async def test_a_service_that_is_away_is_unavailable_with_a_time_to_come_back(client: Any) -> None:
    faces = face_service_pb2_grpc.FaceServiceStub(client.channel)
    with pytest.raises(grpc.aio.AioRpcError) as away:
        await faces.DetectFaces(face_service_pb2.DetectFacesRequest(), metadata=client.metadata)
    error = from_rpc_error(away.value)
    assert (error.reason, error.retry_after_seconds) == (Reason.SERVICE_UNAVAILABLE, 1.0)


def _reason(status: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return info.reason
