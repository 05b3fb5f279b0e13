"""Documents and messages: what was found becomes what is written, and the files that were written become a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sightline.common.media.saying import seconds
from sightline.extract.document import Lecture, Page, Picture, Range, Speech
from sightline.extract.speech import Segment, Shown, Transcript
from sightline.extract.text import Line
from sightline.v1.extract_pb2 import ExtractSlidesResult, MakeDocumentResult, Slide, TextLine
from sightline.v1.output_pb2 import OutputFile


def shown(slides: ExtractSlidesResult) -> list[Shown]:
    """Say what was shown when, in order of time."""
    times = [
        Shown(seconds(span.start), seconds(span.end), slide.number) for slide in slides.slides for span in slide.ranges
    ]
    return sorted(times, key=lambda time: time.start)


def lecture(
    title: str,
    slides: ExtractSlidesResult,
    transcript: Transcript | None,
    said: Mapping[int, Sequence[Segment]],
    folder: Path,
) -> Lecture:
    """Say what documents are made of.

    Args:
        title: of the lecture.
        slides: with their text.
        transcript: None where there is none.
        said: what is said to each slide, by its number.
        folder: where the pictures are, by their names.
    """
    return Lecture(
        title=title,
        seconds=seconds(slides.duration),
        pages=tuple(_page(slide, said.get(slide.number, ()), folder) for slide in slides.slides),
        speech=_speech(transcript.segments) if transcript else None,
        language=transcript.language if transcript else "",
    )


def add_files(result: MakeDocumentResult, files: Mapping[str, OutputFile]) -> None:
    """Name the files that were written, by what they are called."""
    fields = {
        "lecture.pdf": result.pdf,
        "notes.md": result.notes,
        "chapters.vtt": result.chapters,
        "captions.vtt": result.captions,
        "lecture.json": result.data,
    }
    for name, file in files.items():
        fields[name].CopyFrom(file)


def _page(slide: Slide, said: Sequence[Segment], folder: Path) -> Page:
    width, height = slide.image_size.width_px, slide.image_size.height_px
    kind = Slide.Kind.Name(slide.kind).removeprefix("KIND_").lower() if slide.kind else ""
    return Page(
        number=slide.number,
        title=slide.title,
        ranges=tuple(Range(seconds(span.start), seconds(span.end)) for span in slide.ranges),
        picture=Picture.of_file(folder / slide.image.file_name, slide.image.content_type, width, height),
        lines=tuple(_line(line, (width, height)) for line in slide.lines),
        speech=_speech(said),
        kind=kind,
        keywords=tuple(slide.keywords),
    )


def _line(line: TextLine, size_px: tuple[int, int]) -> Line:
    width, height = size_px
    box = (line.box.left * width, line.box.top * height, line.box.right * width, line.box.bottom * height)
    return Line(box, line.text, line.score)


def _speech(segments: Sequence[Segment]) -> tuple[Speech, ...]:
    return tuple(Speech(segment.start, segment.end, segment.text) for segment in segments)
