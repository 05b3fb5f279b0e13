"""Films as MP4 whose boxes lie."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import av
import numpy as np
from harm import bomb, film, hostile, patched


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of an MP4. Source: ISO/IEC 14496-12, 4.2."""
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


@hostile
def mp4_without_an_index() -> bytes:
    data = film()
    return data[: data.index(b"moov") - 4]


@hostile
def mp4_that_is_only_a_header() -> bytes:
    return box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")


@hostile
def mp4_whose_data_is_elsewhere() -> bytes:
    location = b"file:///etc/passwd\0"
    data = film()
    # The entry says that the data is in this file; a longer one that says otherwise takes its place.
    old = box(b"url ", b"\0\0\0\1")
    new = box(b"url ", b"\0\0\0\0", location)
    grown = data.replace(old, new)
    assert grown != data
    edited = bytearray(grown)
    for kind in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        at = grown.index(kind) - 4
        edited[at : at + 4] = struct.pack(">I", struct.unpack_from(">I", edited, at)[0] + len(location))
    return bytes(edited)


@hostile
def mp4_that_plays_for_a_million_years() -> bytes:
    def longer(data: bytearray, at: int) -> None:
        struct.pack_into(">II", data, at + 12, 1, 0x7FFF_FFF0)  # time scale and duration of version 0

    data = patched(film(), b"mvhd", longer)
    data = patched(data, b"mdhd", longer)
    data = patched(data, b"elst", lambda edited, at: struct.pack_into(">I", edited, at + 8, 0x7FFF_FFF0))

    def slow(data: bytearray, at: int) -> None:
        struct.pack_into(">I", data, at + 12, 100_000_000)  # every frame is shown for three years

    return patched(data, b"stts", slow)


@hostile
def mp4_of_two_billion_frames() -> bytes:
    def many(data: bytearray, at: int) -> None:
        struct.pack_into(">II", data, at + 4, 1, 0x7FFF_FFFF)  # all frames have one byte, and so many there are

    data = patched(film(), b"stsz", many)

    def shown(data: bytearray, at: int) -> None:
        struct.pack_into(">I", data, at + 8, 0x7FFF_FFFF)

    data = patched(data, b"stts", shown)

    def chunked(data: bytearray, at: int) -> None:
        struct.pack_into(">I", data, at + 12, 0x7FFF_FFFF)

    return patched(data, b"stsc", chunked)


@hostile
def mp4_of_fifty_million_frames() -> bytes:
    def count(offset: int) -> Callable[[bytearray, int], None]:
        return lambda data, at: struct.pack_into(">I", data, at + offset, 50_000_000)

    def small(data: bytearray, at: int) -> None:
        struct.pack_into(">II", data, at + 4, 1, 50_000_000)

    data = patched(film(), b"stsz", small)
    return patched(patched(data, b"stts", count(8)), b"stsc", count(12))


def with_edits(count: int) -> bytes:
    """An honest film whose frames are to be shown again and again."""
    edits = struct.pack(">IIHH", 1000, 0, 1, 0) * count
    data = film(frames=200)
    old_at = data.index(b"edts") - 4
    (old_size,) = struct.unpack_from(">I", data, old_at)
    new = box(b"edts", box(b"elst", struct.pack(">II", 0, count), edits))
    edited = bytearray(data[:old_at] + new + data[old_at + old_size :])
    for kind in (b"trak", b"moov"):
        at = edited.index(kind) - 4
        struct.pack_into(">I", edited, at, struct.unpack_from(">I", edited, at)[0] + len(new) - old_size)
    return bytes(edited)


@hostile
def mp4_of_a_hundred_thousand_edits() -> bytes:
    return with_edits(100_000)


@hostile
def mp4_fragment_of_two_billion_frames() -> bytes:
    run = box(b"trun", struct.pack(">II", 0, 0x7FFF_FFFF))
    head = box(b"tfhd", struct.pack(">IIII", 0x18, 1, 1, 1))
    return film() + box(b"moof", box(b"mfhd", bytes(8)), box(b"traf", head, run)) + box(b"mdat", b"x")


@hostile
def mp4_of_sound_in_giant_chunks() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mov") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode())

    def giant(data: bytearray, at: int) -> None:
        struct.pack_into(">II", data, at + 12, 0x7FFF_FFFF, 1)

    data = patched(buffer.getvalue(), b"stsc", giant)
    # Forty chunks, all at one place.
    at = data.index(b"stco") - 4
    (size,) = struct.unpack_from(">I", data, at)
    new = box(b"stco", struct.pack(">II", 0, 40), data[at + 16 : at + 20] * 40)
    edited = bytearray(data[:at] + new + data[at + size :])
    for kind in (b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        place = edited.index(kind) - 4
        struct.pack_into(">I", edited, place, struct.unpack_from(">I", edited, place)[0] + len(new) - size)
    return bytes(edited)


@hostile
def mp4_with_a_packed_header() -> bytes:
    packed = box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", struct.pack(">I", 0x7FFF_0000), bomb(100)))
    return box(b"ftyp", b"qt  \0\0\2\0qt  ") + box(b"moov", packed)


@hostile
def mp4_of_millions_of_boxes() -> bytes:
    return box(b"ftyp", b"isom\0\0\2\0isom") + box(b"free") * 2_000_000


@hostile
def mp4_with_boxes_in_boxes() -> bytes:
    inner = b""
    for _ in range(20_000):
        inner = box(b"moov", inner) if len(inner) < 2**20 else inner
    return box(b"ftyp", b"isom\0\0\2\0isom") + inner


@hostile
def mp4_with_giant_pictures() -> bytes:
    def giant(data: bytearray, at: int) -> None:
        struct.pack_into(">HH", data, at + 24, 65_535, 65_535)

    return patched(film(), b"mp4v", giant)
