"""What a file is, told by its bytes."""

import struct

import cv2
import numpy as np
import pytest

from sightline.common.errors import MediaRejected, Reason
from sightline.common.settings import MediaLimits
from sightline.gateway.content import recognise

LIMITS = MediaLimits()


def iso(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\2\0isommp41" + bytes(64)


def matroska(kind: bytes) -> bytes:
    inside = b"\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82" + bytes([0x80 | len(kind)]) + kind
    return b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0" + bytes([len(inside)]) + inside + bytes(64)


def riff(kind: bytes, name: bytes = b"RIFF") -> bytes:
    return name + struct.pack("<I", 100) + kind + bytes(64)


def packets(before: int) -> bytes:
    return (bytes(before) + b"\x47" + bytes(187)) * 4


def mp3() -> bytes:
    frame = b"\xff\xfb\x90\x00" + bytes(413)  # 128 kbit/s at 44.1 kHz: 417 bytes
    return frame * 3


KNOWN = {
    "video/mp4": iso(b"isom"),
    "video/quicktime": iso(b"qt  "),
    "audio/mp4": iso(b"M4A "),
    "video/webm": matroska(b"webm"),
    "video/x-matroska": matroska(b"matroska"),
    "video/x-msvideo": riff(b"AVI "),
    "audio/wav": riff(b"WAVE"),
    "video/mp2t": packets(0),
    "video/mpeg": b"\0\0\1\xba" + bytes(64),
    "audio/mpeg": mp3(),
    "audio/flac": b"fLaC" + bytes(64),
    "audio/ogg": b"OggS" + bytes(24) + b"\x01vorbis",
    "video/ogg": b"OggS" + bytes(24) + b"\x80theora",
    "application/pdf": b"%PDF-1.7\n",
}


@pytest.mark.parametrize(("content_type", "head"), KNOWN.items(), ids=KNOWN.keys())
def test_films_sound_and_documents_are_known_by_their_bytes(content_type: str, head: bytes) -> None:
    content = recognise(head, LIMITS)
    assert content.content_type == content_type
    assert content.width_px is None
    assert content.max_bytes == LIMITS.max_upload_bytes


def test_other_forms_of_the_same_are_known() -> None:
    assert recognise(packets(4), LIMITS).content_type == "video/mp2t"
    assert recognise(b"ID3\x04" + bytes(64), LIMITS).content_type == "audio/mpeg"
    assert recognise(riff(b"WAVE", b"RF64"), LIMITS).content_type == "audio/wav"
    assert recognise(iso(b"M4V "), LIMITS).content_type == "video/mp4"


@pytest.mark.parametrize(
    ("extension", "content_type"),
    [
        (".jpg", "image/jpeg"),
        (".png", "image/png"),
        (".webp", "image/webp"),
        (".bmp", "image/bmp"),
        (".tiff", "image/tiff"),
    ],
)
def test_pictures_are_known_with_their_size(extension: str, content_type: str) -> None:
    content = recognise(cv2.imencode(extension, np.full((30, 40, 3), 9, np.uint8))[1].tobytes(), LIMITS)
    assert (content.content_type, content.width_px, content.height_px) == (content_type, 40, 30)
    assert content.max_bytes == LIMITS.max_image_bytes


@pytest.mark.parametrize(
    "head",
    [
        b"plain text\n",
        "text with a mark".encode("utf-16"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html>",
        b"PK\x03\x04" + bytes(64),
        iso(b"heic"),
        iso(b"avif"),
        matroska(b"unknown"),
        b"\x1a\x45\xdf\xa3",
        riff(b"ACON"),
        b"\x47" + bytes(600),
        b"\xff\xfb\x90\x00" + bytes(600),
        b"MZ" + bytes(64),
        b"\0",
    ],
)
def test_everything_else_is_unsupported(head: bytes) -> None:
    with pytest.raises(MediaRejected) as refusal:
        recognise(head, LIMITS)
    assert refusal.value.reason is Reason.MEDIA_UNSUPPORTED


def test_no_bytes_are_no_file() -> None:
    with pytest.raises(MediaRejected) as refusal:
        recognise(b"", LIMITS)
    assert refusal.value.reason is Reason.MEDIA_EMPTY
