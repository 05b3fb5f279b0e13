"""Drives a client whose library is synchronous: each concurrent caller is a thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from bench.jobs.orders import PATIENCE_SECONDS, POLL_SECONDS, Clock, answer, orders


class Client(Protocol):
    """One system, as its users see it."""

    def submit(self) -> object:
        """Submit a job."""

    def submit_and_wait(self) -> object:
        """Submit a job and wait for its result as the library means it."""

    def stored(self) -> int:
        """Count the results that are stored."""


def serve(client: Client) -> None:
    """Do what the runner orders."""
    for order in orders():
        if order["do"] == "burst":
            answer(_burst(client, order["jobs"], order["callers"]))
        else:
            answer(_steady(client, order["rate"], order["seconds"], order["callers"]))


def _burst(client: Client, jobs: int, callers: int) -> dict[str, Any]:
    wanted = client.stored() + jobs
    begun = time.perf_counter()
    with ThreadPoolExecutor(callers) as threads:
        shares = [jobs // callers + (number < jobs % callers) for number in range(callers)]
        list(threads.map(lambda share: _repeat(client.submit, share), shares))
    submitted = time.perf_counter()
    while client.stored() < wanted:
        if time.perf_counter() - begun > PATIENCE_SECONDS:
            raise TimeoutError(f"{wanted - client.stored()} of {jobs} jobs did not end")
        time.sleep(POLL_SECONDS)
    return {"jobs": jobs, "seconds": time.perf_counter() - begun, "submit_seconds": submitted - begun}


def _repeat(submit: Callable[[], object], count: int) -> None:
    for _ in range(count):
        submit()


def _steady(client: Client, rate: float, seconds: float, callers: int) -> dict[str, Any]:
    def timed(due: float) -> float:
        client.submit_and_wait()
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(callers) as threads:
        list(threads.map(lambda _: client.submit_and_wait(), range(callers * 2)))  # every thread has its connections
        laps = []
        for due in Clock(rate, seconds).ticks():
            time.sleep(max(0.0, due - time.perf_counter()))
            laps.append(threads.submit(timed, due))
        return {"latencies_ms": sorted(lap.result(PATIENCE_SECONDS) for lap in laps)}
