"""From films and recordings to what is said in them: sound taken out in a child process, written down on a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sightline.common.errors import FieldViolation, InvalidRequest, Reason, SightlineError
from sightline.common.media.sources import VideoSource
from sightline.common.models import ModelStore
from sightline.common.settings import MediaLimits, ModelSettings
from sightline.common.worker import Task
from sightline.common.worker.child import Nursery
from sightline.extract.sound import ExtractOptions, extract_sound
from sightline.extract.speech import Transcriber, Transcript, load_transcriber
from sightline.v1.extract_pb2 import TranscribeOptions
from sightline.v1.model_pb2 import ModelInfo

# What every engine hears.
_SOUND = ExtractOptions(sample_rate_hz=16_000, channels=1)
_LANGUAGE = "en"
# The share of the work that taking the sound out is.
_SOUND_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Engine:
    """One that writes speech down.

    Attributes:
        transcriber: what does it.
        model: what it is called.
        apart: whether it works in a child process, for one that would keep every other thread waiting.
    """

    transcriber: Transcriber
    model: ModelInfo
    apart: bool = False


class Listening:
    """What the stages that write speech down have in common."""

    def __init__(
        self,
        engines: Mapping[str, Engine],
        films: VideoSource,
        nursery: Nursery,
        *,
        models: ModelSettings,
        limits: MediaLimits,
        threads: ThreadPoolExecutor,
    ) -> None:
        """Take what does the work.

        Args:
            engines: by their names; the first is the default.
            films: where films and recordings come from.
            nursery: where they are decoded.
            models: where the models are, for engines that work in a child process.
            limits: which of them are refused.
            threads: as many as are listened to at once.
        """
        self._engines = engines
        self._films = films
        self._nursery = nursery
        self._models = models
        self._limits = limits
        self._threads = threads

    def engine(self, name: str) -> Engine:
        """Give an engine by its name; the default if empty.

        Raises:
            InvalidRequest: there is none of this name.
        """
        engine = self._engines.get(name or next(iter(self._engines)))
        if engine is None:
            violation = FieldViolation("transcribe.model", f"must be one of {', '.join(self._engines)}")
            raise InvalidRequest(f"there is no engine called {name}", [violation])
        return engine

    async def listen(self, task: Task, options: TranscribeOptions) -> Transcript:
        """Write down what is said in the media of a task.

        Raises:
            InvalidRequest: no such engine, or a language that it does not know.
            MediaRejected: there is no sound, or it does not decode.
        """
        engine = self.engine(options.model)
        language, words = options.language_code or _LANGUAGE, options.include_words
        engine.transcriber.check_language(language)
        with TemporaryDirectory(prefix="sightline-") as folder:
            sound = Path(folder) / "sound.wav"
            async with self._films.of_task(task.claim) as path:
                await self._nursery.run(
                    extract_sound, path, sound, _SOUND, self._limits, progress=_told(task, 0.0, _SOUND_SHARE)
                )
            if engine.apart:
                return await self._nursery.run(
                    write_down_apart, engine.model.name, self._models, self._limits, sound, (language, words),
                    progress=_told(task, _SOUND_SHARE, 1.0),
                )  # fmt: skip
            return await self._on_thread(engine.transcriber, sound, language, words, task)

    async def _on_thread(
        self, transcriber: Transcriber, sound: Path, language: str, words: bool, task: Task
    ) -> Transcript:
        stopped = threading.Event()
        tell = _told(task, _SOUND_SHARE, 1.0)

        def progress(share: float) -> None:
            if stopped.is_set():
                raise SightlineError(Reason.DRAINING, "nobody waits for the transcript any more")
            tell(share)

        work = partial(transcriber.transcribe, sound, language, progress, words=words)
        ended = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.shield(ended)
        except asyncio.CancelledError:
            # The thread finds out at its next word of progress, and the file is there until then.
            stopped.set()
            await asyncio.gather(ended, return_exceptions=True)
            raise


def write_down_apart(
    name: str,
    models: ModelSettings,
    limits: MediaLimits,
    sound: Path,
    options: tuple[str, bool],
    *,
    progress: Callable[[float], None] = lambda _share: None,
) -> Transcript:
    """Load an engine and write a recording down, in a child process.

    Args:
        name: of the engine.
        models: where its model is.
        limits: what is accepted of recordings.
        sound: the recording.
        options: the language, and whether the times of the words are wanted.
        progress: told the share that is done.
    """
    language, words = options
    transcriber = load_transcriber(name, ModelStore(models), limits)
    return transcriber.transcribe(sound, language, progress, words=words)


def _told(task: Task, start: float, end: float) -> Callable[[float], None]:
    """Tell the task's progress by that of a part of its work."""
    return lambda share: task.advance(start + (end - start) * share)
