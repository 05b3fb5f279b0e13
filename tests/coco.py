"""Masks in COCO's form, read by other code than that which writes them."""

from __future__ import annotations


def run_lengths(counts: str) -> list[int]:
    """Read packed run lengths, as `rleFrString` of COCO's API does."""
    lengths: list[int] = []
    at = 0
    while at < len(counts):
        number, shift, more = 0, 0, True
        while more:
            bits = ord(counts[at]) - 48
            number |= (bits & 0x1F) << shift
            more, at, shift = bool(bits & 0x20), at + 1, shift + 5
            if not more and bits & 0x10:
                number |= -1 << shift
        lengths.append(number + (lengths[-2] if len(lengths) > 2 else 0))
    return lengths
