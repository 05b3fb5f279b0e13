"""Commands about sound: taken out of videos, and mixed from pieces."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.client.command.made import Films, Out, each
from sightline.client.command.output import AsJson
from sightline.client.command.sharing import Force
from sightline.client.command.wording import seconds

if TYPE_CHECKING:
    from sightline.client.sound import SoundPiece
    from sightline.v1.extract_pb2 import AudioFormat, ExtractAudioResult, MixAudioResult

_NAMES = {"gain": "gain_db", "skip": "skip", "length": "length", "fade-in": "fade_in", "fade-out": "fade_out"}


class Format(StrEnum):
    """How sound is written."""

    WAV = "wav"
    FLAC = "flac"
    OPUS = "opus"


Rate = Annotated[int, typer.Option(min=0, max=192_000, metavar="HZ", help="Samples a second.")]
Channels = Annotated[int, typer.Option(min=0, max=2, help="1 or 2.")]
As = Annotated[Format, typer.Option("--format", help="How the sound is written.")]


def audio(
    context: typer.Context,
    files: Films,
    *,
    out: Out = None,
    start: Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="Where to begin.")] = None,
    end: Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="Where to end.")] = None,
    rate: Rate = 0,
    channels: Channels = 0,
    format_: As = Format.WAV,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write the sound of videos and recordings to files.

    \b
    Examples:
      sightline audio lecture.mp4 --out sound/
      sightline audio talk.mkv --start 60 --end 90 --format flac --out sound/
    """
    each(
        context,
        files,
        lambda sightline, file, create: sightline.jobs.extract_audio(
            file,
            start=start,
            end=end,
            sample_rate=rate,
            channels=channels,
            format=_written(format_),
            **create,
        ),
        _show,
        out=out,
        force=force,
        as_json=as_json,
    )


def mix(
    context: typer.Context,
    pieces: Annotated[
        list[str], typer.Argument(metavar="PIECE...", help="FILE@SECONDS[,gain=DB][,skip=S][,length=S][,fade-in=S]...")
    ],
    *,
    out: Out = None,
    rate: Rate = 0,
    channels: Channels = 0,
    loudness: Annotated[
        float | None, typer.Option(min=-70, max=-5, metavar="LUFS", help="How loud it is made.")
    ] = None,
    format_: As = Format.WAV,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Mix pieces of sound on one time line.

    \b
    Examples:
      sightline mix music.flac@0,gain=-12,fade-out=3 voice.wav@1.5 --out mix/
      sightline mix a.wav@0 a.wav@2 b.wav@4.25,skip=10,length=2 --loudness -16 --out mix/
    """
    each(
        context,
        [" ".join(pieces)],
        lambda sightline, _, create: sightline.jobs.mix_audio(
            [_piece(text) for text in pieces],
            sample_rate=rate,
            channels=channels,
            loudness=loudness,
            format=_written(format_),
            **create,
        ),
        _show_mix,
        out=out,
        force=force,
        as_json=as_json,
    )


def _piece(text: str) -> SoundPiece:
    """Read a piece.

    Raises:
        ValueError: it is none.
    """
    from sightline.client.sound import SoundPiece  # noqa: PLC0415 - takes longer to load than --help may

    source, _, place = text.rpartition("@")
    start, *rest = place.split(",")
    try:
        more = {_NAMES[name]: float(value) for name, _, value in (one.partition("=") for one in rest)}
        if not source:
            raise ValueError(text)
        return SoundPiece(source, float(start), **more)
    except (KeyError, ValueError):
        raise ValueError(f"{text} is no piece: FILE@SECONDS, then any of {', '.join(_NAMES)} as name=number") from None


def _show(file: str, result: ExtractAudioResult) -> None:
    typer.echo(f"{file}: {_facts(result)}, {result.audio.media}")


def _show_mix(_pieces: str, result: MixAudioResult) -> None:
    loudness = f"{result.loudness_lufs:.1f} LUFS, peak {result.peak_dbfs:.1f} dBFS"
    typer.echo(f"mix: {_facts(result)}, {loudness}, {result.audio.media}")


def _facts(result: ExtractAudioResult | MixAudioResult) -> str:
    return f"{seconds(result.duration):.2f} s, {result.sample_rate_hz} Hz, {result.channels} ch"


def _written(format_: Format) -> AudioFormat.ValueType:
    from sightline.v1 import extract_pb2  # noqa: PLC0415 - takes longer to load than --help may

    return extract_pb2.AudioFormat.Value(f"AUDIO_FORMAT_{format_.name}")
