"""Errors over REST: each with its HTTP code, as google.rpc.Status in JSON, with exactly one reason."""

from __future__ import annotations

import httpx
import pytest
from backend import JOB, JOB_ID, MEDIA, Backend
from edges import OpenEdge, reason_of

from sightline.common.errors import TABLE, NotFound, Reason, SightlineError, TemporarilyAway
from sightline.standalone.ports import Ports

PATHS = {"call": f"/v1/{JOB}", "watch": f"/v1/{JOB}:watch", "download": f"/v1/{MEDIA}:download"}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_arrives_with_its_http_code(rest: httpx.Client, backend: Backend, reason: Reason) -> None:
    backend.failure = SightlineError(reason, "It did not work")
    answer = rest.get(f"/v1/{JOB}")
    assert answer.status_code == TABLE[reason].http_code
    assert reason_of(answer) == reason
    assert answer.json()["code"] == TABLE[reason].grpc_code


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_an_error_before_the_first_message_of_a_stream_is_an_error(
    rest: httpx.Client, backend: Backend, path: str
) -> None:
    backend.failure = NotFound(JOB)
    answer = rest.get(path)
    assert (answer.status_code, reason_of(answer)) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_retry_after_says_whole_seconds_when_to_come_back(rest: httpx.Client, backend: Backend, path: str) -> None:
    backend.failure = SightlineError(Reason.QUOTA_EXCEEDED, "Enough", retry_after_seconds=6.2)
    answer = rest.get(path)
    assert (answer.status_code, reason_of(answer)) == (429, "QUOTA_EXCEEDED")
    assert answer.headers["retry-after"] == "7"
    backend.failure = TemporarilyAway(Reason.STATE_UNAVAILABLE, "The database is away")
    answer = rest.get(path)
    assert (answer.status_code, reason_of(answer)) == (503, "STATE_UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"


def test_an_upload_that_is_refused_says_why_and_when_to_come_back(rest: httpx.Client, backend: Backend) -> None:
    backend.failure = TemporarilyAway(Reason.BLOBS_UNAVAILABLE, "The disk is full", retry_after_seconds=30)
    answer = rest.post("/v1/media", content=b"x" * 3_000_000)
    assert (answer.status_code, reason_of(answer)) == (503, "BLOBS_UNAVAILABLE")
    assert answer.headers["retry-after"] == "30"


def test_fields_that_break_their_rule_are_named(rest: httpx.Client) -> None:
    answer = rest.post("/v1/jobs", json={"spec": {"media": MEDIA, "detectFaces": {}}, "priority": 11})
    assert (answer.status_code, reason_of(answer)) == (400, "INVALID_ARGUMENT")
    violations = next(d["fieldViolations"] for d in answer.json()["details"] if "fieldViolations" in d)
    assert [violation["field"] for violation in violations] == ["job.priority"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/nothing"),
        ("PUT", "/v1/jobs"),
        ("GET", f"/v1/jobs/{JOB_ID}:nosuchverb"),
        ("GET", f"/v1/jobs/{JOB_ID}/more/and/more"),
        ("POST", "/externalscaler.ExternalScaler/IsActive"),
    ],
)
def test_an_unknown_path_is_not_found(rest: httpx.Client, backend: Backend, method: str, path: str) -> None:
    answer = rest.request(method, path)
    assert (answer.status_code, reason_of(answer)) == (404, "NOT_FOUND")
    assert not backend.requests


@pytest.mark.parametrize(
    ("query", "word"),
    [("pagesize=5", "pagesize"), ("page_size=many", "many"), ("pageSize=99999999999", "99999999999")],
)
def test_a_query_that_is_not_understood_is_refused_by_name(
    rest: httpx.Client, backend: Backend, query: str, word: str
) -> None:
    answer = rest.get(f"/v1/jobs?{query}")
    assert (answer.status_code, reason_of(answer)) == (400, "INVALID_ARGUMENT")
    assert word in answer.json()["message"]
    assert not backend.requests


@pytest.mark.parametrize("body", ["{bad", '{"spec": 5}', '{"priority": "urgent"}', "[]", '{"spec": {"media": "\xff'])
def test_a_body_that_is_no_such_json_is_refused(rest: httpx.Client, backend: Backend, body: str) -> None:
    answer = rest.post("/v1/jobs", content=body.encode("latin-1"), headers={"content-type": "application/json"})
    assert (answer.status_code, reason_of(answer)) == (400, "INVALID_ARGUMENT")
    assert not backend.requests


def test_a_field_that_the_contract_does_not_know_is_passed_over(rest: httpx.Client, backend: Backend) -> None:
    spec = {"media": MEDIA, "detectFaces": {}}
    answer = rest.post("/v1/jobs", json={"spec": spec, "ofTheNextVersion": 1})
    assert answer.status_code == 200
    assert backend.last.job.spec.media == MEDIA


def test_a_method_that_is_not_served_here_is_not_implemented(rest: httpx.Client) -> None:
    answer = rest.get("/v1/schedules")
    assert (answer.status_code, reason_of(answer)) == (501, "METHOD_NOT_FOUND")


def test_a_gateway_that_is_away_is_said_with_a_hint_when_to_come_back(
    open_edge: OpenEdge, ports: Ports, backend: Backend
) -> None:
    lonely = open_edge(gateway_port=ports.take())
    answer = httpx.get(f"{lonely.url}/v1/{JOB}")
    assert (answer.status_code, reason_of(answer)) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
    assert answer.elapsed.total_seconds() < 1
