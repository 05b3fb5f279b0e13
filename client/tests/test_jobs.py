"""Jobs: created once, watched without gap or repeat, waited for."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from scripted_calls import status
from scripted_server import server

from sightline.client import (
    AsyncSightline,
    Conflict,
    DeadlineExceeded,
    JobCancelled,
    JobFailed,
    NotFound,
    SightlineError,
)
from sightline.v1.job_pb2 import Job, JobSpec
from sightline.v1.job_service_pb2 import CreateJobRequest

MEDIA = "media/0197b1c2-8c1e-7b6d-9f3a-4f4f5a2b1c0d"
SPEC = JobSpec(media=MEDIA, detect_faces={})


async def test_a_picture_is_uploaded_and_its_job_waited_for(sightline, script, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"picture")
    job = await sightline.jobs.detect_faces(photo, max_faces=3, embeddings=True, labels={"film": "b"}, wait=True)
    assert job.state == Job.STATE_SUCCEEDED
    request = script.named("CreateJob")[0].request.job
    assert script.blobs[request.spec.media] == b"picture"
    assert (request.spec.detect_faces.max_faces, request.spec.detect_faces.include_embeddings) == (3, True)
    assert dict(request.labels) == {"film": "b"}
    assert [len(result.detect_faces.faces) async for result in sightline.jobs.results(job)] == [1]


async def test_uploaded_media_is_not_uploaded_again(sightline, script):
    await sightline.jobs.detect_faces(MEDIA)
    assert not script.named("UploadMedia")


async def test_a_creation_whose_answer_is_lost_makes_one_job(sightline, script):
    script.lost["CreateJob"] = 2
    job = await sightline.jobs.create(SPEC)
    assert list(script.jobs) == [job.name]
    ids = {call.request.request_id for call in script.named("CreateJob")}
    assert len(ids) == 1
    assert uuid.UUID(ids.pop())


async def test_a_watch_that_is_cut_goes_on_after_the_last_event(sightline, script):
    job = await sightline.jobs.create(SPEC)
    script.events = 5
    script.cut_watch_after.extend([2, 2, 4])
    assert [event.sequence async for event in sightline.jobs.watch(job)] == [1, 2, 3, 4, 5]
    assert [call.request.after_sequence for call in script.named("WatchJob")] == [0, 2, 2, 4]


async def test_a_watch_outlives_a_restart_of_the_server(script):
    script.hang_watch = True
    first, port = server(script)
    await first.start()
    async with AsyncSightline(f"127.0.0.1:{port}") as sightline:
        job = await sightline.jobs.create(SPEC)
        told: list[int] = []
        waiting = asyncio.create_task(
            sightline.jobs.wait(job, on_change=lambda changed: told.append(round(changed.progress * 4)))
        )
        while len(told) < 3:
            await asyncio.sleep(0.01)
        await first.stop(None)
        script.hang_watch = False
        second, _ = server(script, port=port)
        await second.start()
        await waiting
        await second.stop(None)
    assert told == [1, 2, 3, 4]


async def test_a_watch_of_a_job_that_is_gone_ends_with_an_error(sightline):
    with pytest.raises(NotFound):
        await sightline.jobs.wait("jobs/none")


async def test_every_change_is_told_while_waiting(sightline):
    seen: list[float] = []
    await sightline.jobs.wait(await sightline.jobs.create(SPEC), on_change=lambda job: seen.append(job.progress))
    assert seen == [0.25, 0.5, 0.75, 1.0]


async def test_a_job_that_fails_raises_its_own_reason(sightline, script):
    script.outcome = Job.STATE_FAILED
    script.error = status("INVALID_ARGUMENT", "MEDIA_CORRUPT", "does not decode")
    job = await sightline.jobs.create(SPEC)
    with pytest.raises(JobFailed, match="does not decode") as caught:
        await sightline.jobs.wait(job)
    assert (caught.value.reason, caught.value.job.name) == ("MEDIA_CORRUPT", job.name)
    assert (await sightline.jobs.wait(job, must_succeed=False)).state == Job.STATE_FAILED


async def test_a_job_that_is_cancelled_raises_that(sightline, script):
    script.outcome = Job.STATE_CANCELLED
    with pytest.raises(JobCancelled):
        await sightline.jobs.wait(await sightline.jobs.create(SPEC))


async def test_waiting_ends_when_the_time_is_over(sightline, script):
    script.hang_watch = True
    with pytest.raises(DeadlineExceeded):
        await sightline.jobs.wait(await sightline.jobs.create(SPEC), timeout=0.3)


async def test_lists_go_over_every_page(sightline, script):
    made = [(await sightline.jobs.create(SPEC, force=True)).name for _ in range(5)]
    assert [job.name async for job in sightline.jobs.list(filter="state = QUEUED", order_by="create_time")] == made
    pages = [call.request for call in script.named("ListJobs")]
    assert [page.page_token for page in pages] == ["", "2", "4"]
    assert {(page.filter, page.order_by) for page in pages} == {("state = QUEUED", "create_time")}
    assert [letter.job async for letter in sightline.dead_letters.list()] == made


async def test_a_batch_says_for_each_item_what_became_of_it(sightline, script):
    outcomes = await sightline.jobs.batch_create([SPEC, JobSpec(), CreateJobRequest(job=Job(spec=SPEC, priority=9))])
    assert isinstance(outcomes[0], Job)
    assert isinstance(outcomes[1], SightlineError)
    assert outcomes[2].priority == 9
    assert all(item.request_id for item in script.calls[0].request.requests)
    assert [job.name for job in await sightline.jobs.batch_get([outcomes[2], outcomes[0].name])] == [
        outcomes[2].name,
        outcomes[0].name,
    ]


async def test_a_large_batch_is_sent_in_pieces_that_the_contract_allows(sightline, script):
    assert len(await sightline.jobs.batch_create([SPEC] * 1001)) == 1001
    assert [len(call.request.requests) for call in script.calls] == [1000, 1]


@pytest.mark.parametrize("method", ["cancel", "retry"])
async def test_a_change_whose_answer_was_lost_is_not_refused_the_second_time(sightline, script, method):
    job = await sightline.jobs.create(SPEC)
    script.jobs[job.name].state = Job.STATE_RUNNING
    script.lost[f"{method.title()}Job"] = 1
    changed = await getattr(sightline.jobs, method)(job)
    assert changed.state == script.jobs[job.name].state != Job.STATE_RUNNING


async def test_cancelling_a_job_that_has_ended_is_refused(sightline, script):
    job = await sightline.jobs.create(SPEC)
    script.jobs[job.name].state = Job.STATE_CANCELLED
    with pytest.raises(Conflict) as caught:
        await sightline.jobs.cancel(job)
    assert caught.value.reason == "JOB_ENDED"


async def test_a_deletion_whose_answer_was_lost_succeeds(sightline, script):
    job = await sightline.jobs.create(SPEC)
    script.lost["DeleteJob"] = 1
    await sightline.jobs.delete(job)
    with pytest.raises(NotFound):
        await sightline.jobs.delete(job)


async def test_a_dead_letter_is_replayed(sightline):
    job = await sightline.jobs.create(SPEC)
    letter = await anext(aiter(sightline.dead_letters.list()))
    assert (await sightline.dead_letters.replay(letter)).name == job.name


async def test_all_dead_letters_that_pass_a_filter_are_replayed(sightline, script):
    made = [(await sightline.jobs.create(SPEC, force=True)).name for _ in range(5)]
    pages = [page async for page in sightline.dead_letters.replay_all(filter="kind = detect_faces")]
    assert [name for page in pages for name in page.jobs] == made
    assert [call.request.filter for call in script.named("ReplayDeadLetters")] == ["kind = detect_faces"] * 3
