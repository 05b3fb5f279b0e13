"""The bytes of a file on their way to the server, readable again from any place."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self, TypeAlias

FileLike: TypeAlias = str | os.PathLike[str] | bytes | IO[bytes]
# Is told how many bytes of how many have gone or come.
Progress: TypeAlias = Callable[[int, int], None]
# Large enough that the cost of a message does not show, small enough that little is sent twice.
PIECE_BYTES = 1 << 20


class Content:
    """A file that is being sent; leaving its context closes what was opened for it, and nothing else.

    Attributes:
        name: what the file is called where it comes from; empty if it has no name.
        size_bytes: how many bytes it has.
        failure: why reading it failed, if it did; gRPC swallows what a request iterator raises.
    """

    def __init__(self, source: FileLike) -> None:
        self._opened = ExitStack()
        stream = self._open(source)
        self.name = _name_of(stream)
        self._stream = stream
        self._start = stream.tell()
        # A call that was broken off may still read while the next one begins.
        self._lock = threading.Lock()
        self.size_bytes = stream.seek(0, io.SEEK_END) - self._start
        self.failure: OSError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def read(self, offset: int, size: int = PIECE_BYTES) -> bytes:
        """Read up to `size` bytes from `offset` on; less only at the end."""
        with self._lock:
            self._stream.seek(self._start + offset)
            return self._stream.read(size)

    def sha256(self) -> str:
        """Give the SHA-256 of all bytes, as 64 hexadecimal digits."""
        digest = hashlib.sha256()
        offset = 0
        while piece := self.read(offset):
            digest.update(piece)
            offset += len(piece)
        return digest.hexdigest()

    def _open(self, source: FileLike) -> IO[bytes]:
        if isinstance(source, bytes):
            return io.BytesIO(source)
        if isinstance(source, str | os.PathLike):
            return self._opened.enter_context(Path(source).open("rb"))
        return source if source.seekable() else self._copy_of(source)

    def _copy_of(self, pipe: IO[bytes]) -> IO[bytes]:
        """Copy what can be read only once to where it can be read again."""
        copy = self._opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed with the content
        shutil.copyfileobj(pipe, copy)
        copy.seek(0)
        return copy


def _name_of(file: IO[bytes]) -> str:
    name = getattr(file, "name", "")
    return Path(name).name if isinstance(name, str) and not name.startswith("<") else ""
