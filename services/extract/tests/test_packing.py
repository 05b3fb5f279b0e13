"""What stages leave for each other comes back as it was."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from films import TALK, lecture
from numpy.typing import NDArray

from sightline.common.settings import MediaLimits
from sightline.extract.films import search
from sightline.extract.packing import pack, unpack
from sightline.extract.slides import Showing, SlideOptions, number_slides
from sightline.extract.stages.planning import Share, Span, Wanted, plan, spans


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    values: NDArray[np.float32]
    colour: Colour


@dataclass(frozen=True, slots=True)
class Outer:
    inner: tuple[Inner, ...]
    pair: tuple[float, str]
    missing: Inner | None
    numbers: list[int]


def test_dataclasses_with_arrays_come_back_as_they_were() -> None:
    whole = Outer((Inner(np.eye(3, dtype=np.float32), Colour.RED),), (math.inf, "a"), None, [1, 2])
    back = unpack(Outer, pack(whole))
    assert back.inner[0].values.dtype == np.float32
    np.testing.assert_array_equal(back.inner[0].values, np.eye(3))
    assert back.inner[0].colour is Colour.RED
    assert (back.pair, back.missing, back.numbers) == ((math.inf, "a"), None, [1, 2])


def test_showings_come_back_from_the_process_that_found_them(tmp_path: Path) -> None:
    film = lecture(tmp_path / "film.mp4", TALK[:2], seconds_each=3.0, sound=False)
    packed = search(film, SlideOptions(), MediaLimits(), (0.0, math.inf))
    showings = unpack(list[Showing], packed)
    assert pack(showings) == packed
    assert [slide.number for slide in number_slides(showings)] == [1, 2]


def test_a_long_film_is_divided_and_its_last_part_has_no_end() -> None:
    assert spans(1500.0, 600.0) == [Span(0.0, 750.0), Span(750.0, math.inf)]
    assert spans(0.0, 600.0) == [Span(0.0, math.inf)]
    assert unpack(Span, pack(Span(750.0, math.inf))) == Span(750.0, math.inf)


def test_shares_of_any_number_of_things_are_all_of_them_once() -> None:
    for length in (0, 1, 7, 100):
        things = list(range(length))
        assert [thing for index in range(3) for thing in things[Share(index, 3).of(length)]] == things


def test_a_document_needs_all_its_stages_and_goes_on_without_a_transcript() -> None:
    wanted = Wanted(pictures=True, text=True, transcript=True, last="document")
    tasks = plan(wanted, spans(1200.0, 600.0), b"info")
    stages = [task.stage for task in tasks]
    assert stages == ["slides", "slides", "pictures", "text", "text", "transcript", "document"]
    by_id = {task.task_id: task.stage for task in tasks}
    needs = [[by_id[needed] for needed in task.needs] for task in tasks]
    assert needs[2:] == [
        ["slides", "slides"],
        ["pictures"],
        ["pictures"],
        [],
        ["pictures", "text", "text", "transcript"],
    ]
    assert [task.stage for task in tasks if task.optional] == ["transcript"]


def test_slides_without_text_end_with_their_pictures() -> None:
    tasks = plan(Wanted(pictures=True, text=False, transcript=False, last="pictures"), spans(60.0, 600.0), b"")
    assert [task.stage for task in tasks] == ["slides", "pictures"]
