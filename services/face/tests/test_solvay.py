"""The photograph of the 1927 Solvay conference, at default settings."""

from __future__ import annotations

import numpy as np
import pytest

from sightline.common.media import Image, decode_image
from sightline.common.media.geometry import intersection_over_union
from sightline.common.models import ModelStore
from sightline.common.settings import MediaLimits
from sightline.face.analysis import DetectOptions, Face, FaceAnalyzer

Truth = dict[str, tuple[float, float, float, float]]


def found_of(truth: Truth, faces: list[Face]) -> set[str]:
    """Name the people whose box is overlapped by half or more by a face that overlaps nobody's more."""
    best = {max(truth, key=lambda name: intersection_over_union(truth[name], face.box)): face for face in faces}
    return {name for name, face in best.items() if intersection_over_union(truth[name], face.box) >= 0.5}


def test_the_truth_has_twenty_nine_people_in_places_of_their_own(solvay_truth: Truth) -> None:
    assert len(solvay_truth) == 29
    boxes = list(solvay_truth.values())
    assert all(intersection_over_union(a, b) == 0 for a in boxes for b in boxes if a is not b)


def test_nearly_everybody_is_found_and_nobody_else(analyzer: FaceAnalyzer, solvay: Image, solvay_truth: Truth) -> None:
    faces = analyzer.detect(solvay)
    assert len(found_of(solvay_truth, faces)) >= 27
    assert len(faces) <= 29


def test_a_picture_decoded_no_larger_than_needed_gives_the_same_people_in_original_pixels(
    analyzer: FaceAnalyzer, model_store: ModelStore, solvay_truth: Truth
) -> None:
    data = model_store.path("solvay-1927").read_bytes()
    small = decode_image(data, MediaLimits(), needed_side_px=analyzer.needed_side_px(embeddings=False))
    assert max(small.pixels.shape[:2]) < 1000
    assert len(found_of(solvay_truth, analyzer.detect(small))) >= 27


def test_the_largest_face_comes_first_and_as_many_as_asked_for(analyzer: FaceAnalyzer, solvay: Image) -> None:
    areas = [face.area_px for face in analyzer.detect(solvay)]
    assert areas == sorted(areas, reverse=True)
    assert [face.area_px for face in analyzer.detect(solvay, DetectOptions(max_faces=3))] == areas[:3]


def test_a_higher_score_leaves_fewer_faces(analyzer: FaceAnalyzer, solvay: Image) -> None:
    sure = analyzer.detect(solvay, DetectOptions(min_score=0.82))
    assert 0 < len(sure) < 29
    assert all(face.score >= 0.82 for face in sure)


def test_landmarks_lie_where_eyes_nose_and_mouth_are(analyzer: FaceAnalyzer, solvay: Image) -> None:
    for face in analyzer.detect(solvay):
        left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
        assert left_eye[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < max(left_mouth[1], right_mouth[1])
        left, top, right, bottom = face.box
        assert ((face.landmarks >= (left, top)) & (face.landmarks <= (right, bottom))).all()


def test_grey_faces_of_1927_are_told_apart_at_the_strict_threshold(analyzer: FaceAnalyzer, solvay: Image) -> None:
    faces = analyzer.embed(solvay)
    assert all(face.weak for face in faces)
    embeddings = np.stack([face.embedding for face in faces if face.embedding is not None])
    assert embeddings.shape == (len(faces), 512)
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx(np.ones(len(faces)), abs=1e-5)
    alike = embeddings @ embeddings.T
    strangers = alike[np.triu_indices(len(faces), 1)]
    assert analyzer.embedder.thresholds is not None
    assert strangers.max() < analyzer.embedder.thresholds.strict
