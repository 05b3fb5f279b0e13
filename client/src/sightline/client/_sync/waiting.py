"""How this client waits; the one module that the two clients do not share."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

sleep = time.sleep


def run_blocking(
    function: Callable[_Parameters, _Result], /, *args: _Parameters.args, **kwargs: _Parameters.kwargs
) -> _Result:
    """Call a function that blocks; whoever calls this client expects it to."""
    return function(*args, **kwargs)
