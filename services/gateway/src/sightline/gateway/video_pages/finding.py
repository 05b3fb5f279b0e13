"""From the page of a video site to the address of its file."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sightline.common.errors import SightlineError
from sightline.gateway.egress import Egress, unreachable
from sightline.gateway.settings import EgressSettings
from sightline.gateway.targets import Target, read_target, refused
from sightline.gateway.video_pages.tunnel import open_tunnel

_READER = "sightline.gateway.video_pages.reader"
# A page with its scripts; the film does not come this way.
_PAGE_BYTES = 64 * 2**20
_ANSWER_CHARACTERS = 200
_OK = 200
_SENT_HEADERS = frozenset({"user-agent", "referer", "origin", "accept-language"})
_NOISE = re.compile(r"\x1b\[[0-9;]*m|^ERROR: |\[[\w:+]+\] ?")


@dataclass(frozen=True, slots=True)
class FoundFilm:
    """The file behind a page.

    Attributes:
        target: where it is.
        title: what the page calls it; may be empty.
        headers: what its host expects to be told.
    """

    target: Target
    title: str
    headers: Mapping[str, str]


class VideoPages:
    """Reads pages with yt-dlp, each in a process of its own with bounds of memory, time and bytes."""

    def __init__(self, egress: Egress, settings: EgressSettings, certificates: Path | None = None) -> None:
        """Prepare.

        Args:
            egress: the way out, for the process too.
            settings: the bounds.
            certificates: whom the process believes; None believes those whom the machine does.
        """
        self._egress = egress
        self._settings = settings
        self._certificates = certificates

    async def find(self, page: Target) -> FoundFilm:
        """Find the one film of a page.

        Raises:
            SightlineError: URI_REFUSED (not https, or a way that leads inward) or URI_UNREACHABLE, with what the
                site or yt-dlp says.
        """
        if page.scheme != "https":
            raise refused("Pages of video sites are read over https only")
        settings = self._settings
        try:
            async with (
                asyncio.timeout(settings.page_seconds),
                open_tunnel(self._egress, max_bytes=_PAGE_BYTES, idle_seconds=settings.idle_seconds) as proxy,
            ):
                answer = json.loads(await self._run(json.dumps({"uri": page.uri, "proxy": proxy}).encode()))
        except TimeoutError as error:
            raise unreachable("The page took longer to read than it may") from error
        if "error" in answer:
            # What the site has answered itself says nothing against it: the breaker leaves it open.
            status = _OK if answer["answered"] else None
            raise unreachable(f"The page gives no film: {_readable(answer['error'])}", status)
        headers = {name: value for name, value in answer["headers"].items() if name.lower() in _SENT_HEADERS}
        return FoundFilm(read_target(answer["uri"], settings.ports), answer["title"], headers)

    async def _run(self, request: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _READER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._environment(),
            start_new_session=True,
        )
        try:
            answer, _ = await process.communicate(request)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise _ended_early()
        return answer

    def _environment(self) -> dict[str, str]:
        """Give the process nothing of ours: no secrets, no proxies, no plug-ins."""
        kept = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ}
        given = {"SSL_CERT_FILE": str(self._certificates)} if self._certificates else {}
        return {**kept, **given, "YTDLP_NO_PLUGINS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _ended_early() -> SightlineError:
    return unreachable("The page asks for more time or memory than reading it may take")


def _readable(message: str) -> str:
    return " ".join(_NOISE.sub("", message).split())[:_ANSWER_CHARACTERS]
