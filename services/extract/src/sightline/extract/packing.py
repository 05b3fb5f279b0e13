"""What one stage leaves for the next: dataclasses of the analysis as bytes, and back; never a pickle."""

from __future__ import annotations

import base64
import dataclasses
import json
import types
import typing
import zlib
from enum import Enum
from typing import Any, TypeVar, cast

import numpy as np

T = TypeVar("T")


def pack(value: Any) -> bytes:
    """Give a value as bytes.

    Args:
        value: made of dataclasses, lists, tuples, enums, arrays, texts and numbers.
    """
    return zlib.compress(json.dumps(_plain(value), separators=(",", ":")).encode(), 1)


def unpack(kind: type[T], data: bytes) -> T:
    """Give back what `pack` was given.

    Args:
        kind: its type, such as `list[Showing]`.
        data: what `pack` gave.
    """
    return cast(T, _made(kind, json.loads(zlib.decompress(data))))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.shape, base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _made(kind: Any, plain: Any) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if plain is None else _made(next(one for one in inner if one is not type(None)), plain)
    if origin is np.ndarray:
        return _array(*plain)
    if origin in (list, tuple):
        kinds = inner if origin is tuple and inner[-1] is not Ellipsis else [inner[0]] * len(plain)
        return origin(_made(one, value) for one, value in zip(kinds, plain, strict=True))
    return _object(kind, plain)


def _array(dtype: str, shape: list[int], data: str) -> Any:
    return np.frombuffer(base64.b64decode(data), dtype).reshape(shape).copy()


def _object(kind: Any, plain: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        kinds = typing.get_type_hints(kind)
        fields = dataclasses.fields(kind)
        made = {field.name: _made(kinds[field.name], one) for field, one in zip(fields, plain, strict=True)}
        return cast(Any, kind)(**made)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(plain)
    return plain
