"""Files that mean harm, made of nothing but code."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np

HOSTILE: dict[str, Callable[[], bytes]] = {}
"""Makes each file, by a name that says what it is."""


def hostile(make: Callable[[], bytes]) -> Callable[[], bytes]:
    HOSTILE[make.__name__] = make
    return make


def film(container: str = "mp4", frames: int = 10, codec: str = "mpeg4") -> bytes:
    """An honest film of 64 x 48 pixels, ten frames a second."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        stream = out.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(frames):
            pixels = np.full((48, 64, 3), 20 * number % 256, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        out.mux(stream.encode())
    return buffer.getvalue()


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of an MP4. Source: ISO/IEC 14496-12, 4.2."""
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def patched(data: bytes, kind: bytes, change: Callable[[bytearray, int], None]) -> bytes:
    """Change the first box of a kind; `change` is given the file and where the content of the box begins."""
    edited = bytearray(data)
    change(edited, data.index(kind) + 4)
    return bytes(edited)


def ebml(number: int, content: bytes, *, claimed: int | None = None) -> bytes:
    """An element of a Matroska file, which may claim another length. Source: RFC 8794."""
    identity = number.to_bytes((number.bit_length() + 7) // 8, "big")
    length = (len(content) if claimed is None else claimed) | 1 << 56
    return identity + length.to_bytes(8, "big") + content


@hostile
def empty() -> bytes:
    return b""


@hostile
def one_byte() -> bytes:
    return b"\0"


@hostile
def hls_playlist_of_a_local_file() -> bytes:
    return b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


@hostile
def hls_playlist_of_an_inward_address() -> bytes:
    return b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nhttp://127.0.0.1:9/latest/meta-data/x.ts\n#EXT-X-ENDLIST\n"


@hostile
def list_of_files_to_join() -> bytes:
    return b"ffconcat version 1.0\nfile '/etc/passwd'\nfile 'http://127.0.0.1:9/x.mp4'\n"


@hostile
def dash_manifest() -> bytes:
    return (
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        b'mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1">'
        b"<BaseURL>file:///etc/passwd</BaseURL></Representation></AdaptationSet></Period></MPD>"
    )


@hostile
def session_description() -> bytes:
    head = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    return head + b"m=video 9 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"


@hostile
def svg_that_includes_a_file() -> bytes:
    return (
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><text>&x;</text></svg>'
    )


@hostile
def xml_of_a_billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><x>&l9;</x>'.encode()


@hostile
def subtitles_in_srt() -> bytes:
    return b"1\n00:00:00,000 --> 00:00:10,000\n<img src='file:///etc/passwd'>\n"


@hostile
def subtitles_that_name_another_file() -> bytes:
    head = b"# VobSub index file, v7 (do not modify this line!)\nsize: 720x576\n"
    return head + b"id: en, index: 0\ntimestamp: 00:00:01:000, filepos: 000000000\n"


@hostile
def html() -> bytes:
    return b"<!doctype html><video src='http://127.0.0.1:9/'></video>"


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


@hostile
def wav_that_says_it_has_four_gigabytes() -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8)
    return struct.pack("<4sI4s", b"RIFF", 0xFFFF_FFFF, b"WAVE") + form + struct.pack("<4sI", b"data", 0xFFFF_FF00)


@hostile
def wav_of_sixty_thousand_channels() -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 60_000, 192_000, 0x7FFF_FFFF, 60_000, 8)
    return (
        struct.pack("<4sI4s", b"RIFF", 0xFFFF, b"WAVE") + form + struct.pack("<4sI", b"data", 600_000) + bytes(600_000)
    )


@hostile
def mp3_whose_tag_claims_a_quarter_of_a_gigabyte() -> bytes:
    return b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"APIC" + b"\x7f\x7f\x7f\x70\0\0" + bytes(1000)


@hostile
def flac_with_a_giant_picture() -> bytes:
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + b"\x0a\xc4\x42\xf0" + bytes(20)
    picture = struct.pack(">I", 3) + struct.pack(">I", 0xFFFF_FFF0)
    return b"fLaC" + b"\0" + len(info).to_bytes(3, "big") + info + b"\x86" + (2**24 - 1).to_bytes(3, "big") + picture


@hostile
def html_that_begins_like_a_gif() -> bytes:
    return b"GIF89a=1;/*" + b"<script>fetch('http://127.0.0.1:9/')</script>" * 10


@hostile
def noise() -> bytes:
    return np.random.default_rng(3).integers(0, 256, 200_000, np.uint8).tobytes()


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A grey PNG whose pixels are one run of zeros."""
    rows = zlib.compress(bytes((width + 1) * height), 9)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), *chunks, (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def bomb(megabytes: int) -> bytes:
    """A deflated run of zeros, a thousandth of what comes out of it."""
    packer = zlib.compressobj(9)
    return b"".join([packer.compress(bytes(2**20)) for _ in range(megabytes)]) + packer.flush()


def save(folder: Path, name: str) -> Path:
    """Write a file of `HOSTILE` under the name of an ordinary film."""
    path = folder / "film.mp4"
    path.write_bytes(HOSTILE[name]())
    return path
