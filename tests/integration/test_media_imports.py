"""Files fetched from elsewhere: from hosts that behave, that do not, and that are none of our business."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import socket
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
import trustme
from media_door import MediaDoor, media_door, reason_of
from website import Website, page, redirect

from sightline.common.errors import SightlineError
from sightline.common.settings import MediaLimits
from sightline.common.state.database import Database
from sightline.gateway.addresses import Address
from sightline.gateway.egress import Egress
from sightline.gateway.settings import EgressSettings

# The test's internet: this address stands for all public ones, and its neighbour for all inward ones.
OUTSIDE, INSIDE = "127.0.0.1", "127.0.0.2"
LIMITS = MediaLimits(max_upload_bytes=8 * 2**20)
FTYP = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41"


class Names:
    """Answers of a name server that change from one question to the next."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[list[str]]] = {}
        self.asked: Counter[str] = Counter()

    async def resolve(self, host: str, _port: int) -> Sequence[Address]:
        answers = self.addresses.get(host)
        if answers is None:
            raise socket.gaierror("unknown name")
        self.asked[host] += 1
        return [ip_address(text) for text in answers[min(self.asked[host], len(answers)) - 1]]


class Internet:
    """One public site, one inward site at the same port, and the names of both."""

    def __init__(self, site: Website, inward: Website, names: Names, door: MediaDoor) -> None:
        self.site, self.inward, self.names, self.door = site, inward, names, door

    def uri(self, path: str, host: str = "pictures.test") -> str:
        return f"http://{host}:{self.site.port}{path}"

    async def refused(self, uri: str) -> SightlineError:
        with pytest.raises(SightlineError) as refusal:
            await self.door.fetch(uri)
        assert self.inward.connections == 0
        # A broken-off fetch may leave its key behind, never bytes.
        assert [name for name in await self.door.leftovers() if not name.startswith("loose")] == []
        assert await self.door.rows("SELECT * FROM media") == []
        return refusal.value


@asynccontextmanager
async def connected(
    database: Database,
    tmp_path: Path,
    trust: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    **more: Any,
) -> AsyncIterator[Internet]:
    names = Names()
    names.addresses = {"pictures.test": [[OUTSIDE]], "inward.test": [[INSIDE]]}
    async with Website(OUTSIDE, tls=tls) as site, Website(INSIDE, site.port) as inward:
        bounds = {"connect_seconds": 2, "idle_seconds": 1, "total_seconds": 4, **more}
        settings = EgressSettings(ports=(site.port,), **bounds)
        egress = Egress(settings, resolve=names.resolve, allows=lambda address: str(address) == OUTSIDE, trust=trust)
        async with media_door(database, tmp_path / "blobs", LIMITS, (egress, settings)) as door:
            yield Internet(site, inward, names, door)


