"""One PDF of all slides: pictures, with their text where it is seen, to be searched, selected and copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pydyf

from sightline.extract.document.font import DESCENT, InvisibleFont
from sightline.extract.document.images import ImageObject
from sightline.extract.document.page import Lecture, Page
from sightline.extract.document.wording import heading, one_line
from sightline.extract.text.line import Line

# The longer side of a page: ten inches, as presentations have it.
_SIDE_PT = 720.0
_EMPTY_PAGE_PT = (720.0, 405.0)
_INVISIBLE = 3
# A line this many times higher than wide, with more than a letter, is turned.
_TURNED = 1.5


def write_pdf(lecture: Lecture, path: Path) -> None:
    """Write the slides as a PDF; the same lecture gives the same bytes.

    Pages have the shape of the pictures; each has a bookmark with its title. Pictures are read one at a time, while
    they are written. A lecture without slides becomes one empty page.

    Args:
        lecture: what to write.
        path: the file, replaced if it is there.

    Raises:
        ValueError: a picture can't be decoded.
    """
    pdf, font, letters = pydyf.PDF(), pydyf.Dictionary(), InvisibleFont()
    pdf.add_object(font)
    for page in lecture.pages:
        _add_page(pdf, page, font, letters)
    if not lecture.pages:
        pdf.add_page(_page(pdf, _EMPTY_PAGE_PT))
    letters.add_to(pdf, font)
    _add_bookmarks(pdf, lecture.pages)
    pdf.info["Producer"] = pydyf.String("Sightline")
    if one_line(lecture.title):
        pdf.info["Title"] = pydyf.String(one_line(lecture.title))
        pdf.catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
    if lecture.language:
        pdf.catalog["Lang"] = pydyf.String(lecture.language)
    with path.open("wb") as file:
        pdf.write(file)


def _add_page(pdf: pydyf.PDF, page: Page, font: pydyf.Dictionary, letters: InvisibleFont) -> None:
    picture = page.picture
    scale = _SIDE_PT / max(picture.width_px, picture.height_px)
    width, height = picture.width_px * scale, picture.height_px * scale
    image = ImageObject(picture)
    pdf.add_object(image)
    content = pydyf.Stream(compress=True)
    content.push_state()
    content.set_matrix(width, 0, 0, height, 0, 0)
    content.draw_x_object("Slide")
    content.pop_state()
    _write_text(content, page.lines, letters, scale, height)
    pdf.add_object(content)
    shown = _page(pdf, (width, height))
    shown["Contents"] = content.reference
    shown["Resources"] = pydyf.Dictionary(
        {
            "XObject": pydyf.Dictionary({"Slide": image.reference}),
            "Font": pydyf.Dictionary({"Text": font.reference}),
        }
    )
    pdf.add_page(shown)


def _page(pdf: pydyf.PDF, size: tuple[float, float]) -> pydyf.Dictionary:
    return pydyf.Dictionary({"Type": "/Page", "Parent": pdf.pages.reference, "MediaBox": pydyf.Array([0, 0, *size])})


def _write_text(
    content: pydyf.Stream, lines: Sequence[Line], letters: InvisibleFont, scale: float, height: float
) -> None:
    content.begin_text()
    content.set_text_rendering(_INVISIBLE)
    for line, text in _shown(lines):
        left, top, right, bottom = (edge * scale for edge in line.box)
        wide, tall = right - left, bottom - top
        if tall > _TURNED * wide and len(text) > 1:  # from below to above, as beside an axis
            size, stretch = wide, tall / wide / letters.width(text)
            content.set_text_matrix(0, stretch, -1, 0, right + DESCENT * size, height - bottom)
        else:
            size, stretch = tall, wide / tall / letters.width(text)
            content.set_text_matrix(stretch, 0, 0, 1, left, height - bottom - DESCENT * size)
        content.set_font_size("Text", size)
        content.stream.append(f"{letters.encode(text)} Tj")
    content.end_text()


def _shown(lines: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    for line in lines:
        text = one_line(line.text)
        if text and line.box[2] > line.box[0] and line.box[3] > line.box[1]:
            yield line, text


def _add_bookmarks(pdf: pydyf.PDF, pages: Sequence[Page]) -> None:
    if not pages:
        return
    outline = pydyf.Dictionary({"Type": "/Outlines", "Count": len(pages)})
    pdf.add_object(outline)
    marks = [
        pydyf.Dictionary(
            {
                "Title": pydyf.String(heading(page.number, page.title)),
                "Parent": outline.reference,
                "Dest": pydyf.Array([reference, "/Fit"]),
            }
        )
        for page, reference in zip(pages, pdf.page_references, strict=True)
    ]
    for mark in marks:
        pdf.add_object(mark)
    for before, after in pairwise(marks):
        before["Next"], after["Prev"] = after.reference, before.reference
    outline["First"], outline["Last"] = marks[0].reference, marks[-1].reference
    pdf.catalog["Outlines"] = outline.reference
    pdf.catalog["PageMode"] = "/UseOutlines"
