"""Films behind the pages of video sites: the real yt-dlp, whose only way out is ours."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest
import trustme
from media_door import MediaDoor, media_door, reason_of
from website import Website, page, redirect

from sightline.common.errors import SightlineError
from sightline.common.state.database import Database
from sightline.gateway.addresses import Address
from sightline.gateway.breakers import Sign
from sightline.gateway.egress import Egress
from sightline.gateway.judges import judge_host
from sightline.gateway.settings import EgressSettings
from sightline.gateway.video_pages import VideoPages

# This address stands for all public ones, and its neighbour for all inward ones.
OUTSIDE, INSIDE = "127.0.0.1", "127.0.0.2"
FILM = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(2000)


class Videos:
    """A public site with pages, an inward one at the same port, and a gateway's files."""

    def __init__(self, site: Website, inward: Website, door: MediaDoor) -> None:
        self.site, self.inward, self.door = site, inward, door

    def uri(self, path: str, host: str = "videos.test") -> str:
        return f"https://{host}:{self.site.port}{path}"

    def show(self, path: str, film: str, title: str = "Graphs, part 2") -> None:
        body = f'<html><head><title>{title}</title></head><body><video src="{film}"></video></body></html>'
        self.site.answers[path] = page(body.encode(), "Content-Type: text/html; charset=utf-8")

    async def refused(self, path: str) -> SightlineError:
        with pytest.raises(SightlineError) as refusal:
            await self.door.fetch(self.uri(path))
        assert self.inward.connections == 0
        assert await self.door.rows("SELECT * FROM media") == []
        return refusal.value


@pytest.fixture
async def videos(database: Database, tmp_path: Path) -> AsyncIterator[Videos]:
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("videos.test", "inward.test").configure_cert(tls)
    trust, certificates = ssl.create_default_context(), tmp_path / "authority.pem"
    authority.configure_trust(trust)
    authority.cert_pem.write_to_path(certificates)
    places = {"videos.test": OUTSIDE, "inward.test": INSIDE}

    async def resolve(host: str, _port: int) -> Sequence[Address]:
        return [ip_address(places[host])]

    async with Website(OUTSIDE, tls=tls) as site, Website(INSIDE, site.port, tls) as inward:
        settings = EgressSettings(ports=(site.port,), connect_seconds=2, idle_seconds=2, page_seconds=60)
        egress = Egress(settings, resolve=resolve, allows=lambda address: str(address) == OUTSIDE, trust=trust)
        pages = VideoPages(egress, settings, certificates)
        async with media_door(database, tmp_path / "blobs", way_out=(egress, settings), pages=pages) as door:
            yield Videos(site, inward, door)


async def test_the_film_of_a_page_is_fetched_and_called_as_the_page_calls_it(videos: Videos) -> None:
    videos.show("/watch", videos.uri("/files/film.mp4"))
    videos.site.answers["/files/film.mp4"] = page(FILM, "Content-Type: video/mp4")
    media = await videos.door.fetch(videos.uri("/watch"))
    assert (media.sha256, media.content_type) == (hashlib.sha256(FILM).hexdigest(), "video/mp4")
    assert "Graphs, part 2" in media.display_name


async def test_a_page_without_a_film_is_told_in_words(videos: Videos) -> None:
    videos.site.answers["/about"] = page(b"<html><body>No film here.</body></html>", "Content-Type: text/html")
    error = await videos.refused("/about")
    assert reason_of(error) == "URI_UNREACHABLE"
    assert "gives no film" in error.message
    assert "\x1b" not in error.message


async def test_a_page_without_a_film_says_nothing_against_its_site(videos: Videos) -> None:
    videos.site.answers["/about"] = page(b"<html><body>No film here.</body></html>", "Content-Type: text/html")
    assert judge_host(await videos.refused("/about"), 0.1) is Sign.ANSWERED
    videos.site.answers["/broken"] = b"HTTP/1.1 503 Broken\r\nContent-Length: 0\r\n\r\n"
    assert judge_host(await videos.refused("/broken"), 0.1) is Sign.FAILED


async def test_a_page_that_leads_inward_gets_nowhere(videos: Videos) -> None:
    videos.site.answers["/moved"] = redirect(videos.uri("/secret", "inward.test"))
    assert reason_of(await videos.refused("/moved")) == "URI_UNREACHABLE"


async def test_a_page_whose_film_lies_inward_is_refused(videos: Videos) -> None:
    videos.show("/watch", videos.uri("/film.mp4", "inward.test"))
    assert reason_of(await videos.refused("/watch")) in {"URI_REFUSED", "URI_UNREACHABLE"}


async def test_a_page_is_not_read_without_encryption(videos: Videos) -> None:
    with pytest.raises(SightlineError) as refusal:
        await videos.door.fetch(videos.uri("/watch").replace("https:", "http:"))
    assert reason_of(refusal.value) == "URI_REFUSED"


async def test_the_process_that_reads_a_page_ends_with_the_call(videos: Videos) -> None:
    came = asyncio.Event()

    async def hang(_writer: asyncio.StreamWriter) -> None:
        came.set()
        await asyncio.sleep(60)

    videos.site.answers["/slow"] = hang
    call = asyncio.create_task(videos.door.fetch(videos.uri("/slow")))
    await asyncio.wait_for(came.wait(), 20)
    call.cancel()
    await asyncio.wait({call})
    async with asyncio.timeout(10):
        while any("video_pages.reader" in " ".join(child.cmdline()) for child in psutil.Process().children()):
            await asyncio.sleep(0.05)