@pytest.fixture
async def internet(database: Database, tmp_path: Path) -> AsyncIterator[Internet]:
    async with connected(database, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()


async def test_a_picture_is_fetched_and_stored(internet: Internet, jpeg: bytes) -> None:
    internet.site.answers["/a/photo%20one.jpg?x=1"] = page(jpeg, "Content-Type: text/html")
    media = await internet.door.fetch(internet.uri("/a/photo%20one.jpg?x=1"))
    assert media.sha256 == hashlib.sha256(jpeg).hexdigest()
    assert (media.content_type, media.display_name) == ("image/jpeg", "photo one.jpg")
    assert (
        await internet.door.fetch(internet.uri("/a/photo%20one.jpg?x=1"), display_name="mine")
    ).display_name == "mine"
    head = internet.site.requests[0].lower()
    assert f"host: pictures.test:{internet.site.port}\r\n" in head
    assert "accept-encoding: identity\r\n" in head
    assert "authorization" not in head
    assert "cookie" not in head


async def test_redirects_are_followed_a_few_times(internet: Internet, jpeg: bytes) -> None:
    for step in range(5):
        internet.site.answers[f"/{step}"] = redirect(f"/{step + 1}", (301, 302, 303, 307, 308)[step])
    internet.site.answers["/5"] = page(jpeg)
    assert (await internet.door.fetch(internet.uri("/0"))).size_bytes == len(jpeg)
    internet.site.answers["/start"] = redirect("/0")
    await internet.door.rows("DELETE FROM media RETURNING 1")
    with pytest.raises(SightlineError) as refusal:
        await internet.door.fetch(internet.uri("/start"))
    assert reason_of(refusal.value) == "URI_REFUSED"


LOCATIONS = [
    "http://inward.test:{port}/",
    "http://127.0.0.2:{port}/",
    "//inward.test:{port}/",
    "http://[::1]:{port}/",
    "http://2130706434:{port}/",
    "http://0177.0.0.2:{port}/",
    "http://user@pictures.test:{port}/",
    "http://pictures.test:1/",
    "file:///etc/passwd",
    "gopher://pictures.test:{port}/",
    "http://\u00e4:{port}/",
    "",  # the page itself, over and over
]


async def test_a_redirect_is_judged_like_the_first_address(internet: Internet) -> None:
    for location in LOCATIONS:
        internet.site.answers["/"] = redirect(location.format(port=internet.site.port))
        assert reason_of(await internet.refused(internet.uri("/"))) == "URI_REFUSED", location


async def test_inward_hosts_are_refused_before_anything_is_sent(internet: Internet) -> None:
    for host in ("inward.test", INSIDE, "[::1]", "[::ffff:127.0.0.2]", "127.2", "0x7f.0.0.2"):
        error = await internet.refused(internet.uri("/", host))
        assert reason_of(error) == "URI_REFUSED", host
        assert INSIDE not in error.message


async def test_one_inward_address_among_public_ones_is_enough(internet: Internet) -> None:
    internet.names.addresses["both.test"] = [[OUTSIDE, INSIDE]]
    assert reason_of(await internet.refused(internet.uri("/", "both.test"))) == "URI_REFUSED"
    assert internet.site.connections == 0


async def test_a_name_that_turns_inward_between_two_questions_gains_nothing(internet: Internet, jpeg: bytes) -> None:
    internet.names.addresses["turning.test"] = [[OUTSIDE], [INSIDE]]
    internet.site.answers["/a"] = redirect(internet.uri("/b", "turning.test"))
    assert reason_of(await internet.refused(internet.uri("/a", "turning.test"))) == "URI_REFUSED"
    assert internet.names.asked["turning.test"] == 2
    internet.names.asked.clear()
    internet.site.answers["/a"] = page(jpeg)
    # One connection asks once, and goes to the address that was judged.
    assert (await internet.door.fetch(internet.uri("/a", "turning.test"))).size_bytes == len(jpeg)
    assert internet.names.asked["turning.test"] == 1
    assert internet.inward.connections == 0


async def test_the_default_refuses_every_inward_address(database: Database, tmp_path: Path) -> None:
    async with Website(OUTSIDE) as site, Website("127.0.0.3") as other:
        settings = EgressSettings(ports=(site.port, other.port))
        async with media_door(database, tmp_path / "blobs", way_out=(Egress(settings), settings)) as door:
            for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254"):
                with pytest.raises(SightlineError) as refusal:
                    await door.fetch(f"http://{host}:{site.port}/")
                assert reason_of(refusal.value) == "URI_REFUSED"
        assert site.connections == other.connections == 0


async def test_other_schemes_ports_and_credentials_are_refused(internet: Internet) -> None:
    for uri in ("http://pictures.test:25/", "http://pictures.test/", f"http://a:b@pictures.test:{internet.site.port}/"):
        assert reason_of(await internet.refused(uri)) == "URI_REFUSED"
    assert reason_of(await internet.refused("ftp://pictures.test/")) == "INVALID_ARGUMENT"
    assert internet.site.connections == 0


ANSWERS = [
    (page(b"this is no picture\n" * 10), "MEDIA_UNSUPPORTED"),
    (page(b""), "MEDIA_EMPTY"),
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "URI_UNREACHABLE"),
    (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "URI_UNREACHABLE"),
    (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\nx", "URI_UNREACHABLE"),
    (b"HTTP/1.1 304 Not Modified\r\n\r\n", "URI_UNREACHABLE"),
    (b"SSH-2.0-OpenSSH_9.6\r\n", "URI_UNREACHABLE"),
    (b"", "URI_UNREACHABLE"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", "URI_UNREACHABLE"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "URI_UNREACHABLE"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "URI_UNREACHABLE"),
    (page(FTYP, length=5000), "URI_UNREACHABLE"),
    (page(FTYP + bytes(1000), length=10**15), "MEDIA_TOO_LARGE"),
    (page(gzip.compress(bytes(10_000_000)), "Content-Encoding: gzip"), "URI_UNREACHABLE"),
    (page(gzip.compress(bytes(10_000_000))), "MEDIA_UNSUPPORTED"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", "URI_UNREACHABLE"),
]


async def test_answers_that_give_no_file_have_their_reason(internet: Internet) -> None:
    for answer, reason in ANSWERS:
        internet.site.answers["/"] = answer
        assert reason_of(await internet.refused(internet.uri("/"))) == reason, answer[:60]


async def test_a_content_length_that_says_too_little_cuts_the_file_there(internet: Internet, jpeg: bytes) -> None:
    internet.site.answers["/"] = page(jpeg, length=len(jpeg) - 100)
    assert reason_of(await internet.refused(internet.uri("/"))) == "MEDIA_CORRUPT"


async def test_a_body_without_end_is_cut_off_at_the_limit(internet: Internet) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + FTYP)
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            sent += 65536

    internet.site.answers["/"] = endless
    assert reason_of(await internet.refused(internet.uri("/"))) == "MEDIA_TOO_LARGE"
    assert sent < 2 * LIMITS.max_upload_bytes + 16 * 2**20


async def test_silence_ends_a_fetch(internet: Internet) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    internet.site.answers["/"] = silent
    began = time.monotonic()
    assert reason_of(await internet.refused(internet.uri("/"))) == "URI_UNREACHABLE"
    assert time.monotonic() - began < 3.5


@pytest.mark.parametrize("what", [b"HTTP/1.1 200 OK\r\n\r\n" + FTYP, b"HTTP/1.1 200 OK\r\nX-Slow: "])
async def test_a_slow_drip_ends_when_the_whole_time_is_over(internet: Internet, what: bytes) -> None:
    async def dripping(writer: asyncio.StreamWriter) -> None:
        writer.write(what)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    internet.site.answers["/"] = dripping
    began = time.monotonic()
    assert reason_of(await internet.refused(internet.uri("/"))) == "URI_UNREACHABLE"
    assert 3 < time.monotonic() - began < 8


async def test_hosts_that_are_not_there_are_unreachable(internet: Internet) -> None:
    assert reason_of(await internet.refused(internet.uri("/", "unknown.test"))) == "URI_UNREACHABLE"
    internet.names.addresses["empty.test"] = [[]]
    assert reason_of(await internet.refused(internet.uri("/", "empty.test"))) == "URI_UNREACHABLE"
    await internet.site.__aexit__(None, None, None)
    error = await internet.refused(internet.uri("/"))
    assert reason_of(error) == "URI_UNREACHABLE"
    assert OUTSIDE not in error.message


async def test_a_name_server_that_does_not_answer_is_not_waited_for(database: Database, tmp_path: Path) -> None:
    async with connected(database, tmp_path, connect_seconds=0.3) as internet:

        async def never(_host: str, _port: int) -> Sequence[Address]:
            await asyncio.sleep(30)
            return []

        internet.names.resolve = never  # type: ignore[method-assign]
        internet.door.importer._egress._network._resolve = never
        began = time.monotonic()
        assert reason_of(await internet.refused(internet.uri("/"))) == "URI_UNREACHABLE"
        assert time.monotonic() - began < 3


async def test_only_so_many_files_are_fetched_at_once(database: Database, tmp_path: Path, jpeg: bytes) -> None:
    async with connected(database, tmp_path, at_once=3, at_once_per_tenant=2, idle_seconds=4) as internet:
        go = asyncio.Event()

        async def waiting(writer: asyncio.StreamWriter) -> None:
            await go.wait()
            writer.write(page(jpeg))
            await writer.drain()

        internet.site.answers["/"] = waiting
        fetches = [asyncio.ensure_future(internet.door.fetch(internet.uri("/"), tenant)) for tenant in ("a", "a", "b")]
        while internet.site.connections < 3:
            await asyncio.sleep(0.01)
        for tenant in ("a", "b"):
            with pytest.raises(SightlineError) as refusal:
                await internet.door.fetch(internet.uri("/"), tenant)
            assert reason_of(refusal.value) == "OVERLOADED"
            assert refusal.value.retry_after_seconds
        go.set()
        await asyncio.gather(*fetches)
        assert await internet.door.fetch(internet.uri("/"), "a")


async def test_tls_is_checked_for_the_name_and_not_for_the_address(
    database: Database, tmp_path: Path, jpeg: bytes
) -> None:
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("pictures.test").configure_cert(tls)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    async with connected(database, tmp_path, trust, tls) as internet:
        internet.site.answers["/"] = page(jpeg)
        internet.site.answers["/down"] = redirect(internet.uri("/"))
        secure = internet.uri("/").replace("http:", "https:")
        internet.names.addresses["other.test"] = [[OUTSIDE]]
        assert reason_of(await internet.refused(secure.replace("pictures.", "other."))) == "URI_UNREACHABLE"
        assert reason_of(await internet.refused(secure + "down")) == "URI_REFUSED"
        assert (await internet.door.fetch(secure)).size_bytes == len(jpeg)


async def test_a_certificate_that_nobody_knows_is_not_believed(database: Database, tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("pictures.test").configure_cert(tls)
    async with connected(database, tmp_path, tls=tls) as internet:
        assert reason_of(await internet.refused(internet.uri("/").replace("http:", "https:"))) == "URI_UNREACHABLE"
        assert internet.site.requests == []


async def test_proxies_of_the_environment_are_not_used(
    internet: Internet, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{INSIDE}:{internet.site.port}")
    internet.site.answers["/"] = page(jpeg)
    assert (await internet.door.fetch(internet.uri("/"))).size_bytes == len(jpeg)
    assert internet.inward.connections == 0


async def test_a_client_that_hangs_up_ends_its_fetch(internet: Internet) -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    internet.site.answers["/"] = silent
    fetch = asyncio.ensure_future(internet.door.fetch(internet.uri("/")))
    while not internet.site.requests:
        await asyncio.sleep(0.01)
    assert internet.door.importer._running.total() == 1
    fetch.cancel()
    for _ in range(50):
        await asyncio.sleep(0.02)
        if not internet.door.importer._running:
            break
    assert not internet.door.importer._running


async def test_many_fetches_leave_no_memory_and_no_sockets(internet: Internet, jpeg: bytes) -> None:
    process = psutil.Process()
    internet.site.answers["/"] = page(jpeg)
    internet.site.answers["/no"] = page(b"no picture")
    for _ in range(10):
        await internet.door.fetch(internet.uri("/"))
    before = process.memory_info().rss, process.num_fds()
    for _ in range(40):
        await internet.door.fetch(internet.uri("/"))
        with pytest.raises(SightlineError):
            await internet.door.fetch(internet.uri("/no"))
    assert process.memory_info().rss - before[0] < 16 * 2**20
    assert process.num_fds() - before[1] < 8
