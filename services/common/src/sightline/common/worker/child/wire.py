"""What goes between a child and its parent: frames on a pipe, and pickles that may build data but call nothing."""

from __future__ import annotations

import io
import os
import pickle
import select
import struct
import sys
import time
from enum import Enum, IntEnum
from typing import Any

_HEADER = struct.Struct(">BQ")
_READ_BYTES = 2**20


class Kind(IntEnum):
    """What a frame holds."""

    PROGRESS = 1  # the share as text, 0 to 1
    RESULT = 2  # a pickle
    REFUSAL = 3  # the pickle of a SightlineError
    CRASH = 4  # the traceback, as text


class Broken(Exception):
    """A frame that ends early, is too large, or would call something."""


def write_frame(pipe: int, kind: Kind, payload: bytes) -> None:
    """Write a frame.

    Raises:
        BrokenPipeError: nobody reads any more.
    """
    for part in (_HEADER.pack(kind, len(payload)), memoryview(payload)):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(pipe, rest) :]


def read_frame(pipe: int, most_bytes: int, until: float) -> tuple[Kind, bytes] | None:
    """Read a frame; None at the end.

    Args:
        pipe: where from.
        most_bytes: of one frame.
        until: how long it may take, as of `time.monotonic`.

    Raises:
        Broken: it ends early, or says that it has more than `most_bytes`.
        TimeoutError: it took too long.
    """
    header = _read(pipe, _HEADER.size, until)
    if not header:
        return None
    if len(header) < _HEADER.size:
        raise Broken("a frame ends inside its header")
    kind, length = _HEADER.unpack(header)
    if length > most_bytes:
        raise Broken(f"the result has {length} bytes; at most {most_bytes} are accepted")
    payload = _read(pipe, length, until)
    if len(payload) < length:
        raise Broken("a frame ends early")
    try:
        return Kind(kind), payload
    except ValueError as error:
        raise Broken(f"a frame is of no known kind: {kind}") from error


def _read(pipe: int, count: int, until: float) -> bytes:
    waiting = select.poll()
    waiting.register(pipe, select.POLLIN)
    parts = bytearray()
    while len(parts) < count:
        if not waiting.poll(max(0.0, until - time.monotonic()) * 1000):
            raise TimeoutError
        part = os.read(pipe, min(count - len(parts), _READ_BYTES))
        if not part:
            break
        parts += part
    return bytes(parts)


# What data is made of beside the classes of Sightline itself.
_PLAIN = frozenset(
    {
        ("builtins", name) for name in ("bytearray", "complex", "frozenset", "range", "set", "slice")
    }
    | {("collections", name) for name in ("Counter", "OrderedDict", "defaultdict", "deque")}
    | {("builtins", name) for name in ("dict", "float", "int", "list", "str", "tuple")}
    | {("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")}
    | {("pathlib", "PosixPath"), ("pathlib", "PurePosixPath"), ("uuid", "UUID"), ("fractions", "Fraction")}
    | {("numpy", "dtype"), ("numpy", "ndarray"), ("numpy._core.numeric", "_frombuffer")}
    | {("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar")}
)  # fmt: skip


class _DataOnly(pickle.Unpickler):
    """Reads what a child has sent: a decoder that was taken over must not run code in its parent."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.startswith("sightline.") and "." not in name and module in sys.modules:
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise Broken(f"the result holds a {module}.{name}, which is not plain data")


class _Values(pickle.Pickler):
    """Writes enumerations by their value: some versions of Python would ask the reader to call `getattr`."""

    def reducer_override(self, value: Any) -> Any:
        return (type(value), (value.value,)) if isinstance(value, Enum) else NotImplemented


def write_data(value: Any) -> bytes:
    """Pickle data so that `read_data` reads it again, whatever the version of Python."""
    written = io.BytesIO()
    _Values(written, pickle.HIGHEST_PROTOCOL).dump(value)
    return written.getvalue()


def read_data(payload: bytes) -> Any:
    """Unpickle what a child has sent: plain data, arrays, and classes of Sightline that are loaded here.

    Raises:
        Broken: it holds anything else, or is no pickle.
    """
    try:
        return _DataOnly(io.BytesIO(payload)).load()
    except Broken:
        raise
    except Exception as error:
        raise Broken(f"the result can't be read: {error}") from error
