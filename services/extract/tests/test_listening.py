"""Work on a transcript that nobody wants any more ends, and its sound is there until then."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sightline.common.errors import InvalidRequest, Reason, SightlineError
from sightline.common.media.sources import VideoSource
from sightline.common.settings import MediaLimits, ModelSettings
from sightline.common.worker import Task
from sightline.common.worker.child import Nursery
from sightline.extract.listening import Engine, Listening
from sightline.extract.speech import EngineInfo, Transcript
from sightline.v1.extract_pb2 import TranscribeOptions
from sightline.v1.model_pb2 import ModelInfo


class Films:
    """A film that is no more than its name."""

    @asynccontextmanager
    async def of_task(self, claim: object) -> AsyncIterator[Path]:
        yield Path("film.mp4")


class Children:
    """Takes out sound by writing a file."""

    async def run(self, function: object, film: Path, sound: Path, *rest: object, **more: Any) -> None:
        await asyncio.to_thread(sound.write_bytes, b"sound")
        more["progress"](1.0)


class SlowTranscriber:
    """Tells progress until it is stopped; remembers whether the sound was there to the end."""

    info = EngineInfo("slow", "1", "")

    def __init__(self) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()
        self.there = False
        self.fault: BaseException | None = None

    def check_language(self, language: str) -> None:
        if language != "en":
            raise InvalidRequest("English only")

    def transcribe(
        self, sound: Path, language: str, progress: Callable[[float], None], *, words: bool = False
    ) -> Transcript:
        self.begun.set()
        try:
            for step in range(2000):
                time.sleep(0.005)
                progress(step / 2000)
        except BaseException as error:
            self.there, self.fault = sound.exists(), error
            raise
        finally:
            self.ended.set()
        return Transcript("en", (), 1.0)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def listening(transcriber: SlowTranscriber, threads: ThreadPoolExecutor) -> Listening:
    return Listening(
        {"slow": Engine(transcriber, ModelInfo(name="slow"))},
        cast(VideoSource, Films()),
        cast(Nursery, Children()),
        models=ModelSettings(),
        limits=MediaLimits(),
        threads=threads,
    )


def task(advance: Callable[[float], None]) -> Task:
    return cast(Task, SimpleNamespace(claim=None, advance=advance))


async def test_a_transcript_that_is_cancelled_ends_and_keeps_its_sound_until_then(threads: ThreadPoolExecutor) -> None:
    transcriber, told = SlowTranscriber(), list[float]()
    work = asyncio.ensure_future(listening(transcriber, threads).listen(task(told.append), TranscribeOptions()))
    await asyncio.to_thread(transcriber.begun.wait)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert transcriber.ended.is_set() and transcriber.there
    assert isinstance(transcriber.fault, SightlineError)
    assert told[0] == pytest.approx(0.1) and told == sorted(told)


async def test_a_transcript_whose_task_is_lost_ends_with_its_reason(threads: ThreadPoolExecutor) -> None:
    transcriber = SlowTranscriber()

    def advance(share: float) -> None:
        if share > 0.12:
            raise SightlineError(Reason.LEASE_LOST, "taken over")

    with pytest.raises(SightlineError) as caught:
        await listening(transcriber, threads).listen(task(advance), TranscribeOptions())
    assert caught.value.reason is Reason.LEASE_LOST
    assert transcriber.there


async def test_a_language_and_an_engine_are_refused_before_any_work(threads: ThreadPoolExecutor) -> None:
    transcriber = SlowTranscriber()
    for options in (TranscribeOptions(language_code="de"), TranscribeOptions(model="shorthand")):
        with pytest.raises(InvalidRequest):
            await listening(transcriber, threads).listen(task(lambda _share: None), options)
    assert not transcriber.begun.is_set()
