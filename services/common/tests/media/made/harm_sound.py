"""Recordings whose headers lie."""

from __future__ import annotations

import struct

from harm import hostile


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
