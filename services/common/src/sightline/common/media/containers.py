"""Files of pictures and sound in time, opened so that only they are read, and refused by what their headers say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.boxes import check_index
from sightline.common.settings import MediaLimits

# Containers of real films and recordings; what is not here could be a list of other files (HLS, concat, DASH).
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,gif,wav,mp3,aac,flac"
# Those that do not say how long they play: what FFmpeg tells of their length is a guess.
_WITHOUT_LENGTH = frozenset({"mp3", "aac", "mpegts", "mpeg"})
_MAX_CHANNELS = 64
_MAX_SAMPLE_RATE_HZ = 768_000
_TEXT_BYTES = 512


def picture_stream(container: InputContainer) -> VideoStream | None:
    """Give the first moving pictures of a file, which are no cover of a recording; None where it has none."""
    covers = Disposition.attached_pic
    return next((stream for stream in container.streams.video if not stream.disposition & covers), None)


def required_picture_stream(container: InputContainer) -> VideoStream:
    """Give the first moving pictures of a film.

    Raises:
        MediaRejected: MEDIA_UNSUPPORTED where it has none.
    """
    stream = picture_stream(container)
    if stream is None:
        raise MediaRejected(Reason.MEDIA_UNSUPPORTED, "the file has no moving pictures")
    return stream


def open_container(path: Path, limits: MediaLimits, hints: Mapping[str, str] | None = None) -> InputContainer:
    """Open a file of pictures or sound in time, and read its header; nothing that it points to is ever opened.

    Args:
        path: a file on this machine.
        limits: what is accepted.
        hints: further options of the demuxer; they can't widen what is opened.

    Raises:
        MediaRejected: MEDIA_EMPTY, MEDIA_UNSUPPORTED (no container of a known kind), MEDIA_CORRUPT, or MEDIA_TOO_LARGE
            (streams, seconds, pixels, or an index that no film needs).
    """
    _check_text(path)
    check_index(path, limits)
    options = dict(hints or {}) | {
        "protocol_whitelist": "file",
        "format_whitelist": _CONTAINERS,
        # One more than is accepted: what comes beyond would not be told.
        "max_streams": str(limits.max_video_streams + 1),
    }
    try:
        # The prefix keeps a path with a colon in it from being read as another protocol.
        container = av.open(f"file:{path.resolve()}", options=options)
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError as error:
        raise _refusal(error) from error
    try:
        _check(container, limits)
    except BaseException:
        container.close()
        raise
    return container


def at_most(value: float, most: float, what: str) -> None:
    """Refuse a film that has too much of something.

    Raises:
        MediaRejected: MEDIA_TOO_LARGE.
    """
    if value > most:
        raise MediaRejected(
            Reason.MEDIA_TOO_LARGE, f"the film has {value:.10g} {what}; at most {most:.10g} are accepted"
        )


def _check_text(path: Path) -> None:
    """Refuse text: playlists, manifests, subtitles, drawings and pages name other files, and none of them is a film."""
    with path.open("rb") as file:
        head = file.read(_TEXT_BYTES)
    if not head:
        raise MediaRejected(Reason.MEDIA_EMPTY, "the file has no bytes")
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in head) and _is_utf8(head):
        raise MediaRejected(Reason.MEDIA_UNSUPPORTED, "the file is text, and no film or recording")


def _is_utf8(head: bytes) -> bool:
    try:
        # The last character may be cut off.
        head[:-3].decode()
    except UnicodeDecodeError:
        return False
    return True


def _check(container: InputContainer, limits: MediaLimits) -> None:
    at_most(len(container.streams), limits.max_video_streams, "streams")
    if container.format.name not in _WITHOUT_LENGTH:
        at_most((container.duration or 0) / av.time_base, limits.max_video_seconds, "seconds")
    for stream in container.streams:
        _check_stream(stream, limits)


def _check_stream(stream: Stream, limits: MediaLimits) -> None:
    if isinstance(stream, VideoStream):
        context = stream.codec_context
        at_most(context.width * context.height, limits.max_video_pixels, "pixels in a picture")
    elif isinstance(stream, AudioStream):
        channels = stream.codec_context.channels
        if channels < 1:
            raise MediaRejected(Reason.MEDIA_UNSUPPORTED, "the sound has no channels, or more than can be told apart")
        at_most(channels, _MAX_CHANNELS, "channels of sound")
        at_most(stream.codec_context.sample_rate, _MAX_SAMPLE_RATE_HZ, "samples a second")


def _refusal(error: av.error.FFmpegError) -> MediaRejected:
    if isinstance(error, av.error.InvalidDataError):
        return MediaRejected(Reason.MEDIA_CORRUPT, "the film can't be read: it is damaged, or of no accepted kind")
    return MediaRejected(Reason.MEDIA_UNSUPPORTED, "the file is no film of an accepted kind")
