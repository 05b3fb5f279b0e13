"""Dead letters of the gateway over the real database: listed, and replayed one by one or by filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.rpc import error_details_pb2

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import to_status
from sightline.v1 import job_pb2, job_service_pb2 as api

Wanted = Callable[..., api.CreateJobRequest]


async def test_a_dead_letter_tells_why_and_can_be_replayed(client: Any, wanted: Wanted, hand: Any) -> None:
    job = await client("CreateJob", wanted())
    why = to_status(SightlineError(Reason.MEDIA_CORRUPT, "it ends early")).SerializeToString()
    await hand.fail(await hand.claim(job.name), why)
    (letter,) = (await client("ListDeadLetters", api.ListDeadLettersRequest())).dead_letters
    assert (letter.job, letter.kind) == (job.name, "detect_faces")
    info = error_details_pb2.ErrorInfo()
    assert letter.error.details[0].Unpack(info)
    assert info.reason == "MEDIA_CORRUPT"
    assert [(one.attempt, one.worker, one.outcome) for one in letter.attempts] == [(1, "hand", "failed")]
    replayed = await client("ReplayDeadLetter", api.ReplayDeadLetterRequest(job=job.name))
    assert replayed.state == job_pb2.Job.STATE_QUEUED
    assert not replayed.HasField("error")
    await hand.complete(await hand.claim(job.name))
    error = await client.refused("ReplayDeadLetter", api.ReplayDeadLetterRequest(job=job.name))
    assert error.reason is Reason.JOB_ENDED
    assert len((await client("ListDeadLetters", api.ListDeadLettersRequest())).dead_letters) == 0


async def test_dead_letters_are_listed_and_replayed_by_a_filter(client: Any, wanted: Wanted, hand: Any) -> None:
    why = to_status(SightlineError(Reason.MEDIA_CORRUPT, "it ends early")).SerializeToString()
    films = {film: [await client("CreateJob", wanted(labels={"film": film})) for _ in range(3)] for film in "ab"}
    for job in films["a"] + films["b"]:
        await hand.fail(await hand.claim(job.name), why)
    request = api.ListDeadLettersRequest(filter='labels.film = "b"')
    listed = [letter.job for letter in (await client("ListDeadLetters", request)).dead_letters]
    assert listed == [job.name for job in reversed(films["b"])]
    asked = api.ReplayDeadLettersRequest(filter='labels.film = "b"', page_size=2)
    first = await client("ReplayDeadLetters", asked)
    second = await client("ReplayDeadLetters", api.ReplayDeadLettersRequest(
        filter=asked.filter, page_size=2, page_token=first.next_page_token
    ))  # fmt: skip
    assert [*first.jobs, *second.jobs] == listed
    assert (len(first.jobs), second.next_page_token) == (2, "")
    assert {(await client("GetJob", api.GetJobRequest(name=name))).state for name in listed} == {1}
    left = [letter.job for letter in (await client("ListDeadLetters", api.ListDeadLettersRequest())).dead_letters]
    assert left == [job.name for job in reversed(films["a"])]


@pytest.mark.parametrize("asked", ["", 'labels.film = "b"', "kind = detect_faces"])
async def test_a_replay_of_all_reaches_each_once_though_they_fail_again_between_its_pages(
    client: Any, wanted: Wanted, hand: Any, asked: str
) -> None:
    jobs = [(await client("CreateJob", wanted(labels={"film": "b"}))).name for _ in range(7)]
    for name in jobs:
        await hand.fail(await hand.claim(name))
    replayed, token, calls = list[str](), "", 0
    while not calls or token:
        request = api.ReplayDeadLettersRequest(filter=asked, page_size=2, page_token=token)
        page = await client("ReplayDeadLetters", request)
        assert not page.refusals
        for name in page.jobs:
            await hand.fail(await hand.claim(name))
        replayed, token, calls = [*replayed, *page.jobs], page.next_page_token, calls + 1
    assert replayed == jobs[::-1]
    assert calls == 4
    letters = (await client("ListDeadLetters", api.ListDeadLettersRequest())).dead_letters
    assert [len(letter.attempts) for letter in letters] == [2] * 7


async def test_the_filter_of_a_replay_is_refused_where_it_makes_no_sense(client: Any) -> None:
    error = await client.refused("ReplayDeadLetters", api.ReplayDeadLettersRequest(filter="colour = red"))
    assert error.reason is Reason.INVALID_FILTER
