"""The child process: reads one page of a video site with yt-dlp and writes what it found. Run by `finding`.

python -m sightline.gateway.video_pages.reader < {"uri": ..., "proxy": ...} > {"uri": ..., "title": ..., ...}
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.utils import DownloadError, ExtractorError, YoutubeDLError

# What reading a page may take; the film itself is fetched by the parent.
_MEMORY_BYTES = 2**30
_CPU_SECONDS = 60
# One file with picture and sound, over https, no list of pieces: the parent fetches exactly one address.
_FORMAT = "best[protocol=https][vcodec!=none][acodec!=none]/best[protocol=https]"
_TITLE_CHARACTERS = 200


def main() -> None:
    """Read the request, and answer with the film or with an error in words."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    asked = json.loads(sys.stdin.buffer.read())
    try:
        answer = find(asked["uri"], asked["proxy"])
    except YoutubeDLError as error:
        answer = {"error": str(error), "answered": _answered(error)}
    sys.stdout.write(json.dumps(answer))


def find(uri: str, proxy: str) -> dict[str, Any]:
    """Find the one file of a page.

    Args:
        uri: the page.
        proxy: the way out.

    Returns:
        `uri`, `title` and the `headers` that the host of the file expects.

    Raises:
        YoutubeDLError: when there is no such page, no film on it, or more than one.
    """
    options = {
        "quiet": True,
        "no_warnings": True,
        "logger": _Silence(),
        "noplaylist": True,
        "extract_flat": "in_playlist",
        "format": _FORMAT,
        "proxy": proxy,
        "cachedir": False,
        # The certificates that this machine trusts.
        "compat_opts": {"no-certifi"},
        "js_runtimes": {},
        "retries": 1,
        "extractor_retries": 1,
    }
    with YoutubeDL(options) as library:
        found = library.extract_info(uri, download=False)
    if not found or "url" not in found or found.get("entries") is not None:
        raise ExtractorError("the page has no film of its own, or more than one", expected=True)
    title = str(found.get("title") or "")[:_TITLE_CHARACTERS]
    headers = {str(name): str(value) for name, value in (found.get("http_headers") or {}).items()}
    return {"uri": found["url"], "title": title, "headers": headers}


def _answered(error: YoutubeDLError) -> bool:
    """Say whether the site has answered: a film that is private or gone is no fault of it."""
    cause = error.exc_info[1] if isinstance(error, DownloadError) and error.exc_info else error
    return isinstance(cause, ExtractorError) and bool(cause.expected)


class _Silence:
    """Takes what the library would print."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


if __name__ == "__main__":
    main()
