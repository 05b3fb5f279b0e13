"""Quality, calibrated on real faces that are made small, blurred, turned and tilted by code."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from insightface.utils.face_align import arcface_dst

from sightline.common.media import Image, decode_image
from sightline.common.models import ModelStore
from sightline.common.settings import MediaLimits
from sightline.face import messages
from sightline.face.analysis import Face, FaceAnalyzer
from sightline.face.quality import Quality, assess

ENROLLED = 0.5


@pytest.fixture(scope="module")
def faces(analyzer: FaceAnalyzer, solvay: Image) -> list[Face]:
    """29 sharp faces of 70 to 90 pixels, all more or less frontal."""
    return analyzer.detect(solvay)


def quality_of(face: Face) -> Quality:
    assert face.quality is not None
    return face.quality


def scaled(image: Image, face: Face, scale: float) -> Quality:
    pixels = cv2.resize(image.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return assess(np.asarray(pixels, np.uint8), face.landmarks * np.float32(scale))


def blurred(image: Image, face: Face, eyes: float) -> Quality:
    """Blur by a share of the distance between the eyes."""
    pixels = cv2.GaussianBlur(image.pixels, (0, 0), eyes * quality_of(face).eye_distance_px)
    return assess(np.asarray(pixels, np.uint8), face.landmarks)


def tilted(image: Image, face: Face, degrees: float) -> Quality:
    """Turn the picture clockwise around the face."""
    nose = (float(face.landmarks[2, 0]), float(face.landmarks[2, 1]))
    turn = cv2.getRotationMatrix2D(nose, -degrees, 1.0)
    pixels = cv2.warpAffine(image.pixels, turn, image.pixels.shape[1::-1])
    return assess(np.asarray(pixels, np.uint8), np.asarray(face.landmarks @ turn[:, :2].T + turn[:, 2], np.float32))


def test_sharp_frontal_faces_of_sixty_pixels_and_more_are_good(solvay: Image, faces: list[Face]) -> None:
    assert min(quality_of(face).score for face in faces) > 0.8
    for face in faces[::4]:
        sixty = 60 / (face.box[2] - face.box[0])
        assert scaled(solvay, face, sixty).score > 0.8


@pytest.mark.parametrize(("scale", "most"), [(0.33, 0.45), (0.25, 0.25), (0.1, 0.0)])
def test_tiny_faces_are_not(scale: float, most: float, solvay: Image, faces: list[Face]) -> None:
    assert max(scaled(solvay, face, scale).score for face in faces[::4]) <= most


@pytest.mark.parametrize(("eyes", "most"), [(0.08, 0.45), (0.12, 0.3), (0.2, 0.25)])
def test_blurred_faces_are_not(eyes: float, most: float, solvay: Image, faces: list[Face]) -> None:
    assert max(blurred(solvay, face, eyes).score for face in faces[::4]) < most


def test_more_blur_is_never_better(solvay: Image, faces: list[Face]) -> None:
    for face in faces[::9]:
        scores = [blurred(solvay, face, eyes).score for eyes in (0.02, 0.04, 0.08, 0.16)]
        assert scores == sorted(scores, reverse=True)


def test_blur_is_seen_in_the_dark_and_in_a_large_face_too(portrait: Image, analyzer: FaceAnalyzer) -> None:
    (face,) = analyzer.detect(portrait)
    assert quality_of(face).score > 0.9
    dark = Image(portrait.pixels // 3, portrait.width_px, portrait.height_px, portrait.format)
    assert blurred(dark, face, 0.12).score < ENROLLED < assess(dark.pixels, face.landmarks).score


@pytest.mark.parametrize("degrees", [-90, -30, 30, 90])
def test_a_tilted_head_is_measured_and_lowers_the_score_less_than_blur(
    degrees: float, solvay: Image, faces: list[Face]
) -> None:
    face = faces[0]
    seen = tilted(solvay, face, degrees)
    assert seen.roll_degrees - quality_of(face).roll_degrees == pytest.approx(degrees, abs=1)
    assert seen.yaw_degrees == pytest.approx(quality_of(face).yaw_degrees, abs=1)
    assert seen.score > (0.8 if abs(degrees) <= 30 else 0.4)


def turned(degrees: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Landmarks of a head in space that is turned to the side; depths as shares of half the eyes' distance."""
    flat = np.asarray(arcface_dst, np.float64)
    middle, half = flat[:2, 0].mean(), (flat[1, 0] - flat[0, 0]) / 2
    depth = np.array([0.0, 0.0, 1.15, 0.3, 0.3]) * half
    angle = math.radians(degrees)
    across = middle + (flat[:, 0] - middle) * math.cos(angle) + depth * math.sin(angle)
    return np.stack([across, flat[:, 1]], axis=1).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 10, 25, 45, 60])
