"""What it costs to serve a model: face detection by Sightline, BentoML and MLServer beside the bare loop.

python -m bench.serving.run --rounds 5 --pictures 60       see README.md
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import grpc
import insightface
import psutil

from bench.jobs.cpu import cpu_seconds
from bench.serving.load import Call, Lap, by_grpc, by_http, saturated
from sightline.standalone.settings import Settings
from sightline.v1 import face_service_pb2, image_pb2
from tests.servers import Background, System

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ROOT / "build/bench-serving/bin"
PICTURE = Path(insightface.__file__).parent / "data/images/t1.jpg"
SESSIONS = 2
LOOPS = {"plain loop": "plain", "bare loop": "boxes", "same loop": "faces"}
START_SECONDS = 120.0
IDLE_SECONDS = 10.0


@dataclass(frozen=True)
class Way:
    """One way to have faces found: the processes that count, and how a turn is made."""

    name: str
    roots: Mapping[str, int]
    turn: Callable[[int], Lap]


def environment() -> dict[str, str]:
    """What the others need to do the same work: our packages on the path, and the models."""
    path = [str(ROOT), *(str(ROOT / part / "src") for part in ("services/common", "services/face"))]
    models = {"BENCH_MODELS": str(ROOT / "data/models"), "OMP_NUM_THREADS": "1"}
    quiet = {"BENTOML_DO_NOT_TRACK": "True", "MLSERVER_DEBUG": "false"}
    return {**os.environ, **models, **quiet, "PYTHONPATH": os.pathsep.join([*path, str(ROOT / "protos/gen")])}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def started(stack: ExitStack, command: list[str], log: Path, **more: object) -> subprocess.Popen[str]:
    stream = stack.enter_context(log.open("a"))
    process = subprocess.Popen(command, env=environment(), cwd=ROOT, stderr=stream, text=True, **more)  # type: ignore[call-overload]
    stack.callback(stopped, psutil.Process(process.pid))
    return process  # type: ignore[no-any-return]


def stopped(root: psutil.Process) -> None:
    """Stop a process with all that it has started; MLServer stays when its workers are at work."""
    every = [root, *root.children(recursive=True)]
    root.terminate()
    for process in psutil.wait_procs(every, 10)[1]:
        process.kill()


def until_called(call: Call) -> bytes:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return call()
        except grpc.RpcError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.3)


def until_answers(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.3)


def loop(stack: ExitStack, folder: Path, name: str, what: str) -> Way:
    command = [sys.executable, "-m", "bench.serving.loop", str(PICTURE), str(SESSIONS), what]
    process = started(stack, command, folder / f"{what}.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    assert int(process.stdout.readline()) == 6

    def turn(pictures: int) -> Lap:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{pictures}\n")
        process.stdin.flush()
        seconds = float(process.stdout.readline())
        return Lap(seconds, [seconds * SESSIONS / pictures] * pictures)

    return Way(name, {"loop": process.pid}, turn)


def sightline(stack: ExitStack, folder: Path, callers: int) -> Way:
    background = Background()
    stack.callback(background.close)
    settings = Settings(folder=folder / "data", models_folder=ROOT / "data/models", public_port=0, log_level="warning")
    system = System(background, settings, folder / "sightline.log").start()
    stack.callback(system.stop)
    request = face_service_pb2.DetectFacesRequest(image=image_pb2.ImageSource(content=PICTURE.read_bytes()))
    target = f"127.0.0.1:{system.addresses.rpc['gateway']}"
    call = by_grpc(target, "/sightline.v1.FaceService/DetectFaces", request.SerializeToString(), system.key)
    answer = face_service_pb2.DetectFacesResponse.FromString(call())
    assert len(answer.result.faces) == 6
    roots = {name: system.pids[name] for name in ("gateway", "face", "postgres", "valkey")}
    return Way("sightline", roots, lambda pictures: saturated(call, pictures, callers))


def bento(stack: ExitStack, folder: Path, callers: int) -> Way:
    port = free_port()
    command = [
        str(OTHERS / "bentoml"),
        "serve",
        "bench.serving.bento_app:Faces",
        "--port",
        str(port),
        "--host",
        "127.0.0.1",
    ]
    process = started(stack, command, folder / "bento.log", stdout=subprocess.DEVNULL)
    until_answers(f"http://127.0.0.1:{port}/readyz")
    call = by_http(port, "/detect", PICTURE.read_bytes())
    assert len(json.loads(call())) == 6
    return Way("bentoml", {"bentoml": process.pid}, lambda pictures: saturated(call, pictures, callers))


def mlserver(stack: ExitStack, folder: Path, callers: int) -> Way:
    http_port, grpc_port, metrics_port = free_port(), free_port(), free_port()
    home = folder / "mlserver"
    home.mkdir()
    ports = {"host": "127.0.0.1", "http_port": http_port, "grpc_port": grpc_port, "metrics_port": metrics_port}
    model = {"name": "faces", "implementation": "bench.serving.mlserver_app.Faces"}
    (home / "settings.json").write_text(json.dumps({**ports, "parallel_workers": SESSIONS, "debug": False}))
    (home / "model-settings.json").write_text(json.dumps(model))
    process = started(stack, [str(OTHERS / "mlserver"), "start", str(home)], folder / "mlserver.log",
                      stdout=subprocess.DEVNULL)  # fmt: skip
    wanted = folder / "request"
    writing = [str(OTHERS / "python"), "-m", "bench.serving.mlserver_app", str(PICTURE), str(wanted)]
    subprocess.run(writing, env=environment(), cwd=ROOT, check=True)
    call: Call = by_grpc(f"127.0.0.1:{grpc_port}", "/inference.GRPCInferenceService/ModelInfer", wanted.read_bytes())
    assert until_called(call).count(b"landmarks") == 6
    return Way("mlserver", {"mlserver": process.pid}, lambda pictures: saturated(call, pictures, callers))


def idle_shares(ways: list[Way]) -> dict[str, dict[str, float]]:
    """Measure what each process takes of a processor while nobody calls: polls, heartbeats, clocks."""
    before = {way.name: cpu_seconds(way.roots) for way in ways}
    time.sleep(IDLE_SECONDS)
    after = {way.name: cpu_seconds(way.roots) for way in ways}
    return {
        way: {name: (seconds - before[way][name]) / IDLE_SECONDS for name, seconds in roots.items()}
        for way, roots in after.items()
    }


def measured(way: Way, pictures: int, idle: Mapping[str, float]) -> dict[str, float]:
    """Make one turn: pictures a second, and milliseconds of processor time for each, of every process of the way.

    What the processes take while nobody calls is left out: on a machine that is busy otherwise a turn takes long,
    and it would count for much.
    """
    before = cpu_seconds(way.roots)
    lap = way.turn(pictures)
    after = cpu_seconds(way.roots)
    cpu = {f"{name}_ms": (after[name] - before[name] - idle[name] * lap.seconds) / pictures * 1000 for name in after}
    return {
        "per_second": lap.per_second, "cpu_ms": sum(cpu.values()), "p50_ms": lap.quantile_ms(0.5),
        "p99_ms": lap.quantile_ms(0.99), **(cpu if len(cpu) > 1 else {}),
    }  # fmt: skip


def beside(laps: list[dict[str, float]], loops: Mapping[str, list[dict[str, float]]]) -> dict[str, float]:
    """Compare with each loop of the same round: machines change from round to round more than the ways differ."""
    found = {}
    for name, loop_laps in loops.items():
        rounds, word = list(zip(laps, loop_laps, strict=True)), name.partition(" ")[0]
        found[f"share_of_{word}"] = statistics.median(lap["per_second"] / one["per_second"] for lap, one in rounds)
        found[f"beyond_{word}_ms"] = statistics.median(lap["cpu_ms"] - one["cpu_ms"] for lap, one in rounds)
    return {name: round(figure, 3) for name, figure in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--callers", type=int, default=8)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped then, too
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="serving-")))
        folder.chmod(0o755)
        ways = [loop(stack, folder, name, what) for name, what in LOOPS.items()]
        ways += [make(stack, folder, options.callers) for make in (sightline, bento, mlserver)]
        for way in ways:
            way.turn(6)
        idle = idle_shares(ways)
        found: dict[str, list[dict[str, float]]] = {way.name: [] for way in ways}
        for _ in range(options.rounds):
            for way in ways:
                found[way.name].append(measured(way, options.pictures, idle[way.name]))
    medians = {
        name: {figure: round(statistics.median(lap[figure] for lap in laps), 2) for figure in laps[0]}
        for name, laps in found.items()
    }
    pairs = {name: beside(laps, {one: found[one] for one in LOOPS}) for name, laps in found.items()}
    print(f"{'':<51}" + "".join(f"{f'against the {one}':>24}" for one in LOOPS))
    heads = f"{'pictures/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}"
    print(f"{'way':<12}{heads}" + f"{'share':>15}{'ms':>9}" * len(LOOPS))
    for name, figures in medians.items():
        pair, words = pairs[name], [one.partition(" ")[0] for one in LOOPS]
        print(
            f"{name:<12}{figures['per_second']:>12.1f}{figures['p50_ms']:>9.0f}{figures['p99_ms']:>9.0f}"
            f"{figures['cpu_ms']:>9.1f}"
            + "".join(f"{pair[f'share_of_{one}']:>15.2f}{pair[f'beyond_{one}_ms']:>9.2f}" for one in words)
        )
    print(json.dumps({name: {**medians[name], **pairs[name], "idle": idle[name]} for name in medians}))


if __name__ == "__main__":
    main()
