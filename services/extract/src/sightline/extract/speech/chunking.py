"""Cut a recording into chunks of speech, at its silences, while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sightline.extract.speech.hearing import RATE_HZ, WINDOW_SAMPLES, Listener, Samples


def _windows(seconds: float) -> int:
    return round(seconds * RATE_HZ / WINDOW_SAMPLES)


# Speech begins above the first and ends below the second. Source: the defaults of Silero VAD.
_BEGINS, _ENDS = 0.5, 0.35
_LEAST_SPEECH = _windows(0.25)
_LEAST_SILENCE = _windows(0.3)
# Whisper hears 30 seconds at a time; what is padded must fit too.
_LONGEST = _windows(28.0)
# Speech after a longer silence begins a new chunk: in long silences Whisper invents words.
_LONGEST_SILENCE = _windows(2.0)
_PAD_SAMPLES = int(0.2 * RATE_HZ)


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """A part of a recording with speech in it.

    Attributes:
        start: index of its first sample in the recording.
        samples: at most 30 seconds.
    """

    start: int
    samples: Samples


class Chunker:
    """Gives the speech of one recording in chunks of at most 30 seconds; remembers no more than that and a little."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._sound = np.zeros(0, np.float32)
        self._sound_start = 0
        self._window = 0
        self._heard = 0
        self._given = 0
        # Windows of speech that ended, of the chunk that is being gathered: where it begins and ends.
        self._chunk: tuple[int, int] | None = None
        self._begun: int | None = None
        self._quiet: int | None = None
        self._likely: list[float] = []

    @property
    def heard(self) -> int:
        """How many samples have come."""
        return self._heard

    @property
    def settled(self) -> int:
        """How many samples are done with: what will be given lies after them."""
        return max(self._given, self._sound_start)

    def add(self, block: Samples) -> Iterator[Chunk]:
        """Take in what comes next, and give the chunks that are complete."""
        self._heard += len(block)
        yield from self._listen(block)

    def _listen(self, block: Samples) -> Iterator[Chunk]:
        self._sound = np.concatenate([self._sound, block])
        first = self._window * WINDOW_SAMPLES - self._sound_start
        whole = (len(self._sound) - first) // WINDOW_SAMPLES * WINDOW_SAMPLES
        for likely in self._listener.hear(self._sound[first : first + whole]):
            yield from self._judge(float(likely))
            self._window += 1
        self._forget()

    def rest(self) -> Iterator[Chunk]:
        """Give what is left when all has come."""
        yield from self._listen(np.zeros(-self._heard % WINDOW_SAMPLES, np.float32))
        if self._begun is not None:
            begun, self._begun = self._begun, None
            yield from self._take(begun, self._window if self._quiet is None else self._quiet)
        yield from self._complete(self._heard)

    def _judge(self, likely: float) -> Iterator[Chunk]:
        at = self._window
        if self._begun is None:
            if likely >= _BEGINS:
                self._begun, self._quiet, self._likely = at, None, [likely]
            elif self._chunk is not None and at - self._chunk[1] > _LONGEST_SILENCE:
                yield from self._complete(at * WINDOW_SAMPLES)
            return
        self._likely.append(likely)
        if likely >= _BEGINS:
            self._quiet = None
        elif likely < _ENDS and self._quiet is None:
            self._quiet = at
        if self._quiet is not None and at - self._quiet >= _LEAST_SILENCE:
            begun, self._begun = self._begun, None
            yield from self._take(begun, self._quiet)
        elif at - self._begun >= _LONGEST:
            yield from self._cut(self._begun)

    def _cut(self, begun: int) -> Iterator[Chunk]:
        """End a chunk in speech that does not pause: where it is least like speech, in its second half."""
        half = len(self._likely) // 2
        cut = half + int(np.argmin(self._likely[half:]))
        self._begun, self._quiet, self._likely = begun + cut, None, self._likely[cut:]
        yield from self._take(begun, self._begun)
        yield from self._complete(self._begun * WINDOW_SAMPLES)

    def _take(self, start: int, end: int) -> Iterator[Chunk]:
        if end - start < _LEAST_SPEECH:
            return
        if self._chunk is not None and end - self._chunk[0] > _LONGEST:
            yield from self._complete(start * WINDOW_SAMPLES)
        self._chunk = (start if self._chunk is None else self._chunk[0], end)

    def _complete(self, most: int) -> Iterator[Chunk]:
        """Give the chunk that was gathered, padded but not over its neighbours."""
        if self._chunk is None:
            return
        start, end = (place * WINDOW_SAMPLES for place in self._chunk)
        start = max(start - _PAD_SAMPLES, self._given, self._sound_start)
        end = min(end + _PAD_SAMPLES, most)
        self._chunk, self._given = None, end
        yield Chunk(start, self._sound[start - self._sound_start : end - self._sound_start].copy())

    def _forget(self) -> None:
        at = self._begun if self._begun is not None else self._window
        first = self._chunk[0] if self._chunk is not None else at
        unused = max(min(first, at) * WINDOW_SAMPLES - _PAD_SAMPLES, 0) - self._sound_start
        if unused > 0:
            self._sound, self._sound_start = self._sound[unused:], self._sound_start + unused
