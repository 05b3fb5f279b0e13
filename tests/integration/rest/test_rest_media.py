"""Files over REST: the body of the request and of the answer is the file, streamed in both directions."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import httpx
import pytest
from backend import JOB_ID, MEDIA, Backend
from edges import OpenEdge

from sightline.common.errors import Reason, TemporarilyAway
from sightline.edge import Limits

FILE = random.Random(1).randbytes(5_000_000)
SHA256 = hashlib.sha256(FILE).hexdigest()


def in_chunks() -> Iterator[bytes]:
    for start in range(0, len(FILE), 70_000):
        yield FILE[start : start + 70_000]


@pytest.mark.parametrize("body", [FILE, None], ids=["with a content-length", "in chunks"])
def test_the_body_of_the_request_is_the_file(rest: httpx.Client, backend: Backend, body: bytes | None) -> None:
    query = {
        "displayName": "a b.jpg", "sha256": SHA256, "uploadId": JOB_ID, "size_bytes": str(len(FILE)),
    }  # fmt: skip
    content = in_chunks() if body is None else body
    answer = rest.post("/v1/media", params=query, content=content, headers={"content-type": "image/jpeg"})
    assert answer.status_code == 200
    assert answer.json()["sha256"] == SHA256
    assert answer.json()["sizeBytes"] == str(len(FILE))
    first = backend.last
    assert (first.display_name, first.sha256, first.upload_id) == ("a b.jpg", SHA256, JOB_ID)
    assert first.size_bytes == len(FILE)
    assert first.content.content_type == "image/jpeg"


def test_an_upload_reaches_the_gateway_in_pieces_that_it_takes(rest: httpx.Client, backend: Backend) -> None:
    rest.post("/v1/media", content=FILE)
    assert len(backend.pieces) > 2
    assert max(backend.pieces) <= 1024 * 1024


def test_an_upload_may_be_larger_than_any_json_body(open_edge: OpenEdge, backend: Backend) -> None:
    edge = open_edge(limits=Limits(json_body_bytes=100_000))
    answer = httpx.post(f"{edge.url}/v1/media", content=FILE)
    assert (answer.status_code, answer.json()["sha256"]) == (200, SHA256)


def test_an_empty_upload_reaches_the_gateway(rest: httpx.Client, backend: Backend) -> None:
    assert rest.post("/v1/media", content=b"").status_code == 200
    assert sum(backend.pieces) == 0


def test_a_download_is_the_file_with_its_type_and_size(rest: httpx.Client, backend: Backend) -> None:
    backend.file, backend.file_type = FILE, "image/png"
    answer = rest.get(f"/v1/{MEDIA}:download")
    assert answer.content == FILE
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(FILE))
    assert answer.headers["content-disposition"] == "attachment"
    assert "x-content-length" not in answer.headers


def test_the_gateway_may_name_the_file(rest: httpx.Client, backend: Backend) -> None:
    backend.file, named = b"x", "attachment; filename*=UTF-8''a%20b.jpg"
    backend.file_headers = (("content-disposition", named),)
    assert rest.get(f"/v1/{MEDIA}:download").headers["content-disposition"] == named


def test_two_downloads_over_one_client_do_not_mix(rest: httpx.Client, backend: Backend) -> None:
    for seed in (2, 3):
        backend.file = random.Random(seed).randbytes(700_000)
        assert rest.get(f"/v1/{MEDIA}:download").content == backend.file


def test_a_download_that_breaks_off_does_not_look_complete(rest: httpx.Client, backend: Backend) -> None:
    backend.file = FILE
    backend.failure_in_file = TemporarilyAway(Reason.BLOBS_UNAVAILABLE, "The disk is gone")
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending complete"):
        rest.get(f"/v1/{MEDIA}:download")
