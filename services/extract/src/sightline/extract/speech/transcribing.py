"""Write down recordings of any length: find the speech, cut it at silences, and give each chunk to the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sightline.common.settings import MediaLimits
from sightline.extract.sound.reading import SoundReader
from sightline.extract.speech.chunking import Chunk, Chunker
from sightline.extract.speech.engine import TO_BE_HEARD, Engine
from sightline.extract.speech.hearing import RATE_HZ, SpeechModel
from sightline.extract.speech.transcript import EngineInfo, Progress, Segment, Transcript

# So much is read at once where nothing is said; also how long a cancelled job goes on in silence.
_BLOCK_SECONDS = 4


class ChunkTranscriber:
    """A `Transcriber` of any engine. Hours of sound cost the memory of half a minute, and of what is said."""

    def __init__(self, engine: Engine, speech: SpeechModel, limits: MediaLimits) -> None:
        """Take what is needed.

        Args:
            engine: writes down what is said.
            speech: tells where something is said; no words come from anywhere else.
            limits: what is accepted.
        """
        self._engine, self._speech, self._limits = engine, speech, limits

    @property
    def info(self) -> EngineInfo:
        """Which engine or model writes down."""
        return self._engine.info

    def check_language(self, language: str) -> None:
        """Refuse a language that the engine does not know, as `Transcriber` says."""
        self._engine.code(language)

    def transcribe(self, sound: Path, language: str, progress: Progress, *, words: bool = False) -> Transcript:
        """Write down a recording, as `Transcriber` says."""
        code = self._engine.code(language)
        found: list[Segment] = []
        with SoundReader(sound, self._limits, RATE_HZ, 1) as reader:
            chunker = Chunker(self._speech.listen())
            expected = max(reader.duration_seconds * RATE_HZ, 1.0)
            for chunk in _chunks(reader, chunker):
                if chunk is not None:
                    code, segments = self._engine.write_down(chunk.samples, code, words=words)
                    found += _placed(segments, chunk, found[-1].end if found else 0.0)
                progress(min(chunker.settled / expected, 1.0))
        progress(1.0)
        heard = code if language == TO_BE_HEARD else language
        return Transcript(heard or TO_BE_HEARD, tuple(found), chunker.heard / RATE_HZ)


def _chunks(reader: SoundReader, chunker: Chunker) -> Iterator[Chunk | None]:
    """Give the chunks, and None after each block that is read, so that silence is progress too."""
    while len(block := reader.read(_BLOCK_SECONDS * RATE_HZ)[0]):
        yield from chunker.add(block)
        yield None
    yield from chunker.rest()


def _placed(segments: list[Segment], chunk: Chunk, least: float) -> Iterator[Segment]:
    """Give the segments of a chunk their times in the recording, in order and none over another."""
    start, end = chunk.start / RATE_HZ, (chunk.start + len(chunk.samples)) / RATE_HZ
    for segment in segments:
        begins = min(max(segment.start + start, least), end)
        least = min(max(segment.end + start, begins), end)
        words = tuple(
            replace(word, start=min(word.start + start, end), end=min(word.end + start, end)) for word in segment.words
        )
        yield replace(segment, start=begins, end=least, words=words)
