"""Where the lines of text are: differentiable binarization (DB), as PP-OCR uses it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Quads = NDArray[np.float32]

# What the network was trained with: PP-OCRv6 in rapidocr 3.10, config.yaml.
_INK = 0.3
_BOX_SCORE = 0.5
_UNCLIP = 1.6
_STRIDE_PX = 32
_MIN_SIDE_PX = 3.0


def find_quads(session: Any, pixels: Pixels, side_px: int, max_lines: int) -> Quads:
    """Find lines of text.

    Args:
        session: the detector, an InferenceSession.
        pixels: height x width x 3, uint8, BGR.
        side_px: the longer side of the picture as the network sees it.
        max_lines: most lines.

    Returns:
        n x 4 x 2 float32 in pixels of the picture: upper left, upper right, lower right, lower left of each line,
        which may lie askew; in no order.
        Source: Liao et al., Real-time Scene Text Detection with Differentiable Binarization, 2020.
    """
    height, width = pixels.shape[:2]
    seen = _resized(pixels, side_px)
    tensor = ((seen.astype(np.float32) / np.float32(127.5)) - np.float32(1)).transpose(2, 0, 1)[None]
    ink: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(tensor)})[0][0, 0]
    scale = np.array([width / ink.shape[1], height / ink.shape[0]], np.float32)
    quads = [quad * scale for quad in _quads(ink, max_lines)]
    if not quads:
        return np.zeros((0, 4, 2), np.float32)
    return np.clip(np.stack(quads), 0, np.array([width, height], np.float32))


def _resized(pixels: Pixels, side_px: int) -> Pixels:
    height, width = pixels.shape[:2]
    scale = side_px / max(height, width)
    size = [max(_STRIDE_PX, round(length * scale / _STRIDE_PX) * _STRIDE_PX) for length in (width, height)]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)


def _quads(ink: NDArray[np.float32], most: int) -> list[Quads]:
    mask = cv2.dilate((ink > _INK).astype(np.uint8), np.ones((2, 2), np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline in outlines:
        middle, (width, height), angle = cv2.minAreaRect(outline)
        if min(width, height) < _MIN_SIDE_PX:
            continue
        score = _score(ink, cv2.boxPoints((middle, (width, height), angle)))
        if score < _BOX_SCORE:
            continue
        # The network marks the core of a line; what it was shrunk by is put back.
        margin = width * height * _UNCLIP / (2 * (width + height)) * 2
        if min(width, height) + margin < _MIN_SIDE_PX + 2:
            continue
        found.append((score, _upright(cv2.boxPoints((middle, (width + margin, height + margin), angle)))))
    found.sort(key=lambda pair: -pair[0])
    return [quad for _, quad in found[:most]]


def _score(ink: NDArray[np.float32], quad: NDArray[Any]) -> float:
    left, top = np.clip(np.floor(quad.min(0)).astype(int), 0, np.array(ink.shape[::-1]) - 1)
    right, bottom = np.clip(np.ceil(quad.max(0)).astype(int), 0, np.array(ink.shape[::-1]) - 1)
    inside = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(inside, [(quad - (left, top)).astype(np.int32)], [1])
    return float(cv2.mean(ink[top : bottom + 1, left : right + 1], inside)[0])


def _upright(quad: NDArray[Any]) -> Quads:
    """Order corners: upper left, upper right, lower right, lower left."""
    by_x = quad[np.argsort(quad[:, 0], kind="stable")]
    left, right = by_x[:2], by_x[2:]
    left, right = left[np.argsort(left[:, 1], kind="stable")], right[np.argsort(right[:, 1], kind="stable")]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)
