"""What a line of text says: connectionist temporal classification (CTC) over the columns of its picture."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.extract.text.detection import Pixels, Quads

# What the network was trained with: PP-OCRv6 in rapidocr 3.10, config.yaml.
_HEIGHT_PX = 48
_MIN_WIDTH_PX = 320
_MAX_WIDTH_PX = 3200
# A line this much taller than wide may be one letter, or a line that is turned.
_TALL = 1.5
# Below this a line may be upside down.
_DOUBTFUL = 0.8
# A letter is at most so many times wider than high; what is wider is a drawing that looks like one.
_WIDEST_LETTER = 2.0


def alphabet(session: Any) -> list[str]:
    """Give what each output of the recogniser stands for: nothing, then its characters, then a space."""
    characters: str = session.get_modelmeta().custom_metadata_map["character"]
    return ["", *characters.splitlines(), " "]


def read_line(session: Any, characters: list[str], pixels: Pixels, quad: Quads) -> tuple[str, float]:
    """Read one line.

    Args:
        session: the recogniser, an InferenceSession.
        characters: its alphabet.
        pixels: the picture, height x width x 3, uint8, BGR.
        quad: corners of the line, upper left first, clockwise, 4 x 2 in pixels.

    Returns:
        Text and confidence, 0 to 1; turned by quarters where that reads better.
    """
    line = _cut(pixels, quad)
    turns = [0]
    if line.shape[0] >= _TALL * line.shape[1]:
        turns = [0, 1, 3] if line.shape[0] < 2 * _TALL * line.shape[1] else [1, 3]
    best = max((_read(session, characters, np.rot90(line, turn)) for turn in turns), key=lambda read: read[1])
    if best[1] < _DOUBTFUL and turns == [0]:
        best = max(best, _read(session, characters, np.rot90(line, 2)), key=lambda read: read[1])
    return best


def _cut(pixels: Pixels, quad: Quads) -> Pixels:
    width = max(math.dist(quad[0], quad[1]), math.dist(quad[3], quad[2]))
    height = max(math.dist(quad[0], quad[3]), math.dist(quad[1], quad[2]))
    # Small text is made larger in one step, since each step blurs.
    scale = max(1.0, _HEIGHT_PX / max(1.0, min(width, height)))
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    turn = cv2.getPerspectiveTransform(quad, corners)
    cut = cv2.warpPerspective(pixels, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def _read(session: Any, characters: list[str], line: Pixels) -> tuple[str, float]:
    height, width = line.shape[:2]
    wide = min(_MAX_WIDTH_PX, max(1, math.ceil(_HEIGHT_PX * width / height)))
    tensor = np.zeros((1, 3, _HEIGHT_PX, max(wide, _MIN_WIDTH_PX)), np.float32)
    resized = cv2.resize(np.ascontiguousarray(line), (wide, _HEIGHT_PX))
    tensor[0, :, :, :wide] = (resized.astype(np.float32) / np.float32(127.5) - np.float32(1)).transpose(2, 0, 1)
    columns = session.run(None, {session.get_inputs()[0].name: tensor})[0][0]
    text, score = _decode(columns, characters)
    return (text, score) if width <= _WIDEST_LETTER * height * len(text) else ("", 0.0)


def _decode(columns: NDArray[np.float32], characters: list[str]) -> tuple[str, float]:
    best = columns.argmax(1)
    # The same character in neighbouring columns is one; 0 is none.
    kept = (best != 0) & np.concatenate([[True], best[1:] != best[:-1]])
    if not kept.any():
        return "", 0.0
    text = "".join(characters[index] for index in best[kept])
    return " ".join(text.split()), float(columns.max(1)[kept].mean())
