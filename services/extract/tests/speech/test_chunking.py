"""Speech is cut into chunks at its silences, whole and in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.extract.speech.chunking import Chunk, Chunker
from sightline.extract.speech.hearing import RATE_HZ, WINDOW_SAMPLES

Sound = NDArray[np.float32]


class Loud:
    """Takes for speech what is loud: 0.9 for full scale."""

    def hear(self, samples: Sound) -> Sound:
        return 0.9 * np.abs(samples.reshape(-1, WINDOW_SAMPLES)).max(axis=1)


def speech(*spans: tuple[float, float], seconds: float, level: float = 1.0) -> Sound:
    sound = np.zeros(int(seconds * RATE_HZ), np.float32)
    for start, end in spans:
        sound[int(start * RATE_HZ) : int(end * RATE_HZ)] = level
    return sound


def chunks(sound: Sound, block: int = 4 * RATE_HZ) -> list[Chunk]:
    chunker = Chunker(Loud())  # type: ignore[arg-type]
    found = [chunk for at in range(0, len(sound), block) for chunk in chunker.add(sound[at : at + block])]
    return found + list(chunker.rest())


def ranges(found: list[Chunk]) -> list[tuple[float, float]]:
    return [(chunk.start / RATE_HZ, (chunk.start + len(chunk.samples)) / RATE_HZ) for chunk in found]


def test_silence_gives_nothing() -> None:
    assert chunks(speech(seconds=100)) == []


def test_speech_between_short_pauses_stays_together_with_a_little_around_it() -> None:
    ((start, end),) = ranges(chunks(speech((5, 8), (9, 12), (13.5, 15), seconds=30)))
    assert (start, end) == (pytest.approx(4.8, abs=0.05), pytest.approx(15.2, abs=0.05))


def test_a_long_silence_ends_a_chunk() -> None:
    found = ranges(chunks(speech((5, 8), (12, 14), seconds=30)))
    assert [start for start, _ in found] == pytest.approx([4.8, 11.8], abs=0.05)


def test_no_chunk_is_longer_than_half_a_minute_and_cuts_are_at_pauses() -> None:
    spans = [(at, at + 4.5) for at in range(0, 120, 5)]
    found = chunks(speech(*spans, seconds=120))
    assert max(len(chunk.samples) for chunk in found) <= 30 * RATE_HZ
    for start, end in ranges(found)[1:-1]:
        assert (start + 2.7) % 5 == pytest.approx(2.5, abs=0.1)
        assert (end - 0.2) % 5 == pytest.approx(4.5, abs=0.1)


def test_speech_without_any_pause_is_cut_where_it_is_faintest_and_nothing_is_lost() -> None:
    sound = speech((1, 79), seconds=80)
    sound[int(20 * RATE_HZ) : int(20.2 * RATE_HZ)] = 0.5
    found = chunks(sound)
    assert ranges(found)[0][1] == pytest.approx(20, abs=0.2)
    assert max(len(chunk.samples) for chunk in found) <= 30 * RATE_HZ
    joined = np.concatenate([chunk.samples for chunk in found])
    np.testing.assert_array_equal(joined, sound[found[0].start : found[0].start + len(joined)])
    assert len(joined) >= 78 * RATE_HZ


@pytest.mark.parametrize("block", [100, 511, 16_000, 1_000_000])
def test_the_size_of_the_blocks_does_not_matter(block: int) -> None:
    sound = speech((5, 8), (12, 14), (14.5, 50), seconds=60)
    assert ranges(chunks(sound, block)) == ranges(chunks(sound))


def test_a_click_is_no_speech() -> None:
    assert chunks(speech((5, 5.1), seconds=10)) == []


def test_speech_at_the_very_end_is_given_too() -> None:
    ((_, end),) = ranges(chunks(speech((7, 10.01), seconds=10.01)))
    assert end == pytest.approx(10.01)


def test_an_hour_of_silence_or_speech_is_not_remembered() -> None:
    for sound in (speech(seconds=60), speech((0, 60), seconds=60)):
        chunker, most = Chunker(Loud()), 0  # type: ignore[arg-type]
        for _ in range(10):
            list(chunker.add(sound))
            most = max(most, len(chunker._sound))
        assert most <= 60 * RATE_HZ
