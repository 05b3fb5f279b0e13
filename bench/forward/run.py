"""What a forwarded call costs: p50, p99 and CPU of bare, direct and forwarded 1 KB calls, interleaved."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import psutil
import uvloop

from sightline.v1 import face_service_pb2, image_pb2

HERE = Path(__file__).parent
METHOD = "/sightline.v1.FaceService/DetectFaces"
REQUEST = face_service_pb2.DetectFacesRequest(image=image_pb2.ImageSource(content=b"x" * 1000)).SerializeToString()
METADATA = (("authorization", "Bearer bench"),)


def started(stack: ExitStack, *arguments: str) -> tuple[int, psutil.Process]:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "servers.py"), *arguments], stdout=subprocess.PIPE, text=True
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    assert process.stdout is not None
    return int(process.stdout.readline()), psutil.Process(process.pid)


def cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


async def measured(call: Any, calls: int, processes: list[psutil.Process]) -> dict[str, float]:
    before, laps = cpu_seconds(processes), []
    for _ in range(calls):
        begun = time.perf_counter()
        await call(REQUEST, metadata=METADATA, timeout=10)
        laps.append((time.perf_counter() - begun) * 1000)
    laps.sort()
    cpu = (cpu_seconds(processes) - before) / calls * 1000
    return {"p50_ms": laps[calls // 2], "p99_ms": laps[calls * 99 // 100], "server_cpu_ms": cpu}


async def compared(ways: dict[str, tuple[int, list[psutil.Process]]], runs: int, calls: int) -> dict[str, Any]:
    channels = {name: grpc.aio.insecure_channel(f"127.0.0.1:{port}") for name, (port, _) in ways.items()}
    methods = {name: channel.unary_unary(METHOD, None, None) for name, channel in channels.items()}
    for name, (_, processes) in ways.items():
        await measured(methods[name], 200, processes)  # warm
    laps: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, (_, processes) in ways.items():
            laps[name].append(await measured(methods[name], calls, processes))
    for channel in channels.values():
        await channel.close(None)
    return {
        name: {figure: round(statistics.median(lap[figure] for lap in found), 3) for figure in found[0]}
        for name, found in laps.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--calls", type=int, default=1000)
    options = parser.parse_args()
    with ExitStack() as stack:
        bare_port, bare = started(stack, "bare")
        direct_port, direct = started(stack, "direct")
        forward_port, forwarding = started(stack, "forwarding", f"127.0.0.1:{direct_port}")
        ways = {
            "bare": (bare_port, [bare]),
            "direct": (direct_port, [direct]),
            "forwarded": (forward_port, [forwarding, direct]),
        }
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(compared(ways, options.runs, options.calls))
    print(f"{'way':<12}{'p50 ms':>10}{'p99 ms':>10}{'server CPU ms':>16}")
    for name, figures in found.items():
        print(f"{name:<12}{figures['p50_ms']:>10.3f}{figures['p99_ms']:>10.3f}{figures['server_cpu_ms']:>16.3f}")
    extra = {
        "chain_cpu_ms": round(found["direct"]["server_cpu_ms"] - found["bare"]["server_cpu_ms"], 3),
        "forward_p50_ms": round(found["forwarded"]["p50_ms"] - found["direct"]["p50_ms"], 3),
    }
    print(json.dumps({"runs": options.runs, "calls": options.calls, "bytes": len(REQUEST), **found, "extra": extra}))


if __name__ == "__main__":
    main()
