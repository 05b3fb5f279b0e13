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
