"""Callers: so many at once, for so many pictures, by gRPC or by HTTP."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import grpc

Call = Callable[[], bytes]


@dataclass(frozen=True)
class Lap:
    """One turn of a way: seconds in all, and of each call."""

    seconds: float
    calls: Sequence[float]

    @property
    def per_second(self) -> float:
        return len(self.calls) / self.seconds

    def quantile_ms(self, share: float) -> float:
        return sorted(self.calls)[min(int(len(self.calls) * share), len(self.calls) - 1)] * 1000


def by_grpc(target: str, method: str, request: bytes, key: str = "") -> Call:
    channel = grpc.insecure_channel(target)
    send = channel.unary_unary(method, None, None)
    metadata = (("authorization", f"Bearer {key}"),) if key else ()
    return lambda: bytes(send(request, metadata=metadata, timeout=60))


def by_http(port: int, path: str, body: bytes) -> Call:
    local = threading.local()

    def call() -> bytes:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        local.connection.request("POST", path, body, {"Content-Type": "image/jpeg"})
        answer = local.connection.getresponse()
        data = bytes(answer.read())
        assert answer.status == 200, data[:500]
        return data

    return call


def saturated(call: Call, pictures: int, callers: int) -> Lap:
    """Make so many calls, always so many of them at once."""
    turns, laps = itertools.count(), list[float]()
    failures = list[BaseException]()

    def caller() -> None:
        try:
            while next(turns) < pictures:
                began = time.perf_counter()
                call()
                laps.append(time.perf_counter() - began)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=caller) for _ in range(callers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return Lap(time.perf_counter() - began, laps)
