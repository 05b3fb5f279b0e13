"""The notes say, once a Markdown reader has read them, exactly what was shown and said."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies
from markdown_it import MarkdownIt

from sightline.extract.document import Lecture, Page, Picture, Range, Speech, notes_markdown
from sightline.extract.document.wording import one_line
from sightline.extract.text import Line

PICTURE = Picture("my slide (1).png", "image/png", 960, 540, bytes)


def shown(text: str) -> list[tuple[str, str]]:
    """Give (kind of block, text) as a reader sees them."""
    tokens, found = MarkdownIt("commonmark").enable("table").parse(text), []
    for before, token in pairwise(tokens):
        if token.type == "inline":
            found.append((before.type, "".join(seen(child) for child in token.children or [])))
        elif token.type == "fence":
            found.append(("fence", token.content))
    return found


def seen(token) -> str:
    if token.type == "image":
        return f"[{token.attrs['src']}: {token.content and ''.join(map(seen, token.children))}]"
    assert token.type in {"text", "text_special", "softbreak"}, token.type
    return " " if token.type == "softbreak" else token.content


def test_a_slide_has_its_title_times_picture_text_and_speech(lecture: Lecture) -> None:
    blocks = shown(notes_markdown(lecture))
    assert blocks[:4] == [
        ("heading_open", "Means, ends & *stars*"),
        ("heading_open", "1. On means (and ends)"),
        ("paragraph_open", "0:00:00 to 0:00:05, 1:00:00 to 1:01:40"),
        ("paragraph_open", "[slide-001.png: On means (and ends)]"),
    ]
    assert [text for _, text in blocks[4:8]] == [line.text for line in lecture.pages[0].lines[1:]]
    assert blocks[8][1] == "Welcome to the lecture. It is about means & <ends>."
    assert blocks[9][1] == "Keywords: means, ends"
    assert ("heading_open", "3. Slide 3") in blocks


def test_code_keeps_its_indent_and_is_fenced_off(lecture: Lecture) -> None:
    assert ("fence", "if a < b:\n    c = ```d\n") in shown(notes_markdown(lecture))


def test_a_table_is_a_table() -> None:
    lines = tuple(
        Line((100 + 200 * column, 50 + 50 * row, 180 + 200 * column, 80 + 50 * row), f"{row}|{column}", 1.0)
        for row in range(3)
        for column in range(3)
    )
    blocks = shown(notes_markdown(Lecture("", 1, (Page(1, "", (Range(0, 1),), PICTURE, lines, kind="table"),))))
    cells = [text for kind, text in blocks if kind in {"th_open", "td_open"}]
    assert cells == [f"{row}|{column}" for row in range(3) for column in range(3)]


def test_a_long_pause_begins_a_paragraph() -> None:
    speech = (Speech(0, 1, "One."), Speech(1.5, 2, "Two."), Speech(9, 10, "Three."))
    notes = notes_markdown(Lecture("", 10, (Page(1, "", (Range(0, 10),), PICTURE, (), speech),), speech))
    assert "> One. Two.\n\n> Three.\n" in notes


@given(strategies.text(max_size=60))
def test_no_text_is_taken_for_markup(text: str) -> None:
    page = Page(
        1, text, (Range(0, 1),), PICTURE, (Line((0, 200, 10, 220), "- " + text + "x", 1.0),), (Speech(0, 1, text),)
    )
    blocks = [said for _, said in shown(notes_markdown(Lecture(text, 1, (page,))))]
    words = one_line(text)
    assert blocks[0] == (words or "Lecture")
    assert blocks[1] == f"1. {words or 'Slide 1'}"
    assert blocks[3] == f"[my%20slide%20%281%29.png: {words or 'Slide 1'}]"
    if words:
        assert blocks[-1] == words
