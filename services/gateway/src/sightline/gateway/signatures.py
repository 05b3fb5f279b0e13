"""The signatures of films, sound and documents.

Sources: the file formats' own specifications, and the WHATWG's MIME Sniffing standard, section 6.
"""

from __future__ import annotations

_TS_PACKET_BYTES = 188
_TS_PACKETS = 3
# Brands of ISO base media files that are no film: still pictures that nothing here decodes.
_STILL_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_SOUND_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P "})
_PREFIXES = (
    (b"%PDF-", "application/pdf"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\0\0\1\xba", "video/mpeg"),
)
# Bits per second over 1,000 by index, and samples a second by index: layer III. Source: ISO 11172-3, 2.4.2.3.
_MP3_RATES = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_SAMPLES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def film_or_document(head: bytes) -> str | None:
    """Tell the media type of a film, of sound or of a document by its first bytes.

    Returns:
        Such as `video/mp4`; None for everything else, pictures among it.
    """
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return found
    return _iso_media(head) or _matroska(head) or _riff(head) or _ogg(head) or _packets(head) or _mp3(head)


def _iso_media(head: bytes) -> str | None:
    kind, brand = head[4:8], head[8:12]
    if kind in (b"moov", b"mdat", b"wide") and len(head) > 16:
        return "video/quicktime"  # from before files had brands
    if kind != b"ftyp" or brand in _STILL_BRANDS:
        return None
    if brand in _SOUND_BRANDS:
        return "audio/mp4"
    return "video/quicktime" if brand == b"qt  " else "video/mp4"


def _matroska(head: bytes) -> str | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    # The DocType element, 42 82, with its length in one byte.
    at = head.find(b"\x42\x82", 4, 128)
    kind = head[at + 3 : at + 3 + (head[at + 2] & 0x7F)] if 0 < at < len(head) - 3 else b""
    return {b"webm": "video/webm", b"matroska": "video/x-matroska"}.get(kind.rstrip(b"\0"))


def _riff(head: bytes) -> str | None:
    if head[:4] not in (b"RIFF", b"RF64"):
        return None
    return {b"AVI ": "video/x-msvideo", b"WAVE": "audio/wav"}.get(head[8:12])


def _ogg(head: bytes) -> str | None:
    if not head.startswith(b"OggS"):
        return None
    return "video/ogg" if b"\x80theora" in head[:512] else "audio/ogg"


def _packets(head: bytes) -> str | None:
    """Tell a transport stream by the byte 47 at the start of each of its packets."""
    for stride, before in ((_TS_PACKET_BYTES, 0), (_TS_PACKET_BYTES + 4, 4)):
        starts = head[before : before + stride * _TS_PACKETS : stride]
        if starts == b"\x47" * _TS_PACKETS:
            return "video/mp2t"
    return None


def _mp3(head: bytes) -> str | None:
    """Tell MP3 without a tag by two frames of which the first says where the second begins."""
    length = _mp3_frame_bytes(head, 0)
    if length is None or _mp3_frame_bytes(head, length) is None:
        return None
    return "audio/mpeg"


def _mp3_frame_bytes(head: bytes, at: int) -> int | None:
    if len(head) < at + 4:
        return None
    word = int.from_bytes(head[at : at + 4], "big")
    version, layer = word >> 19 & 3, word >> 17 & 3
    rate, sampling, padding = word >> 12 & 15, word >> 10 & 3, word >> 9 & 1
    if word >> 21 != 0x7FF or version == 1 or layer != 1 or rate in (0, 15) or sampling == 3:
        return None
    kilobits = _MP3_RATES[3 if version == 3 else 2][rate]
    per_frame = 144_000 if version == 3 else 72_000
    return per_frame * kilobits // _MP3_SAMPLES[version][sampling] + padding
