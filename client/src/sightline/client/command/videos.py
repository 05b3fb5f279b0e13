"""Videos among what a command is given."""

from __future__ import annotations

import mimetypes


def is_video(path: str) -> bool:
    """Say whether a file is a video, by its name."""
    return (mimetypes.guess_type(path)[0] or "").startswith("video/")
