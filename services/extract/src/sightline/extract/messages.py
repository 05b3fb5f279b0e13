"""Findings as messages: seconds become durations, pixels become fractions of the picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from sightline.common.media import MediaInfo
from sightline.extract.pictures import PictureType
from sightline.extract.probing import MediaFacts, StreamFacts
from sightline.extract.slides import Slide, SlideOptions
from sightline.extract.text import Box, Description, Kind, Line, Page, Run
from sightline.v1 import extract_pb2
from sightline.v1.extract_service_pb2 import ProbeMediaResponse
from sightline.v1.geometry_pb2 import ImageSize, NormalizedBox
from sightline.v1.job_pb2 import JobResult
from sightline.v1.output_pb2 import OutputFile
from sightline.v1.time_pb2 import TimeRange

_DEFAULT_MIN_SHOWN_SECONDS = 1.0
_PICTURES = {
    extract_pb2.PICTURE_FORMAT_UNSPECIFIED: PictureType.WEBP,
    extract_pb2.PICTURE_FORMAT_WEBP: PictureType.WEBP,
    extract_pb2.PICTURE_FORMAT_PNG: PictureType.PNG,
}
_KINDS = {
    Kind.TITLE: extract_pb2.Slide.KIND_TITLE,
    Kind.TEXT: extract_pb2.Slide.KIND_TEXT,
    Kind.FIGURE: extract_pb2.Slide.KIND_FIGURE,
    Kind.TABLE: extract_pb2.Slide.KIND_TABLE,
    Kind.CODE: extract_pb2.Slide.KIND_CODE,
}
_STREAMS = {
    "video": extract_pb2.MediaStream.KIND_VIDEO,
    "audio": extract_pb2.MediaStream.KIND_AUDIO,
    "subtitle": extract_pb2.MediaStream.KIND_SUBTITLE,
}
# What a repeated message takes beside its own bytes.
_FRAMING_BYTES = 8
_R = TypeVar("_R", bound=Message)


def slide_options(message: extract_pb2.ExtractSlidesOptions) -> SlideOptions:
    """Read how slides are found."""
    shown = seconds(message.min_shown) if message.HasField("min_shown") else _DEFAULT_MIN_SHOWN_SECONDS
    return SlideOptions(keep_builds=message.keep_builds, min_shown_seconds=shown)


def picture_type(message: extract_pb2.PictureFormat.ValueType) -> PictureType:
    """Read how pictures are written."""
    return _PICTURES[message]


def slide_message(slide: Slide, image: OutputFile, size_px: tuple[int, int]) -> extract_pb2.Slide:
    """Say what one slide is, all but its text."""
    left, top, right, bottom = slide.region
    return extract_pb2.Slide(
        number=slide.number,
        ranges=[time_range(start, end) for start, end in slide.ranges],
        image=image,
        image_size=image_size(size_px),
        region=NormalizedBox(left=left, top=top, right=right, bottom=bottom),
        build_of=slide.build_of,
    )


def merged_slides(slides: Sequence[extract_pb2.Slide], runs: Sequence[Run]) -> list[extract_pb2.Slide]:
    """Make one slide of each run: the one that says most, with the times of all, numbered anew."""
    merged = []
    for number, run in enumerate(runs, 1):
        slide = extract_pb2.Slide()
        slide.CopyFrom(slides[run.kept])
        slide.number = number
        ranges = [span for one in slides[run.first : run.last + 1] for span in one.ranges]
        del slide.ranges[:]
        slide.ranges.extend(_in_order(ranges))
        merged.append(slide)
    return merged


def add_text(slide: extract_pb2.Slide, page: Page, about: Description) -> None:
    """Say of a slide what it says and is about."""
    slide.kind, slide.title = _KINDS[about.kind], about.title
    slide.keywords.extend(about.keywords)
    slide.lines.extend(text_line(line, (page.width_px, page.height_px)) for line in page.lines)


def shown_text(ranges: Iterable[tuple[float, float]], page: Page) -> extract_pb2.ShownText:
    """Say when a page was shown, and what it says."""
    size_px = (page.width_px, page.height_px)
    spans = [time_range(start, end) for start, end in ranges]
    return extract_pb2.ShownText(ranges=_in_order(spans), lines=[text_line(line, size_px) for line in page.lines])


def _in_order(ranges: Iterable[TimeRange]) -> list[TimeRange]:
    """Put times in order, and make one of those that follow each other at once."""
    ordered: list[tuple[float, float]] = []
    for start, end in sorted((seconds(one.start), seconds(one.end)) for one in ranges):
        if ordered and start <= ordered[-1][1]:
            ordered[-1] = (ordered[-1][0], max(end, ordered[-1][1]))
        else:
            ordered.append((start, end))
    return [time_range(start, end) for start, end in ordered]


def text_line(line: Line, size_px: tuple[int, int]) -> extract_pb2.TextLine:
    """Say what a line of a picture of this width and height says."""
    return extract_pb2.TextLine(box=normalized(line.box, size_px), text=line.text, score=line.score)


def normalized(box: Box, size_px: tuple[int, int]) -> NormalizedBox:
    """Give a box in pixels as shares of width and height; what sticks out of the picture is cut off."""
    width, height = size_px
    left, right = (min(max(it / width, 0.0), 1.0) for it in (box[0], box[2]))
    top, bottom = (min(max(it / height, 0.0), 1.0) for it in (box[1], box[3]))
    return NormalizedBox(left=left, top=top, right=right, bottom=bottom)


def media_facts(facts: MediaFacts) -> ProbeMediaResponse:
    """Say what a film or recording holds."""
    return ProbeMediaResponse(
        duration=duration(facts.duration_seconds), streams=map(_stream, facts.streams), container=facts.container
    )


def picture_facts(info: MediaInfo) -> ProbeMediaResponse:
    """Say what a picture is."""
    size = image_size((info.width_px, info.height_px))
    kind = extract_pb2.MediaStream.KIND_VIDEO
    codec = info.format.value.removeprefix("image/")
    stream = extract_pb2.MediaStream(kind=kind, codec=codec, image_size=size)
    return ProbeMediaResponse(streams=[stream], container=info.format.value)


def _stream(facts: StreamFacts) -> extract_pb2.MediaStream:
    return extract_pb2.MediaStream(
        kind=_STREAMS.get(facts.kind, extract_pb2.MediaStream.KIND_UNSPECIFIED),
        codec=facts.codec,
        image_size=image_size(facts.size_px) if facts.size_px else None,
        frame_rate_hz=facts.frame_rate_hz,
        sample_rate_hz=facts.sample_rate_hz,
        channels=facts.channels,
        language_code=facts.language,
    )


def image_size(size_px: tuple[int, int]) -> ImageSize:
    """Give a width and height."""
    return ImageSize(width_px=size_px[0], height_px=size_px[1])


def time_range(start_seconds: float, end_seconds: float) -> TimeRange:
    """Give a stretch of time."""
    return TimeRange(start=duration(start_seconds), end=duration(end_seconds))


def duration(of_seconds: float) -> Duration:
    """Give a time; whole microseconds, since what is less is noise of the arithmetic."""
    whole, micros = divmod(round(of_seconds * 1e6), 1_000_000)
    return Duration(seconds=whole, nanos=micros * 1000)


def seconds(message: Duration) -> float:
    """Read a time."""
    return message.seconds + message.nanos / 1e9


def slides_results(whole: extract_pb2.ExtractSlidesResult, most_bytes: int) -> list[bytes]:
    """Give slides as the results of a job, each of about this size; merged in their order they are the whole."""
    slides = list(whole.slides)
    whole.ClearField("slides")
    parts = [extract_pb2.ExtractSlidesResult(slides=run) for run in runs(slides, most_bytes) or [[]]]
    whole.part_count = len(parts)
    parts[0].MergeFrom(whole)
    return [JobResult(extract_slides=part).SerializeToString() for part in parts]


def runs(messages: Iterable[_R], most_bytes: int) -> list[list[_R]]:
    """Divide messages into runs of about this size; none where there are none."""
    done: list[list[_R]] = []
    used = most_bytes
    for message in messages:
        needed = message.ByteSize() + _FRAMING_BYTES
        if used + needed > most_bytes:
            done.append([])
            used = 0
        done[-1].append(message)
        used += needed
    return done
