"""Mix pieces in one way and say what it cost, as JSON; a program, so that memory is its own.

python -m bench.mix.mixers sightline|pydub|amix COUNT SECONDS FOLDER
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.mix.pieces import Placed, placed, write_recordings

RATE_HZ = 48_000


def sightline(pieces: list[Placed], seconds: float, out: Path) -> None:
    from sightline.common.settings import MediaLimits  # noqa: PLC0415
    from sightline.extract.sound import LocalSounds, MixOptions, Piece, mix  # noqa: PLC0415

    of = [Piece(str(piece.path), piece.start_seconds, gain_db=-3, fade_out_seconds=0.02) for piece in pieces]
    mix(of, LocalSounds(), out, MixOptions(RATE_HZ, 2), MediaLimits())


def pydub(pieces: list[Placed], seconds: float, out: Path) -> None:
    """Overlay one piece after the other, as the documentation of pydub shows."""
    from pydub import AudioSegment  # noqa: PLC0415

    whole = AudioSegment.silent(int((seconds + 3) * 1000), frame_rate=RATE_HZ).set_channels(2)
    for piece in pieces:
        sound = AudioSegment.from_wav(str(piece.path)).apply_gain(-3).fade_out(20)
        whole = whole.overlay(sound, position=int(piece.start_seconds * 1000))
    whole.export(str(out), format="wav")


def amix(pieces: list[Placed], seconds: float, out: Path) -> None:
    """Let FFmpeg mix them: a delay for each piece, and one mixer with as many inputs."""
    import av  # noqa: PLC0415
    from av.filter import Graph  # noqa: PLC0415

    graph = Graph()
    mixer = graph.add("amix", f"inputs={len(pieces)}:normalize=0:duration=longest")
    sources = []
    for place, piece in enumerate(pieces):
        container = av.open(str(piece.path))
        stream = container.streams.audio[0]
        source = graph.add_abuffer(template=stream)
        last = source
        delay = int(piece.start_seconds * 1000)
        for name, arguments in (("aresample", str(RATE_HZ)), ("aformat", "channel_layouts=stereo"),
                                ("volume", "-3dB"), ("adelay", f"{delay}:all=1")):  # fmt: skip
            part = graph.add(name, arguments)
            last.link_to(part)
            last = part
        last.link_to(mixer, 0, place)
        sources.append((source, container))
    sink = graph.add("abuffersink")
    form = graph.add("aformat", f"sample_fmts=s16:sample_rates={RATE_HZ}:channel_layouts=stereo")
    mixer.link_to(form)
    form.link_to(sink)
    graph.configure()
    for source, container in sources:
        for frame in container.decode(audio=0):
            source.push(frame)
        source.push(None)
        container.close()
    with av.open(str(out), "w") as file:
        stream_out = file.add_stream("pcm_s16le", rate=RATE_HZ, layout="stereo")
        while True:
            try:
                mixed = graph.pull()
            except (av.error.EOFError, av.error.BlockingIOError):
                break
            file.mux(stream_out.encode(mixed))  # type: ignore[arg-type]
        file.mux(stream_out.encode(None))


MIXERS: dict[str, Callable[[list[Placed], float, Path], None]] = {"sightline": sightline, "pydub": pydub, "amix": amix}


def main(name: str, count: int, seconds: float, folder: Path) -> None:
    pieces = placed(write_recordings(folder), count, seconds)
    out = folder / f"{name}.out.wav"
    wall = time.perf_counter()
    MIXERS[name](pieces, seconds, out)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cost = {
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "wall_seconds": round(time.perf_counter() - wall, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
        "bytes": out.stat().st_size,
    }
    out.unlink()
    print(json.dumps(cost))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
