"""The one EXIF field that changes what a picture shows: its orientation."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_ORIENTATION_TAG = 274
# struct codes of the field types that hold whole numbers: SHORT and LONG.
_CODES = {3: "H", 4: "I"}
# Directories of real pictures have some dozens of entries; a hostile one may claim 65,535.
_MAX_ENTRIES = 512
_SWAPPED_SIDES = frozenset({5, 6, 7, 8})


def tiff_entries(tiff: bytes) -> Iterator[tuple[int, int]]:
    """List the whole numbers in the first directory of a TIFF structure (a TIFF file, or an EXIF block).

    Returns:
        (tag, first value), in the order of the file; nothing where the structure is broken.

    Source: TIFF 6.0, section 2.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    try:
        if order is None:
            return
        (offset,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, offset)
        for index in range(min(count, _MAX_ENTRIES)):
            entry = offset + 2 + index * 12
            tag, kind, values = struct.unpack_from(order + "HHI", tiff, entry)
            if kind in _CODES and values >= 1:
                yield tag, _first_value(tiff, order, kind, values, entry + 8)
    except struct.error:
        return


def _first_value(tiff: bytes, order: str, kind: int, values: int, at: int) -> int:
    if values * struct.calcsize(_CODES[kind]) > 4:  # too many to stand in the entry: an offset stands there
        (at,) = struct.unpack_from(order + "I", tiff, at)
    value: int = struct.unpack_from(order + _CODES[kind], tiff, at)[0]
    return value


def orientation_of(exif: bytes) -> int:
    """Read the orientation, 1 to 8, from an EXIF block; 1 where it is absent or nonsense.

    Source: Exif 2.3, 4.6.4, tag 274.
    """
    value = dict(tiff_entries(exif)).get(_ORIENTATION_TAG, 1)
    return value if 1 <= value <= 8 else 1


def swaps_sides(orientation: int) -> bool:
    """Say whether the width of the stored picture is the height of the picture as shown."""
    return orientation in _SWAPPED_SIDES
