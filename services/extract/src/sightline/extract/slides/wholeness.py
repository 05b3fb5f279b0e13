"""Tell from a film's own headers whether its end is missing."""

from __future__ import annotations

from pathlib import Path

from av.video.stream import VideoStream

# The header of a Matroska file is less than a hundred bytes; its segment follows at once, but for padding.
_HEADER_BYTES = 4096
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


def is_cut_off(path: Path, stream: VideoStream) -> bool:
    """Tell whether a file is shorter than its index (MP4), its segment (Matroska, WebM) or its list (AVI) says."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if head.startswith(_EBML):
        return _segment_end(head) > size_bytes
    if head.startswith(b"RIFF"):
        return 8 + int.from_bytes(head[4:8], "little") > size_bytes
    entries = stream.index_entries
    return len(entries) > 0 and max(entries[-1].pos + entries[-1].size, entries[0].pos) > size_bytes


def _segment_end(head: bytes) -> int:
    """Read where the segment of a Matroska file ends; 0 where it does not say.

    Source: RFC 8794, sections 4 and 6: a size begins with a bit that tells its length, and all ones mean unknown.
    """
    at = head.find(_SEGMENT)
    if at < 0 or at + 12 > len(head) or head[at + 4] == 0:
        return 0
    first = head[at + 4]
    length = 9 - first.bit_length()
    value = int.from_bytes(head[at + 4 : at + 4 + length], "big") - (1 << 7 * length)
    return 0 if value == (1 << 7 * length) - 1 else at + 4 + length + value
