"""What a result says of its film, where the header of the film says less than its pictures."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from sightline.common.media.saying import seconds
from sightline.common.media.video import VideoInfo
from sightline.common.worker import Task
from sightline.extract.packing import pack
from sightline.extract.slides import Slide
from sightline.extract.slides.slide import WHOLE
from sightline.extract.stages.lectures import film_facts


@pytest.mark.parametrize(("said", "told"), [(0.0, 31.5), (22.0, 31.5), (40.0, 40.0)])
def test_a_film_is_no_shorter_than_what_it_shows(said: float, told: float) -> None:
    info = VideoInfo("matroska,webm", "vp8", 640, 360, 25.0, said, 1)
    task = cast(Task, SimpleNamespace(claim=SimpleNamespace(input=pack(info))))
    slides = [Slide(1, ((0.0, 5.0), (9.0, 31.5)), 4.0, WHOLE, 0), Slide(2, ((5.0, 9.0),), 8.0, WHOLE, 0)]
    assert seconds(film_facts(task, slides).duration) == told
    assert seconds(film_facts(task, []).duration) == said
