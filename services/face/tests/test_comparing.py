"""The same person and different people, and what a verdict rests on."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.errors import InvalidRequest, MediaRejected, Reason
from sightline.common.media import Image
from sightline.face.analysis import DetectOptions, Face, FaceAnalyzer, similarity

Pixels = NDArray[np.uint8]


def changed(image: Image, change: Callable[[Pixels], object]) -> Image:
    pixels = np.asarray(change(image.pixels), np.uint8)
    return Image(pixels, pixels.shape[1], pixels.shape[0], image.format)


def mirrored(pixels: Pixels) -> object:
    return cv2.flip(pixels, 1)


def smaller(pixels: Pixels) -> object:
    return cv2.resize(pixels, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)


def darker(pixels: Pixels) -> object:
    return pixels // 2


def worn(pixels: Pixels) -> object:
    return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 25])[1], cv2.IMREAD_COLOR_BGR)


def by_place(faces: list[Face], *, backwards: bool = False) -> list[Face]:
    return sorted(faces, key=lambda face: face.box[0], reverse=backwards)


@pytest.mark.parametrize("change", [mirrored, smaller, darker, worn])
def test_each_of_six_people_is_most_like_themselves(
    change: Callable[[Pixels], object], analyzer: FaceAnalyzer, group: Image
) -> None:
    people = by_place(analyzer.embed(group))
    again = by_place(analyzer.embed(changed(group, change)), backwards=change is mirrored)
    assert len(people) == len(again) == 6
    alike = np.array([[similarity(one, other) for other in again] for one in people])
    assert analyzer.embedder.thresholds is not None
    ordinary = analyzer.embedder.thresholds.ordinary
    assert alike.diagonal().min() > ordinary + 0.2
    assert alike[~np.eye(6, dtype=bool)].max() < ordinary


def test_large_faces_in_colour_are_held_to_the_ordinary_threshold(analyzer: FaceAnalyzer, portrait: Image) -> None:
    assert analyzer.embedder.thresholds is not None
    same = analyzer.compare(portrait, changed(portrait, mirrored))
    assert same.same_person
    assert same.similarity > 0.6
    assert same.threshold == analyzer.embedder.thresholds.ordinary


def test_small_or_grey_faces_are_held_to_the_strict_threshold(
    analyzer: FaceAnalyzer, portrait: Image, solvay: Image
) -> None:
    assert analyzer.embedder.thresholds is not None
    different = analyzer.compare(portrait, solvay)
    assert not different.same_person
    assert different.threshold == analyzer.embedder.thresholds.strict
    tiny = changed(portrait, lambda pixels: cv2.resize(pixels, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA))
    assert analyzer.compare(tiny, tiny).threshold == analyzer.embedder.thresholds.strict


def test_a_threshold_of_the_callers_own_decides(analyzer: FaceAnalyzer, portrait: Image, group: Image) -> None:
    assert analyzer.compare(portrait, group, threshold=-1.0).same_person
    assert not analyzer.compare(portrait, group, threshold=1.0).same_person


def test_a_picture_without_a_face_is_refused_by_name(analyzer: FaceAnalyzer, portrait: Image, blank: Image) -> None:
    with pytest.raises(MediaRejected, match="second picture") as refused:
        analyzer.compare(portrait, blank)
    assert refused.value.reason is Reason.FACE_NOT_FOUND
    assert analyzer.detect(blank) == analyzer.embed(blank) == []


@pytest.mark.parametrize("threshold", [-1.01, 1.01, float("nan")])
def test_a_threshold_out_of_range_is_refused(threshold: float, analyzer: FaceAnalyzer, portrait: Image) -> None:
    with pytest.raises(InvalidRequest):
        analyzer.compare(portrait, portrait, threshold)


@pytest.mark.parametrize("values", [{"min_score": 1.1}, {"min_score": -0.1}, {"max_faces": -1}, {"max_faces": 1001}])
def test_options_out_of_range_are_refused_by_field(values: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        DetectOptions(**values)  # type: ignore[arg-type]
    assert [violation.field for violation in refused.value.violations] == [f"options.{next(iter(values))}"]
