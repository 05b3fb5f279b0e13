"""Places to begin a film come nearest first, and end where nothing can be missed."""

from __future__ import annotations

import pytest

from sightline.common.media.seeking import places_before


@pytest.mark.parametrize("container", ["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "flv", "avi"])
def test_an_index_is_asked_for_the_time_itself_and_for_earlier_ones_down_to_the_start(container: str) -> None:
    assert list(places_before(container, 20.0)) == [20.0, 17.0, 8.0, 0.0]


@pytest.mark.parametrize("container", ["mpegts", "mpeg"])
def test_without_an_index_the_search_begins_earlier_and_ends_before_the_start(container: str) -> None:
    assert list(places_before(container, 20.0)) == [17.0, 8.0, -1.0]


def test_the_start_of_a_film_is_sought_at_its_start() -> None:
    assert set(places_before("flv", 0.0)) == {0.0}
    assert list(places_before("mpegts", 0.0)) == [-1.0]
