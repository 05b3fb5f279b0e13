"""The same job as a person with curl does it: REST through Envoy to the real gateway and the real face service."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import insightface
import pytest
from edges import reason_of
from servers import System

PHOTO = (Path(insightface.__file__).parent / "data/images/t1.jpg").read_bytes()
PEOPLE = 6
DONE = ("STATE_SUCCEEDED", "STATE_FAILED", "STATE_CANCELLED")


@pytest.fixture
def rest(system: System) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {system.key}"}
    with httpx.Client(base_url=system.addresses.server, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def photo(rest: httpx.Client) -> Any:
    """An uploaded photograph of six people."""
    answer = rest.post("/v1/media", params={"displayName": "six people.jpg"}, content=PHOTO)
    assert answer.status_code == 200, answer.text
    return answer.json()


def created(rest: httpx.Client, photo: Any, **body: Any) -> Any:
    spec = {"media": photo["name"], "detectFaces": {}}
    answer = rest.post("/v1/jobs", params={"force": "true"}, json={"spec": spec, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def watched(rest: httpx.Client, name: str, after: str = "0") -> list[Any]:
    with rest.stream("GET", f"/v1/{name}:watch", params={"afterSequence": after}) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        return [json.loads(line[5:]) for line in answer.iter_lines() if line.startswith("data:")]


def test_a_photograph_goes_in_and_its_faces_come_out(rest: httpx.Client, photo: Any) -> None:
    job = created(rest, photo, labels={"film": "b"}, priority=7)
    events = watched(rest, job["name"])
    assert events[-1]["job"]["state"] == "STATE_SUCCEEDED"
    assert events[-1]["job"]["progress"] == 1
    (result,) = rest.get(f"/v1/{job['name']}/results").json()["results"]
    assert len(result["detectFaces"]["faces"]) == PEOPLE


def test_the_sequence_of_events_is_gone_on_with_after_a_break(rest: httpx.Client, photo: Any) -> None:
    job = created(rest, photo)
    events = watched(rest, job["name"])
    sequences = [int(event["sequence"]) for event in events]
    assert sequences == sorted(set(sequences))
    later = watched(rest, job["name"], after=str(sequences[-1] - 1))
    assert [int(event["sequence"]) for event in later] == sequences[-1:]


def test_one_picture_is_answered_at_once(rest: httpx.Client, photo: Any) -> None:
    answer = rest.post("/v1/faces:detect", json={"image": {"media": photo["name"]}})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["result"]["faces"]) == PEOPLE


def test_a_file_is_what_was_uploaded_until_it_is_deleted(rest: httpx.Client, photo: Any) -> None:
    assert photo["sha256"] == hashlib.sha256(PHOTO).hexdigest()
    assert (photo["contentType"], photo["sizeBytes"]) == ("image/jpeg", str(len(PHOTO)))
    path = f"/v1/{photo['name']}"
    assert rest.get(path).json() == photo
    download = rest.get(f"{path}:download")
    assert download.content == PHOTO
    assert download.headers["content-type"] == "image/jpeg"
    assert download.headers["content-length"] == str(len(PHOTO))
    assert download.headers["content-disposition"].startswith("attachment")
    assert rest.delete(path).status_code == 200
    gone = rest.get(path)
    assert (gone.status_code, reason_of(gone)) == (404, "NOT_FOUND")


def test_an_upload_is_gone_on_with_where_it_broke_off(rest: httpx.Client) -> None:
    upload = str(uuid.uuid4())
    query = {"uploadId": upload, "sizeBytes": str(len(PHOTO))}
    rest.post("/v1/media", params=query, content=PHOTO[:50_000])
    offset = rest.get(f"/v1/uploads/{upload}").json()["receivedBytes"]
    assert offset == "50000"
    answer = rest.post("/v1/media", params={**query, "offsetBytes": offset}, content=PHOTO[50_000:])
    assert answer.json()["sha256"] == hashlib.sha256(PHOTO).hexdigest()


def test_a_repeated_creation_is_the_same_job(rest: httpx.Client, photo: Any) -> None:
    request = {
        "params": {"requestId": str(uuid.uuid4())},
        "json": {"spec": {"media": photo["name"], "detectFaces": {}}},
    }
    first, second = (rest.post("/v1/jobs", **request).json() for _ in range(2))
    assert first["name"] == second["name"]


def test_jobs_are_listed_page_by_page(rest: httpx.Client, photo: Any) -> None:
    names = [created(rest, photo, labels={"page": "test"})["name"] for _ in range(3)]
    query = {"filter": 'labels.page = "test"', "pageSize": "2"}
    first = rest.get("/v1/jobs", params=query).json()
    second = rest.get("/v1/jobs", params={**query, "pageToken": first["nextPageToken"]}).json()
    assert [job["name"] for job in [*first["jobs"], *second["jobs"]]] == names[::-1]


def test_a_job_that_has_ended_can_be_deleted_and_not_cancelled(rest: httpx.Client, photo: Any) -> None:
    job = created(rest, photo)
    assert watched(rest, job["name"])[-1]["job"]["state"] in DONE
    late = rest.post(f"/v1/{job['name']}:cancel")
    assert (late.status_code, reason_of(late)) == (400, "JOB_ENDED")
    assert rest.delete(f"/v1/{job['name']}").status_code == 200
    assert reason_of(rest.get(f"/v1/{job['name']}")) == "NOT_FOUND"


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", "Basic dTpw"])
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/media", "/v1/jobs/x:watch", "/v1/media/x:download"])
def test_without_a_valid_key_nothing_is_told(system: System, key: str, path: str) -> None:
    headers = {"authorization": key} if key else {}
    answer = httpx.get(f"{system.addresses.server}{path}", headers=headers)
    assert (answer.status_code, reason_of(answer)) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("method", "path", "arguments", "status", "reason"),
    [
        ("GET", "/v1/jobs/0192f0c1-2a3b-7c4d-8e5f-60718293a4b5", {}, 404, "NOT_FOUND"),
        ("GET", "/v1/jobs/nonsense", {}, 404, "NOT_FOUND"),
        ("GET", "/v1/jobs/a%2Fb", {}, 404, "NOT_FOUND"),
        ("GET", "/v1/jobs", {"params": {"pageToken": "from-nowhere"}}, 400, "INVALID_PAGE_TOKEN"),
        ("GET", "/v1/jobs", {"params": {"filter": "no such thing"}}, 400, "INVALID_FILTER"),
        ("POST", "/v1/jobs", {"json": {}}, 400, "INVALID_ARGUMENT"),
        ("POST", "/v1/media", {"content": b""}, 400, "MEDIA_EMPTY"),
        ("POST", "/v1/media", {"content": b"just text"}, 400, "MEDIA_UNSUPPORTED"),
        ("POST", "/v1/media", {"content": PHOTO, "params": {"sha256": "0" * 64}}, 400, "MEDIA_CHECKSUM_MISMATCH"),
        ("POST", "/v1/faces:detect", {"json": {"image": {"content": "bm8gcGljdHVyZQ=="}}}, 400, "MEDIA_UNSUPPORTED"),
        ("POST", "/v1/persons:search", {"json": {"image": {"content": "bm8gcGljdHVyZQ=="}}}, 400, "MEDIA_UNSUPPORTED"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_a_reason(
    rest: httpx.Client, method: str, path: str, arguments: Any, status: int, reason: str
) -> None:
    answer = rest.request(method, path, **arguments)
    assert (answer.status_code, reason_of(answer)) == (status, reason), answer.text
    assert answer.elapsed.total_seconds() < 1
