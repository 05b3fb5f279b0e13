"""What sizes of packets tell."""

from __future__ import annotations

import pytest

from sightline.extract.slides.film import PacketNote
from sightline.extract.slides.packets import PacketProfile


def profile(sizes: dict[float, int], usual: int = 20) -> PacketProfile:
    """Ten seconds at 25 a second: a key frame at either end, and packets of the usual size but for some."""
    notes = [PacketNote(n / 25, sizes.get(n / 25, usual), False) for n in range(1, 250)]
    return PacketProfile([PacketNote(0.0, 50_000, True), *notes, PacketNote(10.0, 50_000, True)])


def test_nothing_new_makes_no_burst() -> None:
    spending = profile({}).spending(0.0, 10.0)
    assert spending.bursts == ()
    assert spending.elsewhere_bytes < 500


def test_a_cut_is_one_burst_at_its_time() -> None:
    (burst,) = profile({4.0: 30_000}).spending(0.0, 10.0).bursts
    assert burst.start <= 4.0 <= burst.end
    assert burst.excess_bytes == pytest.approx(30_000, rel=0.05)


def test_a_line_of_text_is_spent_elsewhere() -> None:
    assert profile({4.0: 900}).spending(0.0, 10.0).elsewhere_bytes > 700


def test_a_second_without_bytes_in_a_camera_is_a_lull() -> None:
    quiet = {n / 25: 10 for n in range(100, 150)}
    assert profile(quiet, usual=4000).spending(0.0, 10.0).lull
    assert not profile({}, usual=4000).spending(0.0, 10.0).lull


def keys(*seconds: float) -> PacketProfile:
    return PacketProfile([PacketNote(at, 50_000, True) for at in seconds])


def test_a_key_frame_that_ends_a_whole_group_is_due_and_an_early_one_is_not() -> None:
    profile = keys(0.0, 10.0, 13.0, 23.0)
    assert [profile.is_due(at) for at in (10.0, 13.0, 23.0)] == [True, False, True]


def test_where_no_length_of_a_group_is_met_again_cuts_may_have_caused_every_key_frame() -> None:
    assert not any(keys(0.0, 16.0, 29.0, 33.0).is_due(at) for at in (16.0, 29.0, 33.0))
    assert not keys(0.0).is_due(0.0)
