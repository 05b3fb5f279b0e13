"""A lecture of three slides, one in each format of pictures, with hard words in it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sightline.extract.document import Lecture, Page, Picture, Range, Speech
from sightline.extract.text import Line

WIDTH, HEIGHT = 960, 540
# Accents, brackets, writing without spaces, Greek, beyond 16 bits, and letters that Markdown means.
HARD = [
    "na\u00efve caf\u00e9 (1998) \\o/",
    "\u4f60\u597d\u4e16\u754c",
    "\u03bb\u03cc\u03b3\u03bf\u03c2",
    "\U0001d49c = *b* _c_ <d> & `e`",
]


def picture(number: int, suffix: str = "png") -> Picture:
    pixels = np.full((HEIGHT, WIDTH, 3), 245, np.uint8)
    cv2.rectangle(pixels, (100 * number, 300), (100 * number + 200, 500), (40, 90, 200), -1)
    content = cv2.imencode(f".{suffix}", pixels)[1].tobytes()
    kind = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}[suffix]
    return Picture(f"slide-{number:03}.{suffix}", kind, WIDTH, HEIGHT, lambda: content)


@pytest.fixture
def lecture() -> Lecture:
    speech = (
        Speech(0.5, 2.0, "Welcome to the lecture."),
        Speech(2.1, 4.0, "It is about means & <ends>."),
        Speech(9.0, 12.0, "Now the second part."),
    )
    pages = (
        Page(
            1,
            "On means (and ends)",
            (Range(0.0, 5.0), Range(3600.25, 3700.0)),
            picture(1, "png"),
            (
                Line((60, 40, 700, 90), "On means (and ends)", 0.99),
                *(Line((60, 120 + 40 * row, 400, 150 + 40 * row), text, 0.9) for row, text in enumerate(HARD)),
            ),
            speech[:2],
            "text",
            ("means", "ends"),
        ),
        Page(
            2,
            "Code",
            (Range(5.0, 3600.25),),
            picture(2, "jpg"),
            (
                Line((60, 40, 200, 90), "Code", 0.98),
                Line((60, 120, 260, 150), "if a < b:", 0.97),
                Line((160, 160, 360, 190), "c = ```d", 0.96),
            ),
            speech[2:],
            "code",
        ),
        Page(3, "", (Range(3700.0, 4000.0),), picture(3, "webp")),
    )
    return Lecture("Means, ends & *stars*", 4000.0, pages, speech, "en")
