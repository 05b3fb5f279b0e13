"""Films of other containers that ask for too much: Matroska, AVI, GIF, Ogg, transport streams."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from harm import film, hostile


def ebml(number: int, content: bytes, *, claimed: int | None = None) -> bytes:
    """An element of a Matroska file, which may claim another length. Source: RFC 8794."""
    identity = number.to_bytes((number.bit_length() + 7) // 8, "big")
    length = (len(content) if claimed is None else claimed) | 1 << 56
    return identity + length.to_bytes(8, "big") + content


@hostile
def gif_of_four_billion_pixels() -> bytes:
    screen = struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0)
    picture = struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0)
    return b"GIF89a" + screen + b"," + picture + b"\x02\x02L\x01\0;"


@hostile
def avi_with_giant_pictures() -> bytes:
    data = bytearray(film("avi"))
    at = data.index(b"strf") + 8
    struct.pack_into("<II", data, at + 4, 60_000, 60_000)
    at = data.index(b"avih") + 8
    struct.pack_into("<II", data, at + 32, 60_000, 60_000)
    return bytes(data)


@hostile
def avi_of_jpegs_with_giant_pictures() -> bytes:
    data = bytearray(film("avi", codec="mjpeg"))
    at = data.find(b"\xff\xc0")
    while at >= 0:
        struct.pack_into(">HH", data, at + 5, 65_000, 65_000)
        at = data.find(b"\xff\xc0", at + 2)
    return bytes(data)


@hostile
def mkv_with_thousands_of_attachments() -> bytes:
    name, kind = ebml(0x466E, b"a.ttf"), ebml(0x4660, b"application/x-truetype-font")
    file = name + kind + ebml(0x465C, b"x" * 16) + ebml(0x46AE, b"\1")
    attachments = ebml(0x1941A469, ebml(0x61A7, file) * 5_000)
    data = film("matroska")
    head = data.index(b"\x18\x53\x80\x67")
    # A segment of unknown length, with the attachments before all else.
    return data[:head] + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + attachments + data[head + 12 :]


@hostile
def mkv_with_an_element_that_never_ends() -> bytes:
    header = ebml(0x1A45DFA3, ebml(0x4282, b"matroska"))
    return header + ebml(0x18538067, ebml(0x1654AE6B, b"", claimed=2**50), claimed=2**55)


@hostile
def mkv_of_nested_tags() -> bytes:
    tags = b""
    for _ in range(3_000):
        tags = ebml(0x67C8, ebml(0x45A3, b"x") + tags)
    header = ebml(0x1A45DFA3, ebml(0x4282, b"matroska"))
    return header + ebml(0x18538067, ebml(0x1254C367, ebml(0x7373, tags)))


def ts_packet(pid: int, payload: bytes, *, start: bool) -> bytes:
    """One packet of an MPEG transport stream."""
    head = struct.pack(">BHB", 0x47, (0x4000 if start else 0) | pid, 0x10)
    return head + payload.ljust(184, b"\xff")


def ts_section(table: int, number: int, body: bytes) -> bytes:
    section = struct.pack(">BHHBBB", table, 0xB000 | (len(body) + 9), number, 0xC1, 0, 0) + body
    crc = 0xFFFF_FFFF
    for byte in section:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C1_1DB7 if crc & 0x8000_0000 else 0)) & 0xFFFF_FFFF
    return b"\0" + section + crc.to_bytes(4, "big")


def ts_streams(count: int) -> Iterator[bytes]:
    programs = range(1, count // 25 + 1)
    for program in programs:
        pmt = 0x20 + program % 0x1000
        yield ts_packet(0, ts_section(0, 1, struct.pack(">HH", program, 0xE000 | pmt)), start=True)
        streams = b"".join(
            struct.pack(">BHH", 0x1B, 0xE000 | (0x1100 + (program * 25 + number) % 0xE00), 0xF000)
            for number in range(25)
        )
        yield ts_packet(pmt, ts_section(2, program, struct.pack(">HH", 0xE100, 0xF000) + streams), start=True)


@hostile
def ts_of_a_hundred_thousand_streams() -> bytes:
    return b"".join(ts_streams(100_000))


@hostile
def ogg_of_a_hundred_thousand_streams() -> bytes:
    def page(serial: int) -> bytes:
        body = b"\x80theora" + bytes(35)
        return struct.pack("<4sBBqIIIBB", b"OggS", 0, 2, 0, serial, 0, 0, 1, len(body)) + body

    return b"".join(page(serial) for serial in range(100_000))
