"""Jobs and tasks in the real database: one promise of the job engine each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.state import schema
from sightline.common.state.database import Database
from sightline.common.state.graphs import Graphs, NewTask, Step
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Jobs, State, Stored, Submission
from sightline.common.state.media import MediaFiles, NewMedia
from sightline.common.state.tasks import Failure, Held, Success, Tasks
from sightline.common.state.upkeep import Upkeep

Make = Callable[..., Submission]


async def test_a_submitted_job_waits_with_one_task(database: Database, submission: Make) -> None:
    asked = submission(labels={"film": "b"})
    (stored,) = await Jobs(database).submit([asked])
    assert isinstance(stored, Stored)
    assert not stored.repeated
    job = await Jobs(database).get("acme", asked.job_id)
    assert (job.state, job.history, job.labels) == (State.QUEUED, [State.QUEUED], {"film": "b"})
    assert await Tasks(database).waiting("face", 10) == [asked.task_id]


async def test_a_repeated_request_returns_the_first_job_and_stores_nothing(
    database: Database, submission: Make
) -> None:
    request_id = uuid4()
    first, again = (submission(request_id=request_id, body_sha256=b"same") for _ in range(2))
    await Jobs(database).submit([first])
    (outcome,) = await Jobs(database).submit([again])
    assert isinstance(outcome, Stored)
    assert (outcome.job_id, outcome.repeated) == (first.job_id, True)
    with pytest.raises(NotFound):
        await Jobs(database).get("acme", again.job_id)


async def test_a_request_id_used_for_another_body_is_refused(database: Database, submission: Make) -> None:
    request_id = uuid4()
    await Jobs(database).submit([submission(request_id=request_id, body_sha256=b"one")])
    (outcome,) = await Jobs(database).submit([submission(request_id=request_id, body_sha256=b"two")])
    assert isinstance(outcome, SightlineError)
    assert outcome.reason is Reason.REQUEST_ID_REUSED


async def test_of_one_group_with_a_request_id_for_two_bodies_the_later_is_refused_whatever_became_of_the_first(
    database: Database, submission: Make
) -> None:
    gone, request_id = uuid4(), uuid4()
    first = submission(request_id=request_id, body_sha256=b"one", media_id=gone)
    again = submission(request_id=request_id, body_sha256=b"one", media_id=gone)
    other = submission(request_id=request_id, body_sha256=b"two")
    outcomes = await Jobs(database).submit([first, again, other])
    reasons = [one.reason for one in outcomes if isinstance(one, SightlineError)]
    assert reasons == [Reason.NOT_FOUND, Reason.NOT_FOUND, Reason.REQUEST_ID_REUSED]
    # Nothing was stored, so that the id is still free.
    (stored,) = await Jobs(database).submit([other])
    assert isinstance(stored, Stored)
    assert stored.new


async def test_fifty_simultaneous_repeats_store_one_job(database: Database, submission: Make) -> None:
    request_id = uuid4()
    asked = [submission(request_id=request_id, body_sha256=b"same") for _ in range(50)]
    outcomes = await asyncio.gather(*(Jobs(database).submit([one]) for one in asked))
    stored = [one for group in outcomes for one in group if isinstance(one, Stored)]
    assert len(stored) == 50
    assert len({one.job_id for one in stored}) == 1
    assert sum(not one.repeated for one in stored) == 1


async def test_a_task_is_claimed_once_however_often_its_message_comes(database: Database, submission: Make) -> None:
    asked = [submission() for _ in range(20)]
    await Jobs(database).submit(asked)
    ids = [one.task_id for one in asked]
    claims = await asyncio.gather(*(Tasks(database).claim(ids, f"worker-{n}", 30) for n in range(8)))
    assert sorted(claim.task_id for group in claims for claim in group) == sorted(ids)


async def test_a_completed_task_ends_its_job_with_its_results_in_order(database: Database, submission: Make) -> None:
    asked = submission()
    await Jobs(database).submit([asked])
    (claim,) = await Tasks(database).claim([asked.task_id], "w", 30)
    (ended,) = await Tasks(database).complete([Success(asked.task_id, claim.claim_id, (b"a", b"b"))])
    assert (ended.state, ended.transition) == (State.SUCCEEDED, 3)
    job = await Jobs(database).get("acme", asked.job_id)
    assert (job.history, job.result_count, job.progress) == ([1, 2, 3], 2, 1.0)
    results = await Jobs(database).results("acme", asked.job_id)
    assert [(r.ordinal, r.payload) for r in results] == [(0, b"a"), (1, b"b")]


async def test_a_claim_that_a_crash_has_undone_can_write_nothing_though_the_next_has_its_number(
    database: Database, submission: Make
) -> None:
    asked = submission()
    await Jobs(database).submit([asked])
    tasks, graphs = Tasks(database), Graphs(database)
    (lost,) = await tasks.claim([asked.task_id], "before the crash", 30)
    async with database.connection() as connection:
        await connection.execute("UPDATE tasks SET state = 1, attempt = 0, claim_id = NULL, lease_time = NULL")
        await connection.execute("UPDATE jobs SET state = 1, history = '{1}', attempt_count = 0")
    (held,) = await tasks.claim([asked.task_id], "after it", 30)
    assert held.attempt == lost.attempt
    assert await tasks.renew([Held(asked.task_id, lost.claim_id, 0.9)], 30) == set()
    assert not await graphs.checkpoint(asked.task_id, lost.claim_id, state=b"far", progress=0.9, payloads=[b"partial"])
    assert await tasks.release([Held(asked.task_id, lost.claim_id)]) == set()
    assert await tasks.fail([Failure(asked.task_id, lost.claim_id, False, 0.0, b"")]) == []
    assert await tasks.complete([Success(asked.task_id, lost.claim_id, (b"lost",))]) == []
    assert await graphs.step(Step(asked.task_id, lost.claim_id, payloads=(b"lost",))) is None
    assert len(await tasks.complete([Success(asked.task_id, held.claim_id, (b"held",))])) == 1
    assert [r.payload for r in await Jobs(database).results("acme", asked.job_id)] == [b"held"]


async def test_the_name_of_a_file_makes_other_work_only_of_what_shows_it(database: Database, submission: Make) -> None:
    files = []
    for name in ("rivers.mp4", "mountains.mp4"):
        files.append(uuid7())
        media = NewMedia("acme", files[-1], name, "video/mp4", 1, b"x" * 32, None, None, f"blob/{name}", None, 3600.0)
        await MediaFiles(database).add(media)
    for kind, works in (("detect_faces", 1), ("make_document", 2)):
        asked = [submission(kind=kind, media_id=one, work_sha256=kind.encode()) for one in (*files, *files)]
        outcomes = await Jobs(database).submit(asked)
        assert len({one.job_id for one in outcomes if isinstance(one, Stored)}) == works


async def test_a_task_that_was_blocked_when_its_job_was_cancelled_is_freed_when_it_runs_again(
    database: Database, submission: Make
) -> None:
    asked = submission()
    await Jobs(database).submit([asked])
    tasks, graphs = Tasks(database), Graphs(database)
    (root,) = await tasks.claim([asked.task_id], "w", 30)
    needed, needing = NewTask(uuid7(), "face", "first"), uuid7()
    planned = (needed, NewTask(needing, "face", "second", needs=(needed.task_id,)))
    await graphs.step(Step(root.task_id, root.claim_id, planned=planned))
    await Jobs(database).cancel("acme", asked.job_id)
    assert [one.task_id for one in await Jobs(database).rerun("acme", asked.job_id)] == [needed.task_id]
    (claim,) = await tasks.claim([needed.task_id], "w", 30)
    stepped = await graphs.step(Step(claim.task_id, claim.claim_id))
    assert stepped is not None
    assert [one.task_id for one in stepped.ready] == [needing]


async def test_a_worker_that_lost_its_lease_cannot_write(database: Database, submission: Make) -> None:
    asked = submission()
    await Jobs(database).submit([asked])
    (old,) = await Tasks(database).claim([asked.task_id], "slow", 0.001)
    await asyncio.sleep(0.05)
    (taken,) = await Upkeep(database).end_leases(b"")
    assert (taken.state, taken.transition) == (State.QUEUED, 3)
    assert await Tasks(database).claim([asked.task_id], "quick", 30) == []
    (new,) = await Tasks(database).claim([asked.task_id], "quick", 30, lost=True)
    assert new.attempt == old.attempt + 1
    assert await Tasks(database).complete([Success(asked.task_id, old.claim_id, (b"stale",))]) == []
    assert await Tasks(database).renew([Held(asked.task_id, old.claim_id, 0.5)], 30) == set()
    assert len(await Tasks(database).complete([Success(asked.task_id, new.claim_id, (b"fresh",))])) == 1
    assert [r.payload for r in await Jobs(database).results("acme", asked.job_id)] == [b"fresh"]


async def test_a_retryable_failure_waits_and_a_permanent_one_ends_the_job(database: Database, submission: Make) -> None:
    tasks, (lucky, doomed) = Tasks(database), (submission(), submission())
    await Jobs(database).submit([lucky, doomed])
    claims = {c.task_id: c for c in await tasks.claim([lucky.task_id, doomed.task_id], "w", 30)}
    failures = [
        Failure(lucky.task_id, claims[lucky.task_id].claim_id, retryable=True, delay_seconds=60, error=b"later"),
        Failure(doomed.task_id, claims[doomed.task_id].claim_id, retryable=False, delay_seconds=0, error=b"never"),
    ]
    ended = {one.task_id: one for one in await tasks.fail(failures)}
    assert (ended[lucky.task_id].state, ended[doomed.task_id].state) == (State.QUEUED, State.FAILED)
    assert await tasks.claim([lucky.task_id], "w", 30) == []
    job = await Jobs(database).get("acme", doomed.job_id)
    assert (job.state, job.error) == (State.FAILED, b"never")
    assert [a.outcome for a in await Jobs(database).attempts("acme", [doomed.job_id])] == ["failed"]


async def test_attempts_run_out(database: Database, submission: Make) -> None:
    asked = submission(max_attempts=2)
    await Jobs(database).submit([asked])
    for expected in (State.QUEUED, State.FAILED):
        (claim,) = await Tasks(database).claim([asked.task_id], "w", 30)
        (ended,) = await Tasks(database).fail([Failure(asked.task_id, claim.claim_id, True, 0, b"broken")])
        assert ended.state == expected
    job = await Jobs(database).get("acme", asked.job_id)
    assert (job.attempt_count, job.error) == (2, b"broken")


async def test_a_released_claim_does_not_count_as_an_attempt(database: Database, submission: Make) -> None:
    asked = submission(max_attempts=1)
    await Jobs(database).submit([asked])
    (claim,) = await Tasks(database).claim([asked.task_id], "w", 30)
    assert await Tasks(database).release([Held(asked.task_id, claim.claim_id)]) == {asked.task_id}
    (again,) = await Tasks(database).claim([asked.task_id], "v", 30)
    assert (again.attempt, again.tries) == (2, 1)


async def test_a_cancelled_job_refuses_what_its_worker_still_writes(database: Database, submission: Make) -> None:
    asked = submission()
    await Jobs(database).submit([asked])
    (claim,) = await Tasks(database).claim([asked.task_id], "w", 30)
    job = await Jobs(database).cancel("acme", asked.job_id)
    assert job.state == State.CANCELLED
    assert await Tasks(database).renew([Held(asked.task_id, claim.claim_id)], 30) == set()
    assert await Tasks(database).complete([Success(asked.task_id, claim.claim_id, (b"late",))]) == []
    with pytest.raises(SightlineError) as refused:
        await Jobs(database).cancel("acme", asked.job_id)
    assert refused.value.reason is Reason.JOB_ENDED


async def test_cancelling_with_an_old_etag_changes_nothing(database: Database, submission: Make) -> None:
    asked = submission()
    await Jobs(database).submit([asked])
    etag = (await Jobs(database).get("acme", asked.job_id)).etag
    await Tasks(database).claim([asked.task_id], "w", 30)
    with pytest.raises(SightlineError) as refused:
        await Jobs(database).cancel("acme", asked.job_id, etag)
    assert refused.value.reason is Reason.ETAG_MISMATCH
    assert (await Jobs(database).get("acme", asked.job_id)).state == State.RUNNING


async def test_a_failed_job_can_be_run_again_from_the_start(database: Database, submission: Make) -> None:
    asked = submission(max_attempts=1)
    await Jobs(database).submit([asked])
    (claim,) = await Tasks(database).claim([asked.task_id], "w", 30)
    await Tasks(database).fail([Failure(asked.task_id, claim.claim_id, True, 0, b"broken")])
    (rerun,) = await Jobs(database).rerun("acme", asked.job_id)
    assert (rerun.task_id, rerun.queue) == (asked.task_id, "face")
    (again,) = await Tasks(database).claim([asked.task_id], "w", 30)
    assert again.tries == 1
    await Tasks(database).complete([Success(asked.task_id, again.claim_id, (b"good",))])
    job = await Jobs(database).get("acme", asked.job_id)
    assert (job.state, job.error, job.history) == (State.SUCCEEDED, None, [1, 2, 4, 1, 2, 3])


async def test_only_an_ended_job_can_be_deleted_and_its_results_go_with_it(
    database: Database, submission: Make
) -> None:
    asked = submission()
    await Jobs(database).submit([asked])
    with pytest.raises(SightlineError) as refused:
        await Jobs(database).delete("acme", asked.job_id)
    assert refused.value.reason is Reason.JOB_NOT_ENDED
    (claim,) = await Tasks(database).claim([asked.task_id], "w", 30)
    await Tasks(database).complete([Success(asked.task_id, claim.claim_id, (b"x",))])
    await Jobs(database).delete("acme", asked.job_id)
    assert await Jobs(database).results("acme", asked.job_id) == []


async def test_another_tenants_job_looks_like_a_missing_one(database: Database, submission: Make) -> None:
    asked = submission(tenant="acme")
    await Jobs(database).submit([asked])
    with pytest.raises(NotFound) as theirs:
        await Jobs(database).get("other", asked.job_id)
    missing = uuid7()
    with pytest.raises(NotFound) as nobodys:
        await Jobs(database).get("other", missing)
    assert str(theirs.value).replace(str(asked.job_id), "") == str(nobodys.value).replace(str(missing), "")


async def test_unpublished_tasks_are_named_once_until_their_message_is_old(
    database: Database, submission: Make
) -> None:
    asked = submission()
    await Jobs(database).submit([asked])
    (claim,) = await Tasks(database).claim([asked.task_id], "w", 30)
    await Tasks(database).release([Held(asked.task_id, claim.claim_id)])
    upkeep = Upkeep(database)
    assert [p.task_id for p in await upkeep.publishable("face", older_seconds=60, count=10)] == [asked.task_id]
    assert await upkeep.publishable("face", older_seconds=60, count=10) == []
    assert [p.task_id for p in await upkeep.publishable("face", older_seconds=0, count=10)] == [asked.task_id]


async def test_depth_counts_what_waits_and_what_runs(database: Database, submission: Make) -> None:
    asked = [submission() for _ in range(5)]
    await Jobs(database).submit(asked)
    await Tasks(database).claim([asked[0].task_id, asked[1].task_id], "w", 30)
    (depth,) = await Upkeep(database).depths()
    assert (depth.queue, depth.waiting, depth.running) == ("face", 3, 2)


async def test_one_process_leads_and_another_follows_when_it_leaves(database: Database) -> None:
    upkeep = Upkeep(database)
    async with upkeep.leadership() as first, upkeep.leadership() as second:
        assert (first, second) == (True, False)
    async with upkeep.leadership() as third:
        assert third


def test_migrations_go_down_to_nothing_and_up_again(postgres_url: str) -> None:
    schema.downgrade(postgres_url, "base")
    schema.upgrade(postgres_url)


async def test_a_flood_of_one_tenant_delays_another_by_turns_and_not_by_its_length(
    database: Database, submission: Make
) -> None:
    flood = [submission(tenant="flood", published=False) for _ in range(200)]
    await Jobs(database).submit(flood)
    late = [submission(tenant="late", published=False) for _ in range(3)]
    await Jobs(database).submit(late)
    assert {one.task_id for one in late} <= set(await Tasks(database).waiting("face", 6))
    published = await Upkeep(database).publishable("face", older_seconds=1e9, count=6)
    assert {one.task_id for one in late} <= {one.task_id for one in published}


async def test_the_most_urgent_of_a_tenant_goes_first(database: Database, submission: Make) -> None:
    ordinary, urgent = submission(priority=5, published=False), submission(priority=9, published=False)
    await Jobs(database).submit([ordinary, urgent])
    assert await Tasks(database).waiting("face", 1) == [urgent.task_id]
    assert [p.task_id for p in await Upkeep(database).publishable("face", older_seconds=1e9, count=1)] == [
        urgent.task_id
    ]


async def test_what_has_waited_long_becomes_more_urgent_and_is_published_again(
    database: Database, submission: Make
) -> None:
    asked = submission(priority=2)
    await Jobs(database).submit([asked])
    upkeep = Upkeep(database)
    assert await upkeep.age(step_seconds=60) == 0
    await asyncio.sleep(0.05)
    assert await upkeep.age(step_seconds=0.04) == 1
    (published,) = await upkeep.publishable("face", older_seconds=1e9, count=10)
    assert (published.task_id, published.priority) == (asked.task_id, 3)
