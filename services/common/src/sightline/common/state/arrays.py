"""Lists of one kind become binary arrays in one go: psycopg asks for a dumper for each of their elements."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any
from uuid import UUID

import psycopg
from psycopg.adapt import AdaptersMap, PyFormat
from psycopg.pq import Format
from psycopg.types.array import ListDumper

# Dimensions, whether there may be NULLs, the type of the elements, their count, the index of the first.
# Source: array_recv in PostgreSQL's src/backend/utils/adt/arrayfuncs.c.
_HEADER = struct.Struct("!iiIii")
_MAY_HAVE_NULLS = 1
_LENGTH = struct.Struct("!i")
_NULL = _LENGTH.pack(-1)
_INTEGER, _FLOAT = struct.Struct("!iq"), struct.Struct("!id")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a Python type is written.

    Attributes:
        oid: of the type of the elements in PostgreSQL.
        array_oid: of the type of the array.
        pack: writes an element behind its length.
    """

    oid: int
    array_oid: int
    pack: Callable[[Any], bytes]


def _sized(data: bytes) -> bytes:
    return _LENGTH.pack(len(data)) + data


# Source of the numbers: pg_type. The statements cast where they want fewer bits.
_KINDS: dict[type, _Kind] = {
    UUID: _Kind(2950, 2951, lambda value: b"\0\0\0\x10" + value.bytes),
    str: _Kind(25, 1009, lambda value: _sized(value.encode())),
    bytes: _Kind(17, 1001, _sized),
    int: _Kind(20, 1016, lambda value: _INTEGER.pack(8, value)),
    float: _Kind(701, 1022, lambda value: _FLOAT.pack(8, value)),
    bool: _Kind(16, 1000, lambda value: b"\0\0\0\x01\x01" if value else b"\0\0\0\x01\0"),
}


class _Lists(ListDumper):
    """Sends lists of one kind, NULLs among them, to `_Packed`; the rest stays psycopg's."""

    def get_key(self, obj: list[Any], format: PyFormat) -> Any:  # noqa: A002 - psycopg's name
        kind = _kind_of(obj)
        return super().get_key(obj, format) if kind is None else (list, kind)

    def upgrade(self, obj: list[Any], format: PyFormat) -> Any:  # noqa: A002 - psycopg's name
        kind = _kind_of(obj)
        return super().upgrade(obj, format) if kind is None else _Packed(list, _KINDS[kind])


class _Packed(psycopg.adapt.Dumper):
    """Writes the binary array of one kind."""

    format = Format.BINARY

    def __init__(self, cls: type, kind: _Kind) -> None:
        super().__init__(cls)
        self.oid = kind.array_oid
        self._kind = kind

    def dump(self, obj: Sequence[Any]) -> bytes:
        pack = self._kind.pack
        header = _HEADER.pack(1, _MAY_HAVE_NULLS, self._kind.oid, len(obj), 1)
        return header + b"".join([_NULL if value is None else pack(value) for value in obj])


def adapters() -> AdaptersMap:
    """Make the adapters of a connection that sends lists so."""
    made = AdaptersMap(psycopg.adapters)
    made.register_dumper(list, _Lists)
    return made


def _kind_of(values: Iterable[Any]) -> type | None:
    kinds = set(map(type, values))
    kinds.discard(NoneType)
    kind = kinds.pop() if len(kinds) == 1 else None
    return kind if kind in _KINDS else None
