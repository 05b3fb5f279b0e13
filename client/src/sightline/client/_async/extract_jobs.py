"""Durable work about what films say and show: the part of the jobs that is theirs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Unpack

from sightline.client.content import FileLike
from sightline.client.creating import Create, told
from sightline.client.sound import SoundPiece, duration
from sightline.v1 import extract_pb2
from sightline.v1.extract_pb2 import AudioFormat, PictureFormat
from sightline.v1.job_pb2 import Job, JobSpec
from sightline.v1.media_pb2 import Media

Source = FileLike | Media


class AsyncExtractJobs(ABC):
    """Create jobs that find slides, read, listen, and make documents and sound of films.

    A source is the path of a file, its bytes, a file that was opened to read bytes, media or its name. The files that
    a job makes are fetched by `download_files`. `create` is what every job can be told (`Create`), such as `wait=True`.
    """

    @abstractmethod
    async def _submit(self, source: Source, spec: JobSpec, wait: bool, timeout: float | None, **create: Any) -> Job:
        """Upload the source if need be, create the job, and wait for it if that is wanted."""

    @abstractmethod
    async def _made(self, spec: JobSpec, wait: bool, timeout: float | None, **create: Any) -> Job:
        """Create the job, and wait for it if that is wanted."""

    @abstractmethod
    async def _uploaded(self, source: Source, timeout: float | None) -> str:
        """Upload the source if need be, and give its name."""

    async def extract_slides(
        self,
        source: Source,
        *,
        keep_builds: bool = False,
        min_shown: float | None = None,
        text: bool = False,
        image_format: PictureFormat.ValueType = extract_pb2.PICTURE_FORMAT_UNSPECIFIED,
        **create: Unpack[Create],
    ) -> Job:
        """Create a job that finds the slides of a lecture, each once, with its times and its picture.

        The result is `extract_slides`, in one or more results that are to be merged in their order (`MergeFrom`).

        Args:
            source: a video.
            keep_builds: whether every build of an incremental slide is kept, and not the last one only.
            min_shown: shortest time that a slide is shown, in seconds; None leaves it to the service.
            text: whether the slides are read too, which gives them a title, keywords and a kind.
            image_format: how the pictures are written; WebP if unspecified.
            create: how the job is created.

        Raises:
            JobNotSucceeded: it was waited for, and failed or was cancelled.
            SightlineError: nothing was stored.
        """
        options = _slides(keep_builds, min_shown, text, image_format)
        return await self._submit(source, JobSpec(extract_slides=options), **told(create))

    async def extract_text(self, source: Source, *, min_score: float | None = None, **create: Unpack[Create]) -> Job:
        """Create a job that reads a picture (`extract_text`), or what a video shows and when (`extract_text_video`).

        Args:
            source: a picture or a video.
            min_score: least confidence of a line that is returned, 0 to 1; None leaves it to the service.
            create: how the job is created.

        Raises:
            JobNotSucceeded: it was waited for, and failed or was cancelled.
            SightlineError: nothing was stored.
        """
        options = extract_pb2.ExtractTextOptions(min_score=min_score)
        return await self._submit(source, JobSpec(extract_text=options), **told(create))

    async def transcribe(
        self, source: Source, *, language: str = "", model: str = "", words: bool = False, **create: Unpack[Create]
    ) -> Job:
        """Create a job that writes down what is said.

        The result is `transcribe`, in one or more results that are to be merged in their order (`MergeFrom`).

        Args:
            source: a video or a recording.
            language: that is spoken, as a BCP 47 tag; English if empty.
            model: the name of the engine or model; the server's default if empty.
            words: whether the times of the words are returned too.
            create: how the job is created.

        Raises:
            JobNotSucceeded: it was waited for, and failed or was cancelled.
            SightlineError: nothing was stored.
        """
        return await self._submit(source, JobSpec(transcribe=_transcript(language, model, words)), **told(create))

    async def make_document(
        self,
        source: Source,
        *,
        keep_builds: bool = False,
        min_shown: float | None = None,
        image_format: PictureFormat.ValueType = extract_pb2.PICTURE_FORMAT_UNSPECIFIED,
        transcript: bool = True,
        language: str = "",
        model: str = "",
        **create: Unpack[Create],
    ) -> Job:
        """Create a job that makes a searchable PDF, notes, chapters and captions of a lecture; gives `make_document`.

        Args:
            source: a video.
            keep_builds, min_shown, image_format: as in `extract_slides`.
            transcript: whether what is said is written down too.
            language, model: as in `transcribe`.
            create: how the job is created.

        Raises:
            JobNotSucceeded: it was waited for, and failed or was cancelled.
            SightlineError: nothing was stored.
        """
        options = extract_pb2.MakeDocumentOptions(
            slides=_slides(keep_builds, min_shown, True, image_format),
            omit_transcript=not transcript,
            transcribe=_transcript(language, model, False),
        )
        return await self._submit(source, JobSpec(make_document=options), **told(create))

    async def mix_audio(
        self,
        pieces: Sequence[SoundPiece],
        *,
        sample_rate: int = 0,
        channels: int = 0,
        loudness: float | None = None,
        format: AudioFormat.ValueType = extract_pb2.AUDIO_FORMAT_UNSPECIFIED,  # noqa: A002 - the contract's name
        **create: Unpack[Create],
    ) -> Job:
        """Create a job that mixes pieces of sound on one time line; gives `mix_audio`.

        Args:
            pieces: each with its place; a source that several share is uploaded once.
            sample_rate: samples a second, 8000 to 192000; 0 means 48000.
            channels: 1 or 2; 0 means 2.
            loudness: how loud the mix is made, -70 to -5 LUFS; None leaves it as it is.
            format: how it is written; WAV if unspecified.
            create: how the job is created.

        Raises:
            JobNotSucceeded: it was waited for, and failed or was cancelled.
            SightlineError: nothing was stored.
        """
        names: dict[Any, str] = {}
        for piece in pieces:
            key = piece.source.name if isinstance(piece.source, Media) else piece.source
            if key not in names:
                names[key] = await self._uploaded(piece.source, create.get("timeout"))
        keys = [piece.source.name if isinstance(piece.source, Media) else piece.source for piece in pieces]
        options = extract_pb2.MixAudioOptions(
            pieces=[piece.message(names[key]) for piece, key in zip(pieces, keys, strict=True)],
            sample_rate_hz=sample_rate,
            channels=channels,
            loudness_lufs=loudness,
            format=format,
        )
        return await self._made(JobSpec(mix_audio=options), **told(create))

    async def extract_audio(
        self,
        source: Source,
        *,
        start: float | None = None,
        end: float | None = None,
        sample_rate: int = 0,
        channels: int = 0,
        format: AudioFormat.ValueType = extract_pb2.AUDIO_FORMAT_UNSPECIFIED,  # noqa: A002 - the contract's name
        **create: Unpack[Create],
    ) -> Job:
        """Create a job that writes the sound of a video or a recording to a file; gives `extract_audio`.

        Args:
            source: a video or a recording.
            start: where to begin, in seconds from the start; None begins there.
            end: where to end, in seconds from the start; None goes on to the end.
            sample_rate: samples a second, 8000 to 192000; 0 means as the media has it.
            channels: 1 or 2; 0 means as the media has it.
            format: how it is written; WAV if unspecified.
            create: how the job is created.

        Raises:
            JobNotSucceeded: it was waited for, and failed or was cancelled.
            SightlineError: nothing was stored.
        """
        options = extract_pb2.ExtractAudioOptions(
            sample_rate_hz=sample_rate,
            channels=channels,
            format=format,
            start=None if start is None else duration(start),
            end=None if end is None else duration(end),
        )
        return await self._submit(source, JobSpec(extract_audio=options), **told(create))

    async def extract_keyframes(
        self,
        source: Source,
        *,
        max_count: int = 0,
        max_side_px: int = 0,
        image_format: PictureFormat.ValueType = extract_pb2.PICTURE_FORMAT_UNSPECIFIED,
        **create: Unpack[Create],
    ) -> Job:
        """Create a job that finds the pictures which stand for a video; gives `extract_keyframes`.

        Args:
            source: a video.
            max_count: most pictures, 1 to 1000; 0 means 20.
            max_side_px: longest side of a picture, 16 to 4096; 0 means as the video.
            image_format: how the pictures are written; WebP if unspecified.
            create: how the job is created.

        Raises:
            JobNotSucceeded: it was waited for, and failed or was cancelled.
            SightlineError: nothing was stored.
        """
        options = extract_pb2.ExtractKeyframesOptions(
            max_count=max_count, max_side_px=max_side_px, image_format=image_format
        )
        return await self._submit(source, JobSpec(extract_keyframes=options), **told(create))


def _slides(
    keep_builds: bool, min_shown: float | None, text: bool, image_format: PictureFormat.ValueType
) -> extract_pb2.ExtractSlidesOptions:
    return extract_pb2.ExtractSlidesOptions(
        keep_builds=keep_builds,
        min_shown=None if min_shown is None else duration(min_shown),
        include_text=text,
        image_format=image_format,
    )


def _transcript(language: str, model: str, words: bool) -> extract_pb2.TranscribeOptions:
    return extract_pb2.TranscribeOptions(language_code=language, model=model, include_words=words)
