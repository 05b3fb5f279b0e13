"""Text in pictures: reading it, and telling from it what slides are about.

reader = open_reader(store, TextSettings())            # TextReader; opened once, serves many threads
lines = reader.read(pixels)                            # list[Line], in reading order
page = look_at(pixels, lines)                          # Page: small, without pixels
runs = merge(pages)                                    # list[Run]: slides in a row that are one, by their text
descriptions = describe(pages)                         # list[Description]: kind, title, keywords, one for each page
"""

from sightline.extract.text.describing import describe
from sightline.extract.text.drawing import look_at
from sightline.extract.text.line import Box, Line
from sightline.extract.text.merging import merge
from sightline.extract.text.paddle import PaddleReader, open_reader
from sightline.extract.text.page import Description, Drawing, Kind, Page, Run
from sightline.extract.text.reading import TextReader
from sightline.extract.text.settings import TextSettings

__all__ = [
    "Box",
    "Description",
    "Drawing",
    "Kind",
    "Line",
    "PaddleReader",
    "Page",
    "Run",
    "TextReader",
    "TextSettings",
    "describe",
    "look_at",
    "merge",
    "open_reader",
]
