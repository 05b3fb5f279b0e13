"""Findings as messages: seconds become durations, pixels become fractions of the picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sightline.common.media import MediaInfo
from sightline.common.media.saying import duration, filled, image_size, normalized, seconds, time_range
from sightline.extract.pictures import PictureType
from sightline.extract.probing import MediaFacts, StreamFacts
from sightline.extract.slides import Slide, SlideOptions
from sightline.extract.text import Box, Description, Kind, Line, Page, Run
from sightline.v1 import extract_pb2
from sightline.v1.extract_service_pb2 import ProbeMediaResponse
from sightline.v1.geometry_pb2 import NormalizedBox
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
    return extract_pb2.TextLine(box=normalized(within(line.box, size_px), size_px), text=line.text, score=line.score)


def within(box: Box, size_px: tuple[int, int]) -> Box:
    """Cut off what of a box sticks out of a picture of this width and height."""
    width, height = size_px
    left, right = (min(max(it, 0.0), width) for it in (box[0], box[2]))
    top, bottom = (min(max(it, 0.0), height) for it in (box[1], box[3]))
    return left, top, right, bottom


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


def slides_results(whole: extract_pb2.ExtractSlidesResult, most_bytes: int) -> list[bytes]:
    """Give slides as the results of a job, each of about this size; merged in their order they are the whole."""
    slides = list(whole.slides)
    whole.ClearField("slides")
    parts = filled(whole, (("slides", slide) for slide in slides), most_bytes)
    whole.part_count = len(parts)
    return [JobResult(extract_slides=part).SerializeToString() for part in parts]
