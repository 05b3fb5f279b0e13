"""Pages of jobs in the real database: each job once, whatever is asked and whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest

from sightline.common.state import pages
from sightline.common.state.database import Database
from sightline.common.state.filters import parse
from sightline.common.state.jobs import Jobs, Submission
from sightline.common.state.pages import JobPages, Page

Make = Callable[..., Submission]


async def test_pages_cover_every_job_once_while_new_ones_arrive(database: Database, submission: Make) -> None:
    asked = [submission() for _ in range(25)]
    await Jobs(database).submit(asked)
    seen, after = [], None
    while not seen or after:
        found = await JobPages(database).read("acme", Page(parse(""), after=after, count=10))
        seen, after = seen + [job.job_id for job in found.jobs], found.behind
        await Jobs(database).submit([submission()])
    assert seen == sorted((one.job_id for one in asked), reverse=True)


async def test_a_filter_finds_by_state_kind_label_and_time(database: Database, submission: Make) -> None:
    red, blue = submission(labels={"colour": "red"}), submission(labels={"colour": "blue"}, kind="segment")
    await Jobs(database).submit([red, blue])

    async def found(text: str) -> set[object]:
        return {job.job_id for job in (await JobPages(database).read("acme", Page(parse(text)))).jobs}

    assert await found('labels.colour = "red" AND state = QUEUED') == {red.job_id}
    assert await found("kind != detect_faces") == {blue.job_id}
    assert await found('create_time > "2999-01-01T00:00:00Z"') == set()


async def test_a_page_ends_early_where_few_pass_the_filter_and_the_next_ones_go_on(
    database: Database, submission: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_LOOK_MAX", 10)
    wanted = {2, 31}
    asked = [submission(kind="segment" if n in wanted else "detect_faces", labels={"n": f"{n}"}) for n in range(35)]
    # Those of one millisecond are in no order among themselves; the places in the list are to be the places in pages.
    identifiers = sorted(one.job_id for one in asked)
    asked = [replace(one, job_id=job_id) for one, job_id in zip(asked, identifiers, strict=True)]
    await Jobs(database).submit(asked)

    async def walk(text: str) -> tuple[list[UUID], int]:
        seen, after, reads = list[UUID](), None, 0
        while not reads or after:
            found = await JobPages(database).read("acme", Page(parse(text), after=after, count=3))
            seen, after, reads = seen + [job.job_id for job in found.jobs], found.behind, reads + 1
        return seen, reads

    assert await walk("kind = segment") == ([asked[31].job_id, asked[2].job_id], 4)
    # Labels have an index of their own: what they ask for is found however deep it lies.
    assert await walk('labels.n = "2" AND kind = segment') == ([asked[2].job_id], 1)
    assert await walk('labels.n = "3" AND kind = segment') == ([], 1)


async def test_a_page_leaves_nothing_out_though_others_change_states_while_it_is_read(
    database: Database, submission: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_LOOK_MAX", 10)
    asked = [submission(kind="segment" if n % 4 == 0 else "detect_faces") for n in range(32)]
    await Jobs(database).submit(asked)
    for one in asked:
        await Jobs(database).cancel("acme", one.job_id)
    newest = sorted((one.job_id for one in asked if one.kind == "detect_faces"), reverse=True)

    class Meanwhile:
        """The database of somebody while others run jobs again, from the newest on."""

        async def fetch_text(self, *question: Any) -> list[Any]:
            rows = await database.fetch_text(*question)
            for job_id in [newest.pop(0) for _ in range(min(2, len(newest)))]:
                await Jobs(database).rerun("acme", job_id)
            return rows

    seen, after, reads = list[UUID](), None, 0
    condition = parse("state = CANCELLED AND kind = segment")
    while not reads or after:
        found = await JobPages(cast(Any, Meanwhile())).read("acme", Page(condition, after=after, count=20))
        seen, after, reads = seen + [job.job_id for job in found.jobs], found.behind, reads + 1
    assert seen == sorted((one.job_id for one in asked if one.kind == "segment"), reverse=True)
    assert reads > 1


async def test_a_time_of_creation_is_found_through_the_identifiers(database: Database, submission: Make) -> None:
    asked = submission()
    await Jobs(database).submit([asked])
    created = (await Jobs(database).get("acme", asked.job_id)).create_time.isoformat()

    async def found(text: str) -> bool:
        return bool((await JobPages(database).read("acme", Page(parse(text)))).jobs)

    assert await found(f'create_time = "{created}"')
    assert await found(f'create_time >= "{created}" AND create_time <= "{created}"')
    assert not await found(f'create_time > "{created}"')
    assert not await found(f'create_time < "{created}"')
    assert not await found('create_time < "0001-01-01T00:00:00Z"')