def test_a_turned_head_is_measured(degrees: float) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (112, 112, 3), np.uint8)
    for way in (degrees, -degrees):
        seen = assess(pixels, turned(way))
        assert seen.yaw_degrees == pytest.approx(degrees, abs=2)
        assert seen.roll_degrees == pytest.approx(0, abs=1)
    frontal = assess(pixels, turned(0)).score
    assert frontal > 0.9
    assert (assess(pixels, turned(degrees)).score < ENROLLED) == (degrees >= 45)


def test_the_man_who_looks_to_the_side_is_the_worst_of_six(group: Image, analyzer: FaceAnalyzer) -> None:
    worst, *others = sorted((quality_of(face) for face in analyzer.detect(group)), key=lambda one: one.score)
    assert worst.score < ENROLLED
    assert worst.yaw_degrees > 35
    assert min(other.score for other in others) > 0.7


def test_a_picture_decoded_small_tells_size_in_pixels_of_the_original(
    analyzer: FaceAnalyzer, model_store: ModelStore, faces: list[Face]
) -> None:
    data = model_store.path("solvay-1927").read_bytes()
    small = decode_image(data, MediaLimits(), needed_side_px=640)
    found = analyzer.detect(small)
    eyes = [quality_of(face).eye_distance_px for face in found]
    assert min(eyes) > 30
    assert max(eyes) < 50
    assert min(quality_of(face).score for face in found) > 0.8


def test_grain_is_not_taken_for_detail(solvay: Image, faces: list[Face]) -> None:
    face = faces[5]
    soft = cv2.GaussianBlur(solvay.pixels, (0, 0), 0.12 * quality_of(face).eye_distance_px).astype(np.float32)
    grain = np.random.default_rng(0).normal(0, 5, soft.shape)
    assert assess(np.clip(soft + grain, 0, 255).astype(np.uint8), face.landmarks).score < ENROLLED


def test_landmarks_in_one_point_are_of_no_quality(blank: Image) -> None:
    assert assess(blank.pixels, np.full((5, 2), 50, np.float32)).score == 0


def test_a_face_without_any_detail_is_of_no_quality(blank: Image) -> None:
    assert assess(blank.pixels, np.asarray(arcface_dst, np.float32)).score == 0


def test_every_face_of_a_message_says_its_quality(analyzer: FaceAnalyzer, group: Image) -> None:
    for faces in (analyzer.detect(group), analyzer.embed(group)):
        message = messages.detect_result(faces, group, analyzer.detector, analyzer.embedder)
        assert [face.quality.score for face in message.faces] == pytest.approx([quality_of(one).score for one in faces])
        assert all(face.quality.eye_distance_px > 25 and face.quality.sharpness > 0.5 for face in message.faces)


def test_it_costs_little(solvay: Image, faces: list[Face]) -> None:
    def seconds(work: Callable[[], object]) -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    # Of processor time; 0.3 ms here, where a second look of the detector at the smallest size takes ten times as much.
    assert min(seconds(lambda: [assess(solvay.pixels, face.landmarks) for face in faces]) for _ in range(5)) < 0.06
