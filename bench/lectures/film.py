"""Write a lecture as a film."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream

from bench.lectures.pages import Picture
from bench.lectures.script import Encoding, Lecture

__all__ = ["Encoding", "remuxed", "suffix", "write_film"]

_SUFFIXES = {"libvpx-vp9": ".webm", "mjpeg": ".avi"}


def suffix(encoding: Encoding) -> str:
    """Give the suffix of the container that goes with a codec."""
    if encoding.container is not None:
        return encoding.container
    return ".mkv" if encoding.varying_rate else _SUFFIXES.get(encoding.codec, ".mp4")


def write_film(lecture: Lecture, path: Path) -> None:
    """Encode a lecture, 4:2:0, as most recorders do."""
    encoding = lecture.encoding
    with av.open(str(path), "w") as container:
        stream = cast(VideoStream, container.add_stream(encoding.codec, rate=encoding.fps, options=_options(encoding)))
        stream.width, stream.height = lecture.width, lecture.height
        stream.pix_fmt = "yuvj420p" if encoding.codec == "mjpeg" else "yuv420p"
        stream.time_base = Fraction(1, 1) / encoding.fps
        stream.codec_context.gop_size = encoding.gop
        if encoding.bitrate is not None:
            stream.bit_rate = encoding.bitrate
        for number, picture in _timed(lecture):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def remuxed(film: Path, path: Path, **options: str) -> None:
    """Write the packets of a film into another container, which the suffix of the path tells."""
    with av.open(str(film)) as source, av.open(str(path), "w", options=options) as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)


def _options(encoding: Encoding) -> dict[str, str]:
    return {**_codec_options(encoding), **encoding.extra}


def _codec_options(encoding: Encoding) -> dict[str, str]:
    if encoding.codec in ("mpeg4", "mpeg2video", "mjpeg"):
        coarse = {"qmin": str(encoding.crf // 5), "qmax": str(encoding.crf // 5)}
        return coarse if encoding.codec == "mjpeg" else {**coarse, "bf": "2" if encoding.b_frames else "0"}
    if encoding.codec in ("libvpx", "libvpx-vp9"):
        rate = {} if encoding.bitrate is not None else {"crf": str(encoding.crf + 10), "b": "0"}
        if encoding.codec == "libvpx":
            rate = {"crf": str(encoding.crf // 2), "b": "2000000"}
        return {"deadline": "realtime", "cpu-used": "8", **rate}
    if encoding.codec == "libsvtav1":
        return {"preset": "9", "crf": str(encoding.crf + 12)}
    options = {"preset": encoding.preset, "sc_threshold": "40" if encoding.scene_cut else "0"}
    if encoding.codec == "libx265":
        scene_cut = "40" if encoding.scene_cut else "0"
        options = {"preset": "ultrafast", "x265-params": f"log-level=error:scenecut={scene_cut}:pools=1"}
    if not encoding.b_frames:
        options["bf"] = "0"
    return options if encoding.bitrate is not None else {**options, "crf": str(encoding.crf)}


def _timed(lecture: Lecture) -> Iterator[tuple[int, Picture]]:
    """Number the frames that are written, in ticks of the rate."""
    if lecture.encoding.varying_rate:
        return _changing(lecture.frames())
    frames = enumerate(lecture.frames())
    return _unsteady(frames, random.Random(lecture.name)) if lecture.encoding.unsteady else frames


def _unsteady(frames: Iterator[tuple[int, Picture]], rng: random.Random) -> Iterator[tuple[int, Picture]]:
    """Leave out a frame now and then, or up to a second of them."""
    missing = 0
    for number, picture in frames:
        missing = missing - 1 if missing else rng.choices([0, rng.randint(1, 3), 25], [300, 60, 1])[0]
        if not missing or not number:
            yield number, picture


def _changing(frames: Iterator[Picture]) -> Iterator[tuple[int, Picture]]:
    """Leave out frames that show what the one before did, but not the last."""
    before: Picture | None = None
    left_out: tuple[int, Picture] | None = None
    for number, picture in enumerate(frames):
        left_out = (number, picture)
        if before is None or not np.array_equal(before, picture):
            yield left_out
            before, left_out = picture, None
    if left_out is not None:
        yield left_out
