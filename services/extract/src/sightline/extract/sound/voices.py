"""The pieces of a mix while they sound, added up block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from sightline.common.errors import FieldViolation, InvalidRequest, MediaRejected
from sightline.extract.sound.converting import Samples
from sightline.extract.sound.options import Piece
from sightline.extract.sound.shelf import Shelf


@dataclass(slots=True)
class _Voice:
    """A piece that sounds; all places are samples of the mix or of the recording at the rate of the mix."""

    number: int
    piece: Piece
    start: int
    skip: int
    length: int | None
    fade_in: int
    fade_out: int
    done: int = 0


class Voices:
    """All pieces of a mix on one time line, in a time that grows with how long they sound together."""

    def __init__(self, pieces: Sequence[Piece], shelf: Shelf, rate_hz: int, channels: int) -> None:
        """Take the pieces, in any order.

        Args:
            pieces: what sounds, and when.
            shelf: gives their samples.
            rate_hz: samples a second.
            channels: 1 or 2.
        """
        self._pieces, self._shelf = pieces, shelf
        self._rate_hz, self._channels = rate_hz, channels
        self._order = sorted(range(len(pieces)), key=lambda number: pieces[number].start_seconds)

    def blocks(self) -> Iterator[Samples]:
        """Give the mix in blocks of a second, from time 0 until the last piece ends; what does not fit is not cut.

        Raises:
            InvalidRequest: a piece leaves out more of its recording than there is.
        """
        waiting, at = 0, 0
        sounding: list[_Voice] = []
        while sounding or waiting < len(self._order):
            block = np.zeros((self._channels, self._rate_hz), np.float32)
            while waiting < len(self._order) and self._start(self._order[waiting]) < at + self._rate_hz:
                with _named(self._order[waiting]):
                    sounding.append(self._begin(self._order[waiting]))
                waiting += 1
            used = max((self._add(voice, block, at) for voice in sounding), default=0)
            sounding = [voice for voice in sounding if voice.length is None or voice.done < voice.length]
            more = sounding or waiting < len(self._order)
            yield block if more else block[:, :used]
            at += self._rate_hz

    def _start(self, number: int) -> int:
        return round(self._pieces[number].start_seconds * self._rate_hz)

    def _begin(self, number: int) -> _Voice:
        piece = self._pieces[number]
        self._shelf.begin(piece.sound)
        skip = round(piece.skip_seconds * self._rate_hz)
        length = None if math.isinf(piece.length_seconds) else round(piece.length_seconds * self._rate_hz)
        if piece.fade_out_seconds > 0:
            # To become silent at the end one has to know where that is.
            needed = math.inf if length is None else skip + length
            there = self._shelf.length(piece.sound, number, needed) - skip
            self._check_heard(number, there)
            length = there if length is None else min(length, there)
        fades = (round(seconds * self._rate_hz) for seconds in (piece.fade_in_seconds, piece.fade_out_seconds))
        return _Voice(number, piece, self._start(number), skip, length, *fades)

    def _add(self, voice: _Voice, block: Samples, at: int) -> int:
        """Add what sounds of a piece during a block; say where in the block it ends."""
        place = max(voice.start - at, 0)
        wanted = block.shape[1] - place
        if voice.length is not None:
            wanted = min(wanted, voice.length - voice.done)
        with _named(voice.number):
            heard = self._shelf.read(voice.piece.sound, voice.number, voice.skip + voice.done, wanted)
        count = int(heard.shape[1])
        if voice.done == 0 and wanted > 0:
            self._check_heard(voice.number, count)
        block[:, place : place + count] += heard * self._gains(voice, count)
        voice.done += count
        if count < wanted:
            voice.length = voice.done
        if voice.length is not None and voice.done >= voice.length:
            self._shelf.end(voice.piece.sound, voice.number)
        return place + count

    def _gains(self, voice: _Voice, count: int) -> Samples | np.float32:
        """Compute the gain of the next samples of a piece."""
        gain = np.float32(10 ** (voice.piece.gain_db / 20))
        into = voice.fade_in - voice.done
        left = voice.fade_out - (voice.length - voice.done - count) if voice.length is not None else 0
        if into <= 0 and left <= 0:
            return gain
        places = np.arange(voice.done, voice.done + count, dtype=np.float64)
        gains = np.full(count, gain, np.float64)
        if into > 0:
            gains *= np.minimum(places / voice.fade_in, 1.0)
        if left > 0 and voice.length is not None and voice.fade_out > 0:
            gains *= np.minimum((voice.length - 1 - places) / voice.fade_out, 1.0)
        return gains.astype(np.float32)

    def _check_heard(self, number: int, samples: int) -> None:
        if samples > 0:
            return
        skip = self._pieces[number].skip_seconds
        message = f"leaves out {skip:g} seconds, and the recording is no longer than that"
        raise InvalidRequest(
            f"piece {number} of the mix {message}", [FieldViolation(f"pieces[{number}].skip", message)]
        )


@contextmanager
def _named(number: int) -> Iterator[None]:
    """Say of which piece the recording can't be read."""
    try:
        yield
    except MediaRejected as error:
        raise MediaRejected(error.reason, f"piece {number} of the mix: {error.message}") from error
