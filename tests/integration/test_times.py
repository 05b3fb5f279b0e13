"""Jobs that run later, and jobs that must end in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sightline.common.state.database import Database
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Jobs, State, Submission
from sightline.common.state.tasks import Success, Tasks
from sightline.common.state.upkeep import Upkeep

Make = Callable[..., Submission]


def _from_now(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def test_a_job_of_tomorrow_is_neither_claimed_nor_published_today(database: Database, submission: Make) -> None:
    later, now = submission(run_time=_from_now(86_400), published=False), submission()
    await Jobs(database).submit([later, now])
    claims = await Tasks(database).claim([later.task_id, now.task_id], "w", 30)
    assert [claim.task_id for claim in claims] == [now.task_id]
    assert await Upkeep(database).publishable("face", older_seconds=1e9, count=10) == []
    waiting = {depth.queue: depth.waiting for depth in await Upkeep(database).depths()}
    assert waiting == {"face": 0}


async def test_a_job_whose_time_has_come_is_published(database: Database, submission: Make) -> None:
    asked = submission(run_time=_from_now(-1), published=False)
    await Jobs(database).submit([asked])
    (found,) = await Upkeep(database).publishable("face", older_seconds=1e9, count=10)
    assert found.task_id == asked.task_id


async def test_a_job_that_is_late_fails_and_its_worker_is_refused(database: Database, submission: Make) -> None:
    late, waiting, timely = (submission(deadline_time=_from_now(seconds)) for seconds in (-1, -1, 3600))
    await Jobs(database).submit([late, waiting, timely])
    (claim,) = await Tasks(database).claim([late.task_id], "w", 30)
    ended = await Upkeep(database).end_overdue(b"too late")
    assert {one.job_id for one in ended} == {late.job_id, waiting.job_id}
    assert await Tasks(database).complete([Success(late.task_id, claim.claim_id, (b"x",))]) == []
    rows = await Jobs(database).get_many("acme", [late.job_id, waiting.job_id, timely.job_id])
    assert [row.state for row in rows] == [State.FAILED, State.FAILED, State.QUEUED]
    assert (rows[0].error, rows[0].history) == (b"too late", [1, 2, 4])


async def test_a_job_run_again_has_no_deadline_any_more(database: Database, submission: Make) -> None:
    asked = submission(deadline_time=_from_now(-1), job_id=uuid7())
    await Jobs(database).submit([asked])
    await Upkeep(database).end_overdue(b"too late")
    await Jobs(database).rerun("acme", asked.job_id)
    assert await Upkeep(database).end_overdue(b"too late") == []
