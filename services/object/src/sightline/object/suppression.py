"""Non-maximum suppression within each class: of objects that overlap too much the surest stays."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from sightline.object.head import Candidates

# More than any picture holds; it bounds the work when somebody asks for the least sure as well.
_MAX_CANDIDATES = 30_000


def strongest(candidates: Candidates, max_objects: int) -> Candidates:
    """Keep the surest, the surest first."""
    return candidates[np.argsort(-candidates.scores, kind="stable")[:max_objects]]


def without_overlap(candidates: Candidates, max_overlap: float, max_objects: int) -> Candidates:
    """Drop each object that overlaps a surer one of its class by more than `max_overlap`.

    Args:
        candidates: in any order.
        max_overlap: greatest intersection over union that is left, 0 to 1.
        max_objects: most objects that are kept.

    Returns:
        What is left, the surest first.
    """
    ordered = strongest(candidates, _MAX_CANDIDATES)
    if len(ordered) == 0:
        return ordered
    left, top, right, bottom = ordered.boxes.T.astype(np.float64)
    rectangles = np.stack([left, top, right - left, bottom - top], axis=1)
    suppress: Any = cv2.dnn.NMSBoxesBatched  # its types know lists only, which would be copied one by one
    kept = suppress(rectangles, ordered.scores, ordered.classes.astype(np.int32), 0.0, max_overlap)
    return ordered[np.sort(np.asarray(kept, np.int64).ravel())[:max_objects]]
