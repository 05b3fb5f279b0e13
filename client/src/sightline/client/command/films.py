"""Commands about what films say and show: slides, text, speech, documents, pictures that stand for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from sightline.client.command.made import Films, Out, each
from sightline.client.command.output import AsJson, print_table
from sightline.client.command.sharing import Force
from sightline.client.command.wording import clock, counted

if TYPE_CHECKING:
    from sightline.v1.extract_pb2 import (
        ExtractKeyframesResult,
        ExtractSlidesResult,
        ExtractTextResult,
        ExtractTextVideoResult,
        MakeDocumentResult,
        PictureFormat,
        TranscribeResult,
    )

KeepBuilds = Annotated[bool, typer.Option("--builds", help="Keep every build of a slide, and not the last one only.")]
MinShown = Annotated[
    float | None, typer.Option(min=0, max=60, metavar="SECONDS", help="Shortest time that a slide is shown.")
]
Png = Annotated[bool, typer.Option("--png", help="Write pictures as PNG; WebP if not given.")]
Language = Annotated[str, typer.Option(metavar="TAG", help="The language spoken, such as en or de.")]
Model = Annotated[str, typer.Option(metavar="NAME", help="The engine; the server's default if not given.")]


def slides(
    context: typer.Context,
    films: Films,
    *,
    out: Out = None,
    text: Annotated[bool, typer.Option("--text", help="Read the slides too: title, keywords, kind, lines.")] = False,
    builds: KeepBuilds = False,
    min_shown: MinShown = None,
    png: Png = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Find the slides of lecture videos, each once, with its times.

    \b
    Examples:
      sightline slides lecture.mp4 --out slides/
      sightline slides lecture.mp4 --text --json | jq '.slides[].title'
    """
    each(
        context,
        films,
        lambda sightline, film, create: sightline.jobs.extract_slides(
            film,
            keep_builds=builds,
            min_shown=min_shown,
            text=text,
            image_format=_format(png),
            **create,
        ),
        _show_slides,
        out=out,
        force=force,
        as_json=as_json,
    )


def text(
    context: typer.Context,
    files: Films,
    *,
    min_score: Annotated[float | None, typer.Option(min=0, max=1, help="Least confidence of a line.")] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Read the text of pictures, or what videos show and when.

    \b
    Examples:
      sightline text sign.jpg
      sightline text lecture.mp4 --json | jq -r '.texts[].lines[].text'
    """
    each(
        context,
        files,
        lambda sightline, file, create: sightline.jobs.extract_text(file, min_score=min_score, **create),
        _show_text,
        out=None,
        force=force,
        as_json=as_json,
    )


def transcribe(
    context: typer.Context,
    files: Films,
    *,
    out: Out = None,
    language: Language = "",
    model: Model = "",
    words: Annotated[bool, typer.Option("--words", help="Give the times of the words too (in JSON).")] = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write down what is said in videos and recordings; the files are captions as WebVTT.

    \b
    Examples:
      sightline transcribe interview.mp3
      sightline transcribe lecture.mp4 --out captions/ --language en
    """
    each(
        context,
        files,
        lambda sightline, file, create: sightline.jobs.transcribe(
            file, language=language, model=model, words=words, **create
        ),
        _show_transcript,
        out=out,
        force=force,
        as_json=as_json,
    )


def document(
    context: typer.Context,
    films: Films,
    *,
    out: Out = None,
    builds: KeepBuilds = False,
    min_shown: MinShown = None,
    png: Png = False,
    no_transcript: Annotated[bool, typer.Option("--no-transcript", help="Leave out what is said.")] = False,
    language: Language = "",
    model: Model = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make documents of lecture videos: searchable PDF, notes, chapters, captions, JSON.

    \b
    Examples:
      sightline document lecture.mp4 --out lecture/
      sightline document week1.mp4 week2.mp4 --out course/ --no-transcript
    """
    each(
        context,
        films,
        lambda sightline, film, create: sightline.jobs.make_document(
            film,
            keep_builds=builds,
            min_shown=min_shown,
            image_format=_format(png),
            transcript=not no_transcript,
            language=language,
            model=model,
            **create,
        ),
        _show_document,
        out=out,
        force=force,
        as_json=as_json,
    )


def keyframes(
    context: typer.Context,
    films: Films,
    *,
    out: Out = None,
    count: Annotated[int, typer.Option(min=0, max=1000, help="Most pictures; 20 if not given.")] = 0,
    side: Annotated[int, typer.Option(min=0, max=4096, metavar="PX", help="Longest side of a picture.")] = 0,
    png: Png = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Find the pictures that stand for videos.

    \b
    Examples:
      sightline keyframes holiday.mp4 --count 8 --side 320 --out thumbnails/
    """
    each(
        context,
        films,
        lambda sightline, film, create: sightline.jobs.extract_keyframes(
            film, max_count=count, max_side_px=side, image_format=_format(png), **create
        ),
        _show_keyframes,
        out=out,
        force=force,
        as_json=as_json,
    )


def _show_slides(film: str, result: ExtractSlidesResult) -> None:
    typer.echo(f"{film}: {counted(len(result.slides), 'slide')} in {clock(result.duration)}")
    rows = [
        [str(one.number), clock(one.ranges[0].start), clock(one.ranges[-1].end), str(len(one.ranges)), one.title]
        for one in result.slides
    ]
    if rows:
        print_table([" #", " from", " to", " times", "title"], rows)


def _show_text(file: str, result: ExtractTextResult | ExtractTextVideoResult) -> None:
    lines = getattr(result, "lines", None)
    if lines is None:
        _show_shown(file, cast("ExtractTextVideoResult", result))
        return
    typer.echo(f"{file}: {counted(len(lines), 'line')}")
    for line in lines:
        typer.echo(line.text)


def _show_shown(film: str, result: ExtractTextVideoResult) -> None:
    typer.echo(f"{film}: {counted(len(result.texts), 'picture')} with text in {clock(result.duration)}")
    for shown in result.texts:
        typer.echo(f"{clock(shown.ranges[0].start)}  " + " / ".join(line.text for line in shown.lines))


def _show_transcript(file: str, result: TranscribeResult) -> None:
    typer.echo(f"{file}: {counted(len(result.segments), 'segment')} in {clock(result.duration)}, {result.model.name}")
    for segment in result.segments:
        typer.echo(f"{clock(segment.range.start)}  {segment.text}")


def _show_document(film: str, result: MakeDocumentResult) -> None:
    _show_slides(film, result.slides)
    for file in (result.pdf, result.notes, result.chapters, result.captions, result.data):
        if file.media:
            typer.echo(f"{file.file_name:<16}  {file.size_bytes:>10} bytes  {file.media}")
    if result.HasField("transcript_error"):
        typer.echo(f"There is no transcript: {result.transcript_error.message}")


def _show_keyframes(film: str, result: ExtractKeyframesResult) -> None:
    typer.echo(f"{film}: {counted(len(result.keyframes), 'picture')} in {clock(result.duration)}")
    rows = [[clock(one.time), one.image.file_name, one.image.media] for one in result.keyframes]
    if rows:
        print_table([" at", "file", "media"], rows)


def _format(png: bool) -> PictureFormat.ValueType:
    from sightline.v1.extract_pb2 import (  # noqa: PLC0415 - takes longer to load than --help may
        PICTURE_FORMAT_PNG,
        PICTURE_FORMAT_UNSPECIFIED,
    )

    return PICTURE_FORMAT_PNG if png else PICTURE_FORMAT_UNSPECIFIED
