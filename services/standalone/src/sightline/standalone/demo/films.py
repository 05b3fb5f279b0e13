"""What a lecture says and shows: one job of each kind about it, all at once, and their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sightline.client import Sightline
from sightline.client.sound import SoundPiece
from sightline.standalone.demo.lecture import PAGES, make_lecture, samples
from sightline.standalone.program import StandaloneError
from sightline.v1.job_pb2 import Job


@dataclass(frozen=True, slots=True)
class Errand:
    """One job about the lecture: what it is called, and how what it found is told in a few words."""

    name: str
    job: Job
    told: Callable[[Any], str]


def show_lecture(console: Console, sightline: Sightline, models: Path, out: Path) -> None:
    """Make a lecture, find out all about it, and write what was made into the folder.

    Raises:
        StandaloneError: what was found is not what is in the film.
    """
    folder = out / "lecture"
    folder.mkdir(parents=True, exist_ok=True)
    sentences = samples(models)
    film = make_lecture(folder / "lecture.mp4", sentences)
    table = Table(title="A lecture, each kind of work as a durable job", box=box.SIMPLE_HEAD, title_justify="left")
    for heading in ("work", "found", "worked", "files"):
        table.add_column(heading, justify="right" if heading in ("worked", "files") else "left")
    for errand in _errands(sightline, film, sentences):
        job = sightline.jobs.wait(errand.job)
        (result,) = sightline.jobs.results(job)
        files = sightline.jobs.download_files(job, folder / errand.name)
        told = errand.told(getattr(result, result.WhichOneof("result") or ""))
        seconds = job.run_duration.ToTimedelta().total_seconds()
        table.add_row(errand.name, told, f"{seconds:.1f} s", str(len(files)))
    console.print(table)


def _errands(sightline: Sightline, film: Path, sentences: Sequence[Path]) -> list[Errand]:
    """Ask for one job of each kind at once."""
    jobs, media = sightline.jobs, sightline.media.upload(film)
    pieces = [SoundPiece(path, 2.5 * place, fade_in=0.2, fade_out=0.5) for place, path in enumerate(sentences)]
    # Anew each time: the times that are shown are those of the work, and not of remembering it.
    return [
        Errand("document", jobs.make_document(media, force=True), _document),
        Errand("slides", jobs.extract_slides(media, force=True), lambda it: f"{len(it.slides)} slides"),
        Errand("text", jobs.extract_text(media, force=True), lambda it: f"{len(it.texts)} pictures with text"),
        Errand("transcript", jobs.transcribe(media, force=True), lambda it: f"{len(it.segments)} sentences"),
        Errand("keyframes", jobs.extract_keyframes(media, force=True), lambda it: f"{len(it.keyframes)} pictures"),
        Errand("sound", jobs.extract_audio(media, force=True), lambda it: f"{it.sample_rate_hz} samples a second"),
        Errand("mix", jobs.mix_audio(pieces, loudness=-18.0, force=True), lambda it: f"{it.loudness_lufs:.1f} LUFS"),
    ]


def _document(found: Any) -> str:
    titles = [slide.title for slide in found.slides.slides]
    if titles != [page.title for page in PAGES]:
        raise StandaloneError(f"the slides of the lecture were found to be {titles}")
    if found.HasField("transcript_error"):
        raise StandaloneError(f"what is said in the lecture was not written down: {found.transcript_error.message}")
    spoken = sum(len(slide.segments) for slide in found.speech)
    return f"{len(titles)} slides, {spoken} sentences, a PDF of {found.pdf.size_bytes // 1024} KB"
