"""Documents of a lecture: plain dataclasses in, a file or text out; the same input gives the same bytes.

    lecture = Lecture(title, seconds, pages, speech)
    write_pdf(lecture, path)                               # streams: one picture in memory at a time
    chapters_vtt(lecture)                                  # str: the slides as WebVTT chapters
    captions_vtt(lecture.speech)                           # str: what is said as WebVTT captions
    notes_markdown(lecture)                                # str: each slide with its text and what was said to it
    data_json(lecture)                                     # str: everything, by the schema in schema.json

Text is written to files as UTF-8.
"""

from sightline.extract.document.captions import captions_vtt, chapters_vtt
from sightline.extract.document.data import data_json
from sightline.extract.document.notes import notes_markdown
from sightline.extract.document.page import Lecture, Page, Picture, Range, Speech
from sightline.extract.document.pdf import write_pdf

__all__ = [
    "Lecture",
    "Page",
    "Picture",
    "Range",
    "Speech",
    "captions_vtt",
    "chapters_vtt",
    "data_json",
    "notes_markdown",
    "write_pdf",
]
