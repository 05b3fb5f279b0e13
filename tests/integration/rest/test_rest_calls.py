"""Calls over REST: what becomes of paths, queries and bodies, and of the answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
from backend import JOB, MEDIA, Backend
from edges import Edge

REQUEST_ID = "0192f0c1-2a3b-4c4d-8e5f-60718293a4b5"


def test_a_job_is_created_from_camel_case_fields(rest: httpx.Client, backend: Backend) -> None:
    spec = {"media": MEDIA, "detectFaces": {"maxFaces": 3}}
    answer = rest.post("/v1/jobs", params={"requestId": REQUEST_ID}, json={"spec": spec, "priority": 9})
    assert answer.status_code == 200
    assert answer.json()["name"] == JOB
    assert backend.last.request_id == REQUEST_ID
    assert backend.last.job.priority == 9
    assert backend.last.job.spec.detect_faces.max_faces == 3


def test_a_job_is_created_from_fields_as_the_protos_name_them(rest: httpx.Client, backend: Backend) -> None:
    spec = {"media": MEDIA, "detect_faces": {"max_faces": 3}}
    answer = rest.post("/v1/jobs", params={"request_id": REQUEST_ID, "force": "true"}, json={"spec": spec})
    assert answer.status_code == 200
    assert backend.last.request_id == REQUEST_ID
    assert backend.last.force
    assert backend.last.job.spec.detect_faces.max_faces == 3


def test_answers_name_enums_and_show_state_and_progress_even_when_zero(rest: httpx.Client, backend: Backend) -> None:
    job = rest.get(f"/v1/{JOB}").json()
    assert job["state"] == "STATE_QUEUED"
    assert job["progress"] == 0
    assert job["attemptCount"] == 0
    assert "startTime" not in job
    assert backend.last.name == JOB


def test_whole_numbers_of_64_bits_are_strings(rest: httpx.Client) -> None:
    assert rest.get(f"/v1/{MEDIA}").json()["sizeBytes"] == str(2**53 + 1)


def test_a_page_is_asked_for_in_the_query(rest: httpx.Client, backend: Backend) -> None:
    query = "pageSize=5&page_token=abc&filter=state+%3D+FAILED"
    answer = rest.get(f"/v1/jobs?{query}")
    assert answer.json()["nextPageToken"] == "next"
    assert (backend.last.page_size, backend.last.page_token) == (5, "abc")
    assert backend.last.filter == "state = FAILED"


def test_a_repeated_query_parameter_is_a_list(rest: httpx.Client, backend: Backend) -> None:
    answer = rest.get("/v1/jobs:batchGet", params={"names": [JOB, "jobs/other"]})
    assert len(answer.json()["jobs"]) == 2
    assert list(backend.last.names) == [JOB, "jobs/other"]


def test_a_job_is_cancelled_with_or_without_a_body(rest: httpx.Client, backend: Backend) -> None:
    assert rest.post(f"/v1/{JOB}:cancel").status_code == 200
    assert rest.post(f"/v1/{JOB}:cancel", json={"etag": "7"}).status_code == 200
    assert [request.etag for request in backend.requests] == ["", "7"]


def test_a_deleted_job_is_answered_with_an_empty_object(rest: httpx.Client, backend: Backend) -> None:
    answer = rest.delete(f"/v1/{JOB}")
    assert (answer.status_code, answer.json()) == (200, {})
    assert backend.last.name == JOB


def test_http_2_gives_the_same_answer(edge: Edge, rest: httpx.Client) -> None:
    with httpx.Client(base_url=edge.url, http1=False, http2=True) as second:
        answer = second.get(f"/v1/{JOB}")
    assert answer.http_version == "HTTP/2"
    assert answer.json() == rest.get(f"/v1/{JOB}").json()


def test_the_gateway_sees_the_key_the_request_id_and_the_trace(rest: httpx.Client, backend: Backend) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    sent = {"authorization": "Bearer secret", "x-request-id": "mine-1", "traceparent": trace}
    answer = rest.get(f"/v1/{JOB}", headers=sent)
    assert answer.headers["x-request-id"] == "mine-1"
    assert {name: backend.metadata[-1][name] for name in sent} == sent


def test_a_request_without_an_id_is_given_one(rest: httpx.Client, backend: Backend) -> None:
    answer = rest.get(f"/v1/{JOB}")
    assert answer.headers["x-request-id"] == backend.metadata[-1]["x-request-id"]


def test_two_hundred_calls_at_once_are_all_answered(rest: httpx.Client, backend: Backend) -> None:
    backend.seconds = 0.2
    limits = httpx.Limits(max_connections=200)
    with httpx.Client(base_url=rest.base_url, timeout=30, limits=limits) as many, ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda n: many.get(f"/v1/{JOB}", headers={"x-n": str(n)}), range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert {metadata["x-n"] for metadata in backend.metadata} == {str(n) for n in range(200)}


def test_the_openapi_document_is_served(rest: httpx.Client) -> None:
    answer = rest.get("/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"].startswith("public")
    assert "/v1/jobs/{job}:watch" in answer.json()["paths"]


def test_envoy_says_that_it_is_well(rest: httpx.Client) -> None:
    assert rest.get("/healthz").status_code == 200
