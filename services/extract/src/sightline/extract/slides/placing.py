"""Tell whether a view is the same page, scrolled or magnified."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.extract.slides.changes import alike
from sightline.extract.slides.views import WINDOW_PX, Mask, View

_FEATURES = 800
_LEAST_MATCHES = 12
# Keypoints of a magnified page are a few of its pixels off.
_PLACE_PX = 4.0
_SAME_SIZE = 0.03
# Pages are never turned; what a few blurred points say of their turn is this much off, in radians times the size.
_MOST_TILT = 0.06
# A place is taken for real when about this share of the ink both have the same shapes; magnified letters are
# blurred, hence the low correlation.
_AGREEMENT = 0.72
_SAME_SHAPE = 0.6
# Less than this of the view in common: it is another page, even where a part of it was seen before.
_LEAST_COMMON = 0.3
# Smaller shifts (in small pixels) and changes of size are no place of their own: the template alone gives those.
_LEAST_SHIFT_PX = 8.0
_LEAST_ZOOM = 1.08


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a view lies on a page: a point of the page times `scale`, plus the shift, is the point of the view."""

    scale: float
    right_px: float
    down_px: float

    @property
    def magnified(self) -> bool:
        """Whether the view shows a part of the page, larger."""
        return self.scale > _LEAST_ZOOM

    def differs(self, least_px: float, least_zoom: float) -> bool:
        """Tell whether it is shifted or resized by so much."""
        zoomed = not 1 / (1 + least_zoom) < self.scale < 1 + least_zoom
        return bool(np.hypot(self.right_px, self.down_px) >= least_px or zoomed)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The same as a 2 x 3 matrix."""
        return np.array([[self.scale, 0.0, self.right_px], [0.0, self.scale, self.down_px]])


def place(page: View, view: View) -> Placement | None:
    """Find where a view lies on a page; None when it is another page, or the very same place.

    Source: ORB (Rublee et al., ICCV 2011) and RANSAC over similarities, then checked by the ink of both, since
    letters look like letters.
    """
    for found in (_similarity(page, view), _scrolled(page, view)):
        if found is not None and found.differs(_LEAST_SHIFT_PX, _LEAST_ZOOM - 1) and _agrees(page, view, found):
            return found
    return None


def scrolled_by(page: View, view: View) -> float | None:
    """Give how far a page was scrolled from one view to the next, in small pixels; None when it was not.

    Args:
        page: the earlier view.
        view: the later one; less than half a second after it, or little would be left of the page.
    """
    found = _scrolled(page, view)
    if found is None or abs(found.down_px) < 1 or not _agrees(page, view, found):
        return None
    return found.down_px


def _scrolled(page: View, view: View) -> Placement | None:
    """Find how far a page was scrolled by its ink, which also does where it has too little of it for keypoints."""
    window = cv2.createHanningWindow((view.gray.shape[1], view.gray.shape[0]), cv2.CV_32F)
    (right, down), _ = cv2.phaseCorrelate(page.edges.astype(np.float32), view.edges.astype(np.float32), window)
    return Placement(1.0, 0.0, float(down)) if abs(right) <= _PLACE_PX else None


def _similarity(page: View, view: View) -> Placement | None:
    finder = cv2.ORB.create(_FEATURES, fastThreshold=12)
    points, words = finder.detectAndCompute(page.gray, None)
    other_points, other_words = finder.detectAndCompute(view.gray, None)
    if words is None or other_words is None:
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(words, other_words)
    if len(matches) < _LEAST_MATCHES:
        return None
    source = np.array([points[match.queryIdx].pt for match in matches], np.float32)
    target = np.array([other_points[match.trainIdx].pt for match in matches], np.float32)
    matrix, inliers = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=_PLACE_PX, maxIters=2000)
    if matrix is None or int(inliers.sum()) < _LEAST_MATCHES or abs(matrix[0, 1]) > _MOST_TILT:
        return None
    rough = Placement(float(matrix[0, 0]), float(matrix[0, 2]), float(matrix[1, 2]))
    return _refined(page, view, rough) if rough.differs(_LEAST_SHIFT_PX / 2, _SAME_SIZE) else None


def _refined(page: View, view: View, rough: Placement) -> Placement:
    """Try sizes around the rough one: a hundredth too large puts letters at the border beside themselves."""
    if abs(rough.scale - 1) < _SAME_SIZE:
        return _shifted(page, view, replace(rough, scale=1.0))[0]
    tried = [_shifted(page, view, _resized(rough, view, 1 + step / 200)) for step in range(-5, 6)]
    return max(tried, key=lambda one: one[1])[0]


def _resized(placement: Placement, view: View, times: float) -> Placement:
    """Change the size around the middle of the view."""
    middle_x, middle_y = view.gray.shape[1] / 2, view.gray.shape[0] / 2
    right = middle_x + (placement.right_px - middle_x) * times
    return Placement(placement.scale * times, right, middle_y + (placement.down_px - middle_y) * times)


def _shifted(page: View, view: View, placement: Placement) -> tuple[Placement, float]:
    """Move by what phase correlation still finds, and say how sharp its peak is, 0 to 1."""
    size = (view.gray.shape[1], view.gray.shape[0])
    moved = cv2.warpAffine(page.soft, placement.matrix, size, borderMode=cv2.BORDER_REPLICATE)
    (right, down), peak = cv2.phaseCorrelate(moved.astype(np.float32), view.soft.astype(np.float32))
    if max(abs(right), abs(down)) > 2 * _PLACE_PX:
        return placement, 0.0
    return replace(placement, right_px=placement.right_px + right, down_px=placement.down_px + down), float(peak)


def _agrees(page: View, view: View, placement: Placement) -> bool:
    size = (view.gray.shape[1], view.gray.shape[0])
    common = _warped(np.ones_like(page.edges), placement, size)
    if common.mean() < _LEAST_COMMON:
        return False
    moved = View(0.0, np.asarray(cv2.warpAffine(page.gray, placement.matrix, size), np.uint8), False)
    inner = np.asarray(cv2.erode(common.view(np.uint8), np.ones((WINDOW_PX, WINDOW_PX), np.uint8)), np.bool_)
    ink = (moved.edges | view.edges) & inner
    total = int(np.count_nonzero(ink))
    return total > 0 and int(np.count_nonzero(ink & alike(moved, view, _SAME_SHAPE))) >= _AGREEMENT * total


def _warped(mask: Mask, placement: Placement, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.warpAffine(mask.astype(np.uint8), placement.matrix, size, flags=cv2.INTER_NEAREST), np.bool_)
