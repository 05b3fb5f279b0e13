"""Loudness is what ITU-R BS.1770 says it is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sightline.extract.sound.converting import Samples
from sightline.extract.sound.loudness import Meter


def tone(dbfs: float, seconds: float, channels: int = 2, rate_hz: int = 48_000) -> Samples:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.tile(10 ** (dbfs / 20) * np.sin(2 * np.pi * 1000 * times), (channels, 1)).astype(np.float32)


def measured(sound: Samples, rate_hz: int = 48_000) -> Meter:
    meter = Meter(rate_hz, sound.shape[0])
    for at in range(0, sound.shape[1], 44_100):
        meter.add(sound[:, at : at + 44_100])
    return meter


@pytest.mark.parametrize("dbfs", [-23.0, -33.0])
def test_a_tone_in_both_channels_is_as_loud_as_ebu_tech_3341_says(dbfs: float) -> None:
    assert measured(tone(dbfs, 20)).loudness_lufs == pytest.approx(dbfs, abs=0.1)


def test_quiet_parts_do_not_count() -> None:
    # EBU Tech 3341, test 3: 10 s at -36, 60 s at -23, 10 s at -36.
    sound = np.concatenate([tone(-36, 10), tone(-23, 60), tone(-36, 10)], axis=1)
    assert measured(sound).loudness_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_the_rate_does_not_matter(rate_hz: int) -> None:
    assert measured(tone(-20, 5, rate_hz=rate_hz), rate_hz).loudness_lufs == pytest.approx(-20, abs=0.2)


def test_silence_is_70_below_and_has_no_peak() -> None:
    meter = measured(np.zeros((2, 48_000), np.float32))
    assert meter.loudness_lufs == -70
    assert meter.peak_dbfs == -math.inf
    assert meter.duration_seconds == 1


def test_the_peak_is_the_largest_sample() -> None:
    sound = tone(-40, 1)
    sound[1, 777] = -0.5
    assert measured(sound).peak_dbfs == pytest.approx(-6.02, abs=0.01)
