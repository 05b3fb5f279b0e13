"""What a file holds: its container, how long it plays, and its streams; read from its header, in a child process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from sightline.common.media.containers import open_container
from sightline.common.settings import MediaLimits


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream; what does not apply to its kind is 0 or None.

    Attributes:
        kind: `video`, `audio`, `subtitle`, or another word of FFmpeg's.
        codec: its usual name, empty where it is not known.
        size_px: width and height of the pictures.
        frame_rate_hz: pictures a second, the average; 0 for the cover of a recording, which is one picture.
        sample_rate_hz: samples a second.
        channels: of sound.
        language: as the file says it; empty where it does not.
    """

    kind: str
    codec: str
    size_px: tuple[int, int] | None = None
    frame_rate_hz: float = 0.0
    sample_rate_hz: int = 0
    channels: int = 0
    language: str = ""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """A file: the usual names of its container, its length in seconds (0 where it is not said), its streams."""

    container: str
    duration_seconds: float
    streams: tuple[StreamFacts, ...]


def probe(path: Path, limits: MediaLimits) -> MediaFacts:
    """Read the header of a film or recording; nothing is decoded.

    Raises:
        MediaRejected: as `open_container`.
    """
    with open_container(path, limits) as container:
        return MediaFacts(
            container.format.name,
            max(0.0, (container.duration or 0) / av.time_base),
            tuple(_facts(stream) for stream in container.streams),
        )


def _facts(stream: Stream) -> StreamFacts:
    # Of the codec, not of what decodes it: AV1, not libdav1d.
    codec = stream.codec_context.codec.canonical_name if stream.codec_context else ""
    language = stream.metadata.get("language", "").removesuffix("und")
    if isinstance(stream, VideoStream):
        is_cover = stream.disposition & Disposition.attached_pic
        rate = None if is_cover else stream.average_rate or stream.guessed_rate
        size = (stream.codec_context.width, stream.codec_context.height)
        return StreamFacts("video", codec, size, float(rate) if rate else 0.0, language=language)
    if isinstance(stream, AudioStream):
        context = stream.codec_context
        rate_hz, channels = context.sample_rate, context.channels
        return StreamFacts("audio", codec, sample_rate_hz=rate_hz, channels=channels, language=language)
    return StreamFacts(stream.type or "", codec, language=language)
