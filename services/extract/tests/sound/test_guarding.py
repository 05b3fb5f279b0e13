"""What does not fit is made quieter, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.extract.sound.converting import Samples
from sightline.extract.sound.guarding import HIGHEST, Guard

RATE = 48_000


def guarded(sound: Samples, part: int = 4800) -> tuple[Samples, Guard]:
    guard = Guard(RATE, sound.shape[0])
    parts = [guard.add(sound[:, at : at + part]) for at in range(0, sound.shape[1], part)]
    return np.concatenate([*parts, guard.rest()], axis=1), guard


def noise(level: float, seconds: float = 1.0) -> Samples:
    return (np.random.default_rng(3).standard_normal((2, round(seconds * RATE))) * level).astype(np.float32)


def test_what_fits_is_left_as_it_is_to_the_bit() -> None:
    sound = np.clip(noise(0.3), -1, HIGHEST).astype(np.float32)
    heard, guard = guarded(sound)
    np.testing.assert_array_equal(heard, sound)
    assert guard.reduction_db == 0


@pytest.mark.parametrize("part", [100, 961, 4800, 48_000])
def test_nothing_clips_in_blocks_of_any_size(part: int) -> None:
    sound = noise(1.5)
    heard, guard = guarded(sound, part)
    assert heard.shape == sound.shape
    assert heard.max() <= HIGHEST + 1e-7
    assert heard.min() >= -1 - 1e-7
    assert guard.reduction_db == pytest.approx(20 * np.log10(np.abs(sound).max()), abs=0.5)
    np.testing.assert_allclose(heard, guarded(sound)[0], atol=1e-6)


def test_one_peak_touches_only_what_is_near_it() -> None:
    sound = noise(0.1)
    sound[0, 24_000] = 2.0
    heard, _ = guarded(sound)
    changed = np.flatnonzero((heard != sound).any(axis=0))
    assert 24_000 - 961 <= changed.min() < 24_000 < changed.max() <= 24_000 + 961
    assert heard[0, 24_000] == pytest.approx(HIGHEST, abs=1e-6)


def test_a_low_tone_that_is_too_loud_keeps_its_form() -> None:
    times = np.arange(RATE) / RATE
    tone = (2 * np.sin(2 * np.pi * 60 * times)).astype(np.float32)[None]
    heard, _ = guarded(tone)
    inside = slice(RATE // 10, -RATE // 10)
    np.testing.assert_allclose(heard[0, inside], tone[0, inside] / 2, atol=0.01)
