"""What two other libraries read in the PDF, and what one of them shows, is what was put in."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pypdf
import pypdfium2
import pytest
from numpy.typing import NDArray

from sightline.extract.document import Lecture, Page, Picture, Range, write_pdf
from sightline.extract.text import Line

POINTS_PER_PX = 720 / 960


@pytest.fixture
def written(lecture: Lecture, tmp_path: Path) -> Path:
    path = tmp_path / "lecture.pdf"
    write_pdf(lecture, path)
    return path


def test_each_line_is_found_in_its_place(lecture: Lecture, written: Path) -> None:
    document = pypdfium2.PdfDocument(written)
    for page, shown in zip(lecture.pages, document, strict=True):
        text = shown.get_textpage()
        assert text.count_rects() == len(page.lines)
        for index, line in enumerate(page.lines):
            left, top, right, bottom = (edge * POINTS_PER_PX for edge in line.box)
            place = (left, shown.get_height() - bottom, right, shown.get_height() - top)
            assert text.get_rect(index) == pytest.approx(place, abs=1)
            assert text.get_text_bounded(*text.get_rect(index)) == line.text


def test_a_word_is_found_by_searching(written: Path) -> None:
    text = pypdfium2.PdfDocument(written)[0].get_textpage()
    start, length = text.search("ends").get_next()
    boxes = [text.get_charbox(start + index) for index in range(length)]
    # Letters are placed as wide as they usually are.
    assert 520 * POINTS_PER_PX < boxes[0][0] < boxes[-1][2] < 695 * POINTS_PER_PX


def test_another_library_reads_the_same_text(lecture: Lecture, written: Path) -> None:
    reader = pypdf.PdfReader(written, strict=True)
    for page, shown in zip(lecture.pages, reader.pages, strict=True):
        read = shown.extract_text()
        assert all(line.text in read for line in page.lines)


def test_the_picture_is_shown_and_the_text_is_not(lecture: Lecture, written: Path) -> None:
    for page, shown in zip(lecture.pages, pypdfium2.PdfDocument(written), strict=True):
        seen = shown.render(scale=960 / 720).to_numpy()
        truth = decoded(page.picture)
        assert seen.shape == truth.shape
        exact = page.picture.content_type == "image/png"
        assert np.abs(seen.astype(int) - truth).max() <= (0 if exact else 40)
        assert np.abs(seen.astype(int) - truth).mean() <= (0 if exact else 0.5)


def test_titles_are_bookmarks(written: Path) -> None:
    marks = [(mark.get_title(), mark.get_dest().get_index()) for mark in pypdfium2.PdfDocument(written).get_toc()]
    assert marks == [("On means (and ends)", 0), ("Code", 1), ("Slide 3", 2)]


def test_pages_have_the_shape_of_their_pictures(tmp_path: Path) -> None:
    sizes = [(960, 540), (300, 600), (1000, 1000)]
    pages = tuple(blank(number, width, height) for number, (width, height) in enumerate(sizes, 1))
    write_pdf(Lecture("", 3.0, pages), tmp_path / "shapes.pdf")
    shown = [page.get_size() for page in pypdfium2.PdfDocument(tmp_path / "shapes.pdf")]
    assert shown == [pytest.approx(size) for size in ((720, 405), (360, 720), (720, 720))]


def test_the_title_and_the_language_are_told(lecture: Lecture, written: Path) -> None:
    reader = pypdf.PdfReader(written, strict=True)
    assert reader.metadata is not None
    assert reader.metadata.title == lecture.title
    assert reader.trailer["/Root"]["/Lang"] == "en"


def test_the_same_lecture_gives_the_same_bytes(lecture: Lecture, tmp_path: Path) -> None:
    hashes = set()
    for name in ("one.pdf", "two.pdf"):
        write_pdf(lecture, tmp_path / name)
        hashes.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_turned_text_is_found_where_it_stands(tmp_path: Path) -> None:
    page = replace(blank(1, 960, 540), lines=(Line((100, 100, 130, 400), "error in percent", 0.9),))
    write_pdf(Lecture("", 1.0, (page,)), tmp_path / "turned.pdf")
    text = pypdfium2.PdfDocument(tmp_path / "turned.pdf")[0].get_textpage()
    assert text.get_text_range() == "error in percent"
    assert text.count_rects() == 1
    assert text.get_rect(0) == pytest.approx((75, 405 - 300, 97.5, 405 - 75), abs=2.5)


@pytest.mark.parametrize("text", ["", " ", "\x00\x07", "\ud800", "a\nb\tc", "()\\", ">>", "\u0301\u0302"])
def test_odd_text_spoils_nothing(tmp_path: Path, text: str) -> None:
    page = replace(
        blank(1, 960, 540), title=text, lines=(Line((10, 10, 90, 30), text, 1.0), Line((5, 5, 5, 5), "x", 1))
    )
    write_pdf(Lecture(text, 1.0, (page,)), tmp_path / "odd.pdf")
    shown = pypdf.PdfReader(tmp_path / "odd.pdf", strict=True).pages[0].extract_text()
    assert shown.strip() == " ".join("".join(letter for letter in text if letter not in "\x00\x07\ud800").split())


def test_a_lecture_without_slides_is_one_empty_page(tmp_path: Path) -> None:
    write_pdf(Lecture("Nothing", 1.0, ()), tmp_path / "none.pdf")
    assert len(pypdf.PdfReader(tmp_path / "none.pdf", strict=True).pages) == 1


def test_a_picture_that_does_not_decode_is_refused(tmp_path: Path) -> None:
    page = Page(1, "", (Range(0, 1),), Picture("a.png", "image/png", 10, 10, lambda: b"no picture"))
    with pytest.raises(ValueError, match="decoded"):
        write_pdf(Lecture("", 1.0, (page,)), tmp_path / "bad.pdf")


@pytest.mark.parametrize("kind", ["grey", "see-through", "palette", "grey jpeg"])
def test_every_kind_of_picture_is_shown_as_it_is(tmp_path: Path, kind: str) -> None:
    content = PICTURES[kind]()
    picture = Picture("p", "image/png", 64, 32, lambda: content)
    write_pdf(Lecture("", 1.0, (Page(1, "", (), picture),)), tmp_path / "kind.pdf")
    seen = pypdfium2.PdfDocument(tmp_path / "kind.pdf")[0].render(scale=64 / 720, rev_byteorder=False).to_numpy()
    assert np.abs(seen.astype(int) - decoded(picture)).mean() < 2


def test_three_hundred_slides_are_written_with_the_memory_of_a_few(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (540, 960, 3), np.uint8)
    content = cv2.imencode(".jpg", noise)[1]

    lines = tuple(Line((10, 30.0 * row, 500, 30.0 * row + 25), f"a line of text {row}", 1.0) for row in range(12))
    pages = tuple(
        Page(
            number,
            f"Slide {number}",
            (Range(number, number + 1),),
            Picture("s", "image/jpeg", 960, 540, content.tobytes),
            lines,
        )
        for number in range(1, 301)
    )
    write_pdf(Lecture("", 1.0, pages[:1]), tmp_path / "warm.pdf")
    tracemalloc.start()
    write_pdf(Lecture("", 301.0, pages), tmp_path / "long.pdf")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "long.pdf").stat().st_size > 300 * len(content)
    assert peak < 12 * len(content)
    assert len(pypdfium2.PdfDocument(tmp_path / "long.pdf")) == 300


def blank(number: int, width: int, height: int) -> Page:
    content = cv2.imencode(".png", np.full((height, width, 3), 200, np.uint8))[1].tobytes()
    return Page(number, "", (Range(number, number + 1),), Picture("b.png", "image/png", width, height, lambda: content))


def decoded(picture: Picture) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(picture.read(), np.uint8), cv2.IMREAD_COLOR), np.uint8)


def encoded(suffix: str, shape: tuple[int, ...]) -> Callable[[], bytes]:
    def encode() -> bytes:
        steps = np.linspace(0, 255, 64 * 32).reshape(32, 64, *(1 for _ in shape))
        pixels = np.broadcast_to(steps, (32, 64, *shape)).astype(np.uint8).copy()
        if shape == (4,):
            pixels[..., 3] = 255
        return cv2.imencode(suffix, pixels)[1].tobytes()

    return encode


def palette() -> bytes:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.fromarray(np.full((32, 64, 3), (200, 30, 90), np.uint8)).convert("P").save(file, "PNG")
    return file.getvalue()


PICTURES = {
    "grey": encoded(".png", ()),
    "see-through": encoded(".png", (4,)),
    "palette": palette,
    "grey jpeg": encoded(".jpg", ()),
}
