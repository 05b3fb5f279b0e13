"""Write a lecture as H.264 in MP4."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from bench.lectures.script import Encoding, Lecture

__all__ = ["Encoding", "write_film"]


def write_film(lecture: Lecture, path: Path) -> None:
    """Encode with x264, 4:2:0, as most recorders do."""
    encoding = lecture.encoding
    options = {
        "preset": encoding.preset,
        "g": str(encoding.gop),
        "sc_threshold": "40" if encoding.scene_cut else "0",
    }
    if encoding.bitrate is None:
        options["crf"] = str(encoding.crf)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=encoding.fps, options=options)
        stream.width, stream.height, stream.pix_fmt = lecture.width, lecture.height, "yuv420p"
        stream.time_base = Fraction(1, encoding.fps)
        if encoding.bitrate is not None:
            stream.bit_rate = encoding.bitrate
        for number, picture in enumerate(lecture.frames()):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
