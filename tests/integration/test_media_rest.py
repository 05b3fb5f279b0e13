"""Files over REST, through the real Envoy to the real service."""

from __future__ import annotations

import asyncio
import hashlib
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import httpx
import numpy as np
import psutil
import pytest
from edges import reason_of, start_edge
from media_door import TENANT, MediaDoor, media_door
from servers import Background

from sightline.common.settings import MediaLimits
from sightline.common.state.database import Database
from sightline.standalone.ports import Ports

MIB = 2**20
FTYP = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41"
LIMITS = MediaLimits(max_upload_bytes=300 * MIB)


@pytest.fixture
async def door(database: Database, tmp_path: Path) -> AsyncIterator[MediaDoor]:
    async with media_door(database, tmp_path / "blobs", LIMITS) as opened:
        yield opened


@pytest.fixture
async def rest(door: MediaDoor, background: Background, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path / "edge"
    edge = await asyncio.to_thread(start_edge, background, Ports(), folder, gateway_port=door.port)
    async with httpx.AsyncClient(base_url=edge.url, timeout=60, headers={"tenant": TENANT}) as client:
        yield client
    await asyncio.to_thread(edge.server.stop)


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()


async def test_a_picture_goes_in_and_comes_out(rest: httpx.AsyncClient, jpeg: bytes) -> None:
    answer = await rest.post("/v1/media", content=jpeg, params={"display_name": "a b.jpg"})
    media = answer.json()
    assert (media["contentType"], media["imageSize"]) == ("image/jpeg", {"widthPx": 400, "heightPx": 300})
    assert (await rest.get(f"/v1/{media['name']}")).json() == media
    file = await rest.get(f"/v1/{media['name']}:download")
    assert file.content == jpeg
    assert file.headers["content-type"] == "image/jpeg"
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20b.jpg"
    assert file.headers["content-length"] == str(len(jpeg))
    assert file.headers["x-content-type-options"] == "nosniff"
    assert (await rest.delete(f"/v1/{media['name']}")).status_code == 200
    assert reason_of(await rest.get(f"/v1/{media['name']}:download")) == "NOT_FOUND"


def giant_png() -> bytes:
    header = struct.pack(">4sIIBBBBB", b"IHDR", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


REFUSED: list[tuple[bytes, dict[str, Any], str]] = [
    (b"", {}, "MEDIA_EMPTY"),
    (b"this is no picture\n", {"display_name": "a.jpg"}, "MEDIA_UNSUPPORTED"),
    (b"this is no picture\n" * 2_000_000, {"display_name": "a.jpg"}, "MEDIA_UNSUPPORTED"),
    (giant_png(), {}, "MEDIA_TOO_LARGE"),
    (FTYP, {"sha256": "0" * 64}, "MEDIA_CHECKSUM_MISMATCH"),
    (FTYP, {"size_bytes": 10**12}, "MEDIA_TOO_LARGE"),
    (FTYP, {"upload_id": str(uuid4()), "offset_bytes": 7}, "UPLOAD_OFFSET_MISMATCH"),
    (FTYP, {"offset_bytes": 7}, "INVALID_ARGUMENT"),
    (FTYP, {"nonsense": 7}, "INVALID_ARGUMENT"),
]


async def test_bad_files_have_their_reason_over_rest(rest: httpx.AsyncClient, door: MediaDoor) -> None:
    for body, query, reason in REFUSED:
        answer = await rest.post("/v1/media", content=body, params=query)
        assert (answer.status_code, reason_of(answer)) == (400, reason)
        assert await door.leftovers() == []


async def test_a_large_film_takes_no_memory_either_way(rest: httpx.AsyncClient) -> None:
    process, block = psutil.Process(), hashlib.shake_256(b"x").digest(MIB)
    peaks = []
    for count in (20, 20, 200):
        highest = 0

        async def body(count: int = count) -> AsyncIterator[bytes]:
            nonlocal highest
            yield FTYP
            for _ in range(count):
                yield block
                highest = max(highest, process.memory_info().rss)

        media = (await rest.post("/v1/media", content=body())).json()
        assert int(media["sizeBytes"]) == count * MIB + len(FTYP)
        received = 0
        async with rest.stream("GET", f"/v1/{media['name']}:download") as answer:
            async for piece in answer.aiter_bytes():
                received += len(piece)
                highest = max(highest, process.memory_info().rss)
        assert received == int(media["sizeBytes"])
        peaks.append(highest)
    # Allocators keep some of what they got; a file that were held would be seen as its 180 MiB.
    assert peaks[2] - peaks[1] < 64 * MIB


async def test_a_body_that_breaks_off_is_gone_on_with(rest: httpx.AsyncClient, door: MediaDoor) -> None:
    film, upload_id = FTYP + hashlib.shake_256(b"film").digest(6 * MIB), str(uuid4())

    async def broken() -> AsyncIterator[bytes]:
        yield film[: 5 * MIB]
        while door.uploads.come[upload_id] < 5 * MIB:
            await asyncio.sleep(0.01)
        raise ConnectionAbortedError("the client hangs up")

    with pytest.raises(ConnectionAbortedError):
        await rest.post("/v1/media", content=broken(), params={"upload_id": upload_id})
    received = 0
    for _ in range(100):
        answer = await rest.get(f"/v1/uploads/{upload_id}")
        received = int(answer.json().get("receivedBytes", 0))
        if received == 5 * MIB:
            break
        await asyncio.sleep(0.05)
    assert received == 5 * MIB
    query = {"upload_id": upload_id, "offset_bytes": received, "sha256": hashlib.sha256(film).hexdigest()}
    answer = await rest.post("/v1/media", content=film[received:], params=query)
    assert int(answer.json()["sizeBytes"]) == len(film)
    assert (await rest.get(f"/v1/uploads/{upload_id}")).json()["media"] == answer.json()["name"]


async def test_pages_are_walked_and_foreign_tokens_refused(rest: httpx.AsyncClient) -> None:
    names = [(await rest.post("/v1/media", content=FTYP + bytes(size))).json()["name"] for size in range(7)]
    found, token = [], ""
    while True:
        page = (await rest.get("/v1/media", params={"page_size": 3, "page_token": token})).json()
        found += [media["name"] for media in page["media"]]
        token = page["nextPageToken"]
        if not token:
            break
        for other in ({"tenant": "other"}, {}):
            stranger = token if other else token[:-2] + "AA"
            answer = await rest.get("/v1/media", params={"page_token": stranger}, headers=other)
            assert reason_of(answer) == "INVALID_PAGE_TOKEN"
    assert found == names[::-1]
    assert reason_of(await rest.get("/v1/media", params={"page_token": "from nowhere"})) == "INVALID_PAGE_TOKEN"
    assert reason_of(await rest.get("/v1/media", params={"page_size": -1})) == "INVALID_ARGUMENT"


async def test_an_import_of_an_inward_address_is_refused_over_rest(rest: httpx.AsyncClient) -> None:
    for uri in ("http://169.254.169.254/latest/meta-data/", "http://localhost/", "https://[::1]/"):
        answer = await rest.post("/v1/media:import", json={"uri": uri})
        assert (answer.status_code, reason_of(answer)) == (400, "URI_REFUSED")
