"""Every form of an Ultralytics head is told by its shape and read to the same objects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sightline.object.head import Candidates, Head
from sightline.object.letterbox import on_canvas
from sightline.object.suppression import without_overlap

METADATA = {"task": "detect", "names": "{0: 'cat', 1: 'dog'}", "stride": "32", "imgsz": "[640, 640]"}
POSE = {**METADATA, "task": "pose", "names": "{0: 'person'}", "kpt_shape": "[17, 3]"}
SEGMENT = {**METADATA, "task": "segment"}
INPUT = (1, 3, 640, 640)


@pytest.mark.parametrize(
    ("metadata", "outputs", "end_to_end"),
    [
        (METADATA, [(1, 6, 8400)], False),
        (METADATA, [(1, 300, 6)], True),
        (METADATA, [("batch", 6, "anchors")], False),
        ({**METADATA, "end2end": "True"}, [("batch", "objects", "numbers")], True),
        ({**METADATA, "args": "{'nms': True}"}, [("batch", "objects", "numbers")], True),
        ({**METADATA, "args": "{'nms': False}"}, [("batch", "numbers", "anchors")], False),
        (SEGMENT, [(1, 38, 8400), (1, 32, 160, 160)], False),
        (SEGMENT, [(1, 300, 38), (1, 32, 160, 160)], True),
        (POSE, [(1, 56, 8400)], False),
        (POSE, [(1, 300, 57)], True),
    ],
)
def test_the_shape_says_whether_overlaps_are_dropped_inside(
    metadata: dict[str, str], outputs: list[tuple[int | str, ...]], end_to_end: bool
) -> None:
    assert Head.of(metadata, INPUT, outputs).end_to_end is end_to_end


def test_a_free_side_is_told_from_a_fixed_one() -> None:
    assert not Head.of(METADATA, INPUT, [(1, 6, 8400)]).free
    assert Head.of(METADATA, ("batch", 3, "height", "width"), [("batch", 6, "anchors")]).free


@pytest.mark.parametrize(
    ("metadata", "words"),
    [({}, "no Ultralytics export"), ({**METADATA, "task": "classify"}, "not served"), (SEGMENT, "prototypes")],
)
def test_what_can_not_be_served_is_refused_at_the_start(metadata: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Head.of(metadata, INPUT, [(1, 6, 8400)])


def test_both_forms_of_a_head_say_the_same_objects() -> None:
    raw, ended = (Head.of(METADATA, INPUT, [shape]) for shape in ((1, 6, 3), (1, 300, 6)))
    anchors = np.array([[100, 300, 50], [100, 300, 50], [40, 60, 10], [20, 30, 10], [0.9, 0.1, 0.2], [0.3, 0.8, 0.1]])
    rows = np.array([[80, 90, 120, 110, 0.9, 0], [270, 285, 330, 315, 0.8, 1], [0, 0, 0, 0, 0, 0]])
    one = raw.read(anchors.astype(np.float32), 0.25)
    other = ended.read(rows.astype(np.float32), 0.25)
    assert np.array_equal(one.boxes, other.boxes)
    assert np.array_equal(one.scores, other.scores)
    assert one.classes.tolist() == other.classes.tolist() == [0, 1]


@given(st.integers(1, 2000), st.integers(1, 2000), st.booleans())
def test_points_come_back_from_the_canvas_to_where_they_were(width_px: int, height_px: int, tight: bool) -> None:
    canvas, place = on_canvas(np.zeros((height_px, width_px, 3), np.uint8), 320, 320, 32, tight=tight)
    assert max(canvas.shape[:2]) == 320
    assert not tight or all(side % 32 == 0 for side in canvas.shape[:2])
    corners = np.array([[0, 0], [width_px, height_px]], np.float32)
    gain = np.array([place.gain_x, place.gain_y], np.float32)
    on = corners * gain + np.array([place.left_px, place.top_px], np.float32)
    assert np.abs(place.points(on) - corners).max() <= 1e-3 * max(width_px, height_px)


def candidates(boxes: NDArray[np.float32], scores: NDArray[np.float32], classes: NDArray[np.int64]) -> Candidates:
    return Candidates(boxes, scores, classes, np.arange(len(scores), dtype=np.float32)[:, None])


def overlap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    left, top = np.maximum(one[:2], other[:2])
    right, bottom = np.minimum(one[2:], other[2:])
    shared = max(right - left, 0) * max(bottom - top, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return float(shared / (sum(areas) - shared))


@given(arrays(np.float32, (12, 4), elements=st.floats(1, 100, width=32)), st.integers(0, 2**32 - 1))
def test_what_is_kept_does_not_overlap_and_what_is_dropped_does(corners: NDArray[np.float32], seed: int) -> None:
    generator = np.random.default_rng(seed)
    boxes = np.concatenate([corners[:, :2], corners[:, :2] + corners[:, 2:]], axis=1)
    given_all = candidates(boxes, generator.random(12).astype(np.float32), generator.integers(0, 2, 12))
    kept = without_overlap(given_all, 0.5, 1000)
    assert kept.scores.tolist() == sorted(kept.scores.tolist(), reverse=True)
    for index in range(12):
        surer = [
            overlap(boxes[index], box)
            for box, score, name in zip(kept.boxes, kept.scores, kept.classes, strict=True)
            if name == given_all.classes[index] and score > given_all.scores[index]
        ]
        is_kept = index in kept.extras
        assert is_kept == (max(surer, default=0.0) <= 0.5 + 1e-4) or abs(max(surer) - 0.5) < 1e-4


def test_objects_of_two_classes_may_lie_in_one_place() -> None:
    box = np.array([[10, 10, 50, 50]] * 3, np.float32)
    kept = without_overlap(candidates(box, np.array([0.9, 0.8, 0.7], np.float32), np.array([0, 1, 0])), 0.5, 10)
    assert kept.classes.tolist() == [0, 1]
