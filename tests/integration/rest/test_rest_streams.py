"""Watching over REST: one server-sent event for each change, for as long as it takes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
from backend import JOB, Backend, a_job
from edges import Edge, OpenEdge

from sightline.common.errors import Reason, TemporarilyAway
from sightline.edge import Limits
from sightline.v1 import job_pb2

WATCH = f"/v1/{JOB}:watch"


def events_of(answer: httpx.Response) -> Iterator[Any]:
    """Read server-sent events as a browser does: fields to a line, an empty line ends the event."""
    data: list[str] = []
    for line in answer.iter_lines():
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").strip())
        elif not line and data:
            yield json.loads("\n".join(data))
            data.clear()


def an_event(sequence: int) -> job_pb2.JobEvent:
    return job_pb2.JobEvent(sequence=sequence, job=a_job(progress=sequence / 4))


def test_each_change_comes_as_an_event_when_it_happens(rest: httpx.Client, backend: Backend) -> None:
    backend.events = [(0.3, an_event(number)) for number in (1, 2, 3)]
    begun = time.monotonic()
    arrived = []
    with rest.stream("GET", f"{WATCH}?afterSequence=7") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        arrived += [(e["sequence"], e["job"]["progress"], time.monotonic() - begun) for e in events_of(answer)]
    assert [(sequence, progress) for sequence, progress, _ in arrived] == [("1", 0.25), ("2", 0.5), ("3", 0.75)]
    assert arrived[0][2] < 0.6 < arrived[2][2]
    assert backend.last.after_sequence == 7


def test_a_stream_that_is_silent_for_longer_than_any_timeout_of_calls_goes_on(
    open_edge: OpenEdge, backend: Backend
) -> None:
    edge = open_edge(limits=Limits(call_seconds=1, transfer_idle_seconds=1, call_idle_seconds=1))
    backend.events = [(0, an_event(1)), (4, an_event(2))]
    with httpx.stream("GET", f"{edge.url}{WATCH}", timeout=30) as answer:
        assert [event["sequence"] for event in events_of(answer)] == ["1", "2"]


def test_a_stream_is_silent_for_longer_than_envoys_default_of_15_seconds(rest: httpx.Client, backend: Backend) -> None:
    backend.events = [(0, an_event(1)), (17, an_event(2))]
    with rest.stream("GET", WATCH) as answer:
        assert [event["sequence"] for event in events_of(answer)] == ["1", "2"]


def test_a_stream_without_a_change_is_empty(rest: httpx.Client) -> None:
    answer = rest.get(WATCH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/event-stream"


def test_a_stream_that_breaks_off_keeps_what_was_told(rest: httpx.Client, backend: Backend) -> None:
    backend.events = [(0, an_event(1)), (0.1, TemporarilyAway(Reason.DRAINING, "Going down"))]
    with rest.stream("GET", WATCH) as answer:
        told = list(events_of(answer))
    assert [event["sequence"] for event in told] == ["1"]
    assert told[0]["job"]["state"] == "STATE_QUEUED"  # not terminal: the client goes on after sequence 1


def test_a_client_that_leaves_a_stream_ends_it_at_the_gateway(rest: httpx.Client, backend: Backend) -> None:
    backend.events = [(0, an_event(1)), (60, an_event(2))]
    with rest.stream("GET", WATCH) as answer:
        next(events_of(answer))
    assert backend.left.wait(2)


def test_a_client_that_leaves_a_call_ends_it_at_the_gateway(edge: Edge, backend: Backend) -> None:
    backend.seconds = 60
    try:
        httpx.get(f"{edge.url}/v1/{JOB}", timeout=0.5)
    except httpx.ReadTimeout:
        assert backend.left.wait(2)
    else:
        raise AssertionError("the call was answered")
