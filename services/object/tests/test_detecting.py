"""Real pictures through real models."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sightline.common.errors import InvalidRequest, Reason, SightlineError
from sightline.common.media import Image
from sightline.object.detector import Detector
from sightline.object.options import DetectOptions

Take = Callable[[str], Image]


def test_it_sees_what_is_there_and_nothing_where_there_is_nothing(
    detector: Detector, take: Take, seen: dict[str, dict[str, str | None]]
) -> None:
    for name, expected in seen[detector.identity.name].items():
        objects = detector.detect(take(name), DetectOptions())
        assert (objects[0].class_name if objects else None) == expected, name


def test_boxes_lie_in_the_picture_and_the_surest_comes_first(detector: Detector, take: Take) -> None:
    image = take("astronaut")
    objects = detector.detect(image, DetectOptions(min_score=0.01))
    assert [one.score for one in objects] == sorted((one.score for one in objects), reverse=True)
    for one in objects:
        left, top, right, bottom = one.box
        assert 0 <= left < right <= image.width_px
        assert 0 <= top < bottom <= image.height_px
        assert 0.01 <= one.score <= 1


def test_the_options_choose_among_the_same_objects(detector: Detector, take: Take) -> None:
    image = take("astronaut")
    name = detector.detect(image, DetectOptions())[0].class_name
    every = detector.detect(image, DetectOptions(min_score=0.05))
    of_class = detector.detect(image, DetectOptions(min_score=0.05, classes=(name,)))
    assert [one.box for one in of_class] == [one.box for one in every if one.class_name == name]
    assert [one.box for one in detector.detect(image, DetectOptions(min_score=0.05, max_objects=1))] == [every[0].box]
    many = detector.detect(image, DetectOptions(min_score=0.05, max_overlap=1.0))
    few = detector.detect(image, DetectOptions(min_score=0.05, max_overlap=0.0))
    assert len(few) <= len(every) <= len(many)


def test_a_class_that_it_does_not_know_is_refused_with_those_that_it_knows(detector: Detector, take: Take) -> None:
    with pytest.raises(InvalidRequest, match=detector.head.names[0]) as refused:
        detector.detect(take("astronaut"), DetectOptions(classes=("unicorn",)))
    assert refused.value.violations[0].field == "options.classes"


def test_a_model_of_one_size_refuses_another(detector: Detector, take: Take) -> None:
    with pytest.raises(InvalidRequest, match="only"):
        detector.detect(take("astronaut"), DetectOptions(image_side_px=512))
    own = detector.detect(take("astronaut"), DetectOptions(image_side_px=detector.head.height_px))
    assert own[0].box == detector.detect(take("astronaut"), DetectOptions())[0].box


@pytest.mark.parametrize(("width_px", "height_px"), [(1, 1), (3000, 16), (16, 3000), (641, 639)])
def test_a_picture_of_any_shape_is_looked_at(
    width_px: int, height_px: int, default_detector: Detector, as_image: Callable[..., Image]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height_px, width_px, 3), np.uint8)
    for one in default_detector.detect(as_image(pixels), DetectOptions(min_score=0.0, max_objects=1000)):
        assert one.box[2] <= width_px
        assert one.box[3] <= height_px


def test_callers_from_many_threads_get_what_one_gets(default_detector: Detector, take: Take) -> None:
    image = take("astronaut")
    alone = [(one.box, one.score) for one in default_detector.detect(image, DetectOptions())]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda _: default_detector.detect(image, DetectOptions()), range(4)))
    assert all([(one.box, one.score) for one in objects] == alone for objects in together)


def test_who_waits_too_long_for_a_session_is_told_to_come_back(default_detector: Detector) -> None:
    model = default_detector._model
    pool = model._pool
    pool._wait_seconds, patience = 0.01, pool._wait_seconds
    try:
        with pool.session(), pool.session(), pytest.raises(SightlineError) as refused:
            model.run(np.zeros((640, 640, 3), np.uint8))
    finally:
        pool._wait_seconds = patience
    assert refused.value.reason is Reason.OVERLOADED
    assert refused.value.retryable


@pytest.mark.parametrize(
    "values", [{"min_score": 1.1}, {"max_overlap": -0.1}, {"max_objects": 1001}, {"image_side_px": -1}]
)
def test_options_out_of_range_are_refused_by_field(values: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        DetectOptions(**values)  # type: ignore[arg-type]
    assert [violation.field for violation in refused.value.violations] == [f"options.{next(iter(values))}"]
