"""A font without shapes: text that can be found, selected and copied, but is not seen."""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache

import pydyf
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph

_UNITS = 1000
ASCENT, DESCENT = 0.8, -0.2
# About how wide letters are in the fonts of slides, in shares of their size; only where in a line a word lies
# depends on it. Source: the metrics of Helvetica, rounded.
_WIDTHS = {
    **dict.fromkeys("iljI.,:;'|!` ", 270),
    **dict.fromkeys('ftr()[]{}/\\-"', 320),
    **dict.fromkeys("mMwW@%", 840),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ&", 690),
}
_WIDE, _USUAL = 1000, 540
_SHAPES = sorted({0, _WIDE, _USUAL, *_WIDTHS.values()})


class InvisibleFont:
    """Numbers the characters of a document as they come, and describes them to the reader at the end."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def encode(self, text: str) -> str:
        """Give text as a hexadecimal string of PDF."""
        numbers = (self._numbers.setdefault(letter, len(self._numbers) + 1) for letter in text)
        return "<" + "".join(f"{number:04X}" for number in numbers) + ">"

    def width(self, text: str) -> float:
        """Give the width of text at size 1; more than 0, since lines are fitted by it, though it is accents alone."""
        return (sum(_width(letter) for letter in text) or _USUAL) / _UNITS

    def add_to(self, pdf: pydyf.PDF, font: pydyf.Dictionary) -> None:
        """Fill in the font's dictionary, and add what it refers to, once all text is encoded."""
        file = pydyf.Stream([_file()], {"Length1": len(_file())}, compress=True)
        pdf.add_object(file)
        # For every number the shape that is as wide; number 0 is no character.
        shape_of = [0, *(1 + _SHAPES.index(_width(letter)) for letter in self._numbers)]
        shapes = pydyf.Stream([b"".join(shape.to_bytes(2, "big") for shape in shape_of)], compress=True)
        pdf.add_object(shapes)
        unicode = pydyf.Stream([self._to_unicode()], compress=True)
        pdf.add_object(unicode)
        descriptor = pydyf.Dictionary(
            {
                "Type": "/FontDescriptor",
                "FontName": "/Invisible",
                "Flags": 5,  # fixed in pitch, with symbols of its own
                "FontBBox": pydyf.Array([0, round(DESCENT * _UNITS), _UNITS, round(ASCENT * _UNITS)]),
                "ItalicAngle": 0,
                "Ascent": round(ASCENT * _UNITS),
                "Descent": round(DESCENT * _UNITS),
                "CapHeight": 700,
                "StemV": 80,
                "FontFile2": file.reference,
            }
        )
        pdf.add_object(descriptor)
        letters = pydyf.Dictionary(
            {
                "Type": "/Font",
                "Subtype": "/CIDFontType2",
                "BaseFont": "/Invisible",
                "CIDSystemInfo": pydyf.Dictionary(
                    {"Registry": pydyf.String("Adobe"), "Ordering": pydyf.String("Identity"), "Supplement": 0}
                ),
                "FontDescriptor": descriptor.reference,
                "DW": _USUAL,
                "W": pydyf.Array([1, pydyf.Array(map(_width, self._numbers))]),
                "CIDToGIDMap": shapes.reference,
            }
        )
        pdf.add_object(letters)
        font.update(
            {
                "Type": "/Font",
                "Subtype": "/Type0",
                "BaseFont": "/Invisible",
                "Encoding": "/Identity-H",
                "DescendantFonts": pydyf.Array([letters.reference]),
                "ToUnicode": unicode.reference,
            }
        )

    def _to_unicode(self) -> bytes:
        """Say which character each number is. Source: ISO 32000-1, 9.10.3, and Adobe Technical Note 5411."""
        lines = [f"<{number:04X}> <{letter.encode('utf-16-be').hex()}>" for letter, number in self._numbers.items()]
        blocks = [lines[first : first + 100] for first in range(0, len(lines), 100)]
        body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
        return (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
            "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
            f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
        ).encode("ascii")


def _width(letter: str) -> int:
    if letter in _WIDTHS:
        return _WIDTHS[letter]
    if unicodedata.combining(letter):
        return 0
    return _WIDE if unicodedata.east_asian_width(letter) in "WF" else _USUAL


def _shape(width: int) -> Glyph:
    """Make a shape without area that reaches from corner to corner, so that what is selected has a size."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, round(DESCENT * _UNITS)))
    pen.lineTo((width, round(ASCENT * _UNITS)))
    pen.closePath()
    return pen.glyph()


@lru_cache(maxsize=1)
def _file() -> bytes:
    """Make the font's file: a shape for each width, none of which can be seen; the same bytes every time."""
    names = [f"width{width}" for width in _SHAPES]
    font = FontBuilder(_UNITS)
    font.setupGlyphOrder([".notdef", *names])
    font.setupCharacterMap({})
    font.setupGlyf({".notdef": Glyph(), **dict(zip(names, map(_shape, _SHAPES), strict=True))})
    widths = dict(zip([".notdef", *names], [_USUAL, *_SHAPES], strict=True))
    font.setupHorizontalMetrics({name: (width, 0) for name, width in widths.items()})
    font.setupHorizontalHeader(ascent=round(ASCENT * _UNITS), descent=round(DESCENT * _UNITS))
    font.setupOS2()
    font.setupPost()
    font.setupNameTable({"familyName": "Invisible", "styleName": "Regular", "psName": "Invisible"})
    font.updateHead(created=0, modified=0)
    font.font.recalcTimestamp = False
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()
