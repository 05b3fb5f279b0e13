"""Notes of a lecture as Markdown: each slide with its picture, its text and what was said to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from sightline.extract.document.page import Lecture, Page, Speech
from sightline.extract.document.wording import clock, heading, one_line
from sightline.extract.text.line import Line
from sightline.extract.text.ordering import rows
from sightline.extract.text.page import Kind

# A silence this long begins a new paragraph.
_PAUSE_SECONDS = 2.0
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$])")
# What would begin a list, a quotation or a heading at the start of a line.
_OPENING = re.compile(r"^(\d{0,9})([-+=.)])")
_BULLET = re.compile(r"^[\u2022\u00b7\u25aa\u25cf\u25e6\u2023\u2013*\-]\s*(?=\S)")


def notes_markdown(lecture: Lecture) -> str:
    """Write the notes; pictures are named by their files, which are to lie beside them."""
    parts = [f"# {_escaped(one_line(lecture.title) or 'Lecture')}"]
    for page in lecture.pages:
        parts += _slide(page)
    return "\n\n".join(parts) + "\n"


def _slide(page: Page) -> Iterator[str]:
    title = heading(page.number, page.title)
    yield f"## {page.number}\\. {_escaped(title)}"
    yield ", ".join(f"{clock(time.start)} to {clock(time.end)}" for time in page.ranges)
    yield f"![{_escaped(title)}]({quote(page.picture.file_name)})"
    body = list(_without_title(page.lines, title))
    if body:
        yield _body(page.kind, body)
    yield from _paragraphs(page.speech)
    if page.keywords:
        yield "Keywords: " + ", ".join(_escaped(one_line(word)) for word in page.keywords)


def _without_title(lines: Sequence[Line], title: str) -> Iterator[Line]:
    """Leave out the lines that the title was made of."""
    left = title
    for line in lines:
        text = one_line(line.text)
        if text and left.startswith(text):
            left = left.removeprefix(text).lstrip()
        elif text:
            yield line


def _body(kind: str, lines: Sequence[Line]) -> str:
    if kind == Kind.CODE:
        return _code(lines)
    cells = [[_escaped(one_line(line.text)) for line in row] for row in rows(lines)]
    if kind == Kind.TABLE and len(cells) > 1 and len({len(row) for row in cells}) == 1:
        ruled = [cells[0], ["---"] * len(cells[0]), *cells[1:]]
        return "\n".join("| " + " | ".join(row) + " |" for row in ruled)
    return "\n".join("- " + _escaped(_BULLET.sub("", one_line(line.text))) for line in lines)


def _code(lines: Sequence[Line]) -> str:
    """Write a block of code, indented as it is on the slide."""
    widths = sorted((line.box[2] - line.box[0]) / len(line.text) for line in lines)
    letter = max(1.0, widths[len(widths) // 2])
    left = min(line.box[0] for line in lines)
    shown = [" " * round((line.box[0] - left) / letter) + one_line(line.text) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence, *shown, fence])


def _paragraphs(speech: Sequence[Speech]) -> Iterator[str]:
    """Join what is said without a longer silence; quoted, so that it differs from what is shown."""
    words: list[str] = []
    for index, said in enumerate(speech):
        words.append(one_line(said.text))
        if index + 1 == len(speech) or speech[index + 1].start - said.end >= _PAUSE_SECONDS:
            text = " ".join(filter(None, words))
            if text:
                yield f"> {_escaped(text)}"
            words = []


def _escaped(text: str) -> str:
    return _OPENING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))
