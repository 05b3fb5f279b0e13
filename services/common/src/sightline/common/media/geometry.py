"""Boxes in a picture, and what two of them have in common."""

from __future__ import annotations

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


def area(box: Box) -> float:
    """Give width times height."""
    return (box[2] - box[0]) * (box[3] - box[1])


def intersection_over_union(one: Box, other: Box) -> float:
    """Give the share of two boxes that is in both, 0 to 1; 0 where neither has an area."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, width) * max(0.0, height)
    union = area(one) + area(other) - common
    return common / union if union > 0 else 0.0
