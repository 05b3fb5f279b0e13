"""The last stage of a document: slides, their text and what was said to them become files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from google.rpc.status_pb2 import Status

from sightline.common.errors import NotFound
from sightline.common.media.outputs import Outputs
from sightline.common.media.sources import media_id
from sightline.common.state.graphs import Output
from sightline.common.state.media import MediaFiles
from sightline.common.worker import Handler, Outcome, Task
from sightline.extract import document_messages as messages
from sightline.extract.document import Lecture, captions_vtt, chapters_vtt, data_json, notes_markdown, write_pdf
from sightline.extract.packing import unpack
from sightline.extract.speech import Segment, Transcript, align
from sightline.extract.speech_messages import slide_speech
from sightline.extract.stages.planning import DOCUMENT, TRANSCRIPT
from sightline.extract.stages.texts import Texts
from sightline.v1.extract_pb2 import ExtractSlidesResult, MakeDocumentResult
from sightline.v1.job_pb2 import JobResult, JobSpec
from sightline.v1.output_pb2 import OutputFile

_TYPES = {
    "lecture.pdf": "application/pdf",
    "notes.md": "text/markdown",
    "chapters.vtt": "text/vtt",
    "captions.vtt": "text/vtt",
    "lecture.json": "application/json",
}


class Documents:
    """The stage that writes documents."""

    def __init__(self, texts: Texts, outputs: Outputs, files: MediaFiles) -> None:
        """Take what the stage needs.

        Args:
            texts: puts pictures and text together.
            outputs: gives the pictures, and keeps what is made.
            files: knows what the film is called.
        """
        self._texts = texts
        self._outputs = outputs
        self._files = files

    def handlers(self) -> Mapping[tuple[str, str], Handler]:
        """Give the handlers by kind and stage."""
        return {("make_document", DOCUMENT): self.document}

    async def document(self, task: Task) -> Outcome:
        """Write the documents; one result."""
        slides = await self._texts.described(task)
        task.advance(0.2)
        transcript, error = transcript_left(await task.needed())
        said = align(transcript.segments, messages.shown(slides)) if transcript else {}
        result = MakeDocumentResult(slides=slides, transcript_error=error)
        if transcript:
            # Sentences are divided by their words, which therefore are there whether they were asked for or not.
            words = JobSpec.FromString(task.claim.spec).make_document.transcribe.include_words
            result.speech.extend(slide_speech(one.number, said[one.number], words=words) for one in slides.slides)
        with TemporaryDirectory(prefix="sightline-") as folder:
            lecture = await self._lecture(task, slides, transcript, said, Path(folder))
            task.advance(0.5)
            await asyncio.to_thread(_write, lecture, Path(folder))
            task.advance(0.9)
            kept = {name: await self._kept(task, Path(folder) / name) for name in _written(lecture)}
        messages.add_files(result, kept)
        return Outcome(results=[JobResult(make_document=result).SerializeToString()])

    async def _lecture(
        self,
        task: Task,
        slides: ExtractSlidesResult,
        transcript: Transcript | None,
        said: Mapping[int, Sequence[Segment]],
        folder: Path,
    ) -> Lecture:
        """Put everything together; the pictures become files in the folder."""
        for slide in slides.slides:
            picture = await self._outputs.read(task.claim, slide.image)
            await asyncio.to_thread((folder / slide.image.file_name).write_bytes, picture)
        title = await self._title(task)
        return messages.lecture(title, slides, transcript, said, folder)

    async def _title(self, task: Task) -> str:
        """Call the lecture what its film is called; nothing where the film is gone."""
        name = JobSpec.FromString(task.claim.spec).media
        try:
            return Path((await self._files.get(task.claim.tenant, media_id(name))).display_name).stem
        except NotFound:
            return ""

    async def _kept(self, task: Task, path: Path) -> OutputFile:
        return await self._outputs.keep(task.claim, path.name, _TYPES[path.name], path)


def transcript_left(left: Sequence[Output]) -> tuple[Transcript | None, Status | None]:
    """Give what the stage of the transcript left, or why it was given up; neither where there was none."""
    for one in left:
        if one.stage == TRANSCRIPT:
            if one.output is not None:
                return unpack(Transcript, one.output), None
            return None, Status.FromString(one.error or b"")
    return None, None


def _written(lecture: Lecture) -> list[str]:
    return [name for name in _TYPES if name != "captions.vtt" or lecture.speech is not None]


def _write(lecture: Lecture, folder: Path) -> None:
    """Write every document into the folder."""
    write_pdf(lecture, folder / "lecture.pdf")
    texts = {
        "notes.md": notes_markdown(lecture),
        "chapters.vtt": chapters_vtt(lecture),
        "lecture.json": data_json(lecture),
    }
    if lecture.speech is not None:
        texts["captions.vtt"] = captions_vtt(lecture.speech)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
