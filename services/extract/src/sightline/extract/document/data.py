"""All that was found about a lecture, as JSON; `schema.json` says what it holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sightline.extract.document.page import Lecture, Page, Speech
from sightline.extract.document.wording import one_line
from sightline.extract.text.line import Line

VERSION = 1


def data_json(lecture: Lecture) -> str:
    """Write everything as JSON: keys in a fixed order, times in seconds, boxes as fractions of the slide's picture."""
    content = {
        "version": VERSION,
        "title": one_line(lecture.title),
        "language": lecture.language,
        "seconds": _seconds(lecture.seconds),
        "slides": [_slide(page) for page in lecture.pages],
        "transcript": None if lecture.speech is None else _speech(lecture.speech),
    }
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _slide(page: Page) -> dict[str, Any]:
    return {
        "number": page.number,
        "title": one_line(page.title),
        "kind": page.kind,
        "keywords": [one_line(word) for word in page.keywords],
        "ranges": [{"start": _seconds(time.start), "end": _seconds(time.end)} for time in page.ranges],
        "image": {
            "file_name": page.picture.file_name,
            "content_type": page.picture.content_type,
            "width_px": page.picture.width_px,
            "height_px": page.picture.height_px,
        },
        "lines": [_line(line, page) for line in page.lines],
        "speech": _speech(page.speech),
    }


def _line(line: Line, page: Page) -> dict[str, Any]:
    sides = (page.picture.width_px, page.picture.height_px) * 2
    box = [round(min(1.0, max(0.0, edge / side)), 6) for edge, side in zip(line.box, sides, strict=True)]
    return {"text": one_line(line.text), "score": round(line.score, 4), "box": box}


def _speech(speech: Sequence[Speech]) -> list[dict[str, Any]]:
    return [{"start": _seconds(said.start), "end": _seconds(said.end), "text": one_line(said.text)} for said in speech]


def _seconds(value: float) -> float:
    return round(float(value), 3)
