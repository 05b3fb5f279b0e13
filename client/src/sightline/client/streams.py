"""Calls that last, and are given up as soon as nobody reads them any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar


class _Cancellable(Protocol):
    def cancel(self) -> Any: ...


_Call = TypeVar("_Call", bound=_Cancellable)


@contextmanager
def cancelled_at_end(call: _Call) -> Iterator[_Call]:
    """Cancel a call when the reader leaves, however it leaves; a call that has ended does not mind."""
    try:
        yield call
    finally:
        call.cancel()
