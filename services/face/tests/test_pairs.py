"""Margins: pairs of one person and of two, on real photographs and on what happens to photographs.

The figures that the thresholds rest on (300 pairs: the same person 0.75 on average and 0.41 at least, different people
0.01 on average and 0.23 at the 99th percentile) were measured on photographs that are not at hand; these few have to
fit them.
"""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest

from sightline.common.media import Image, decode_image
from sightline.common.models import ModelStore
from sightline.common.settings import MediaLimits
from sightline.face.analysis import Face, FaceAnalyzer, similarity

SAME = ("obama-1", "obama-2", "obama-3")


@pytest.fixture(scope="module")
def photographs(model_store: ModelStore, group: Image) -> dict[str, Image]:
    """Three of one man, and one of another; the other six people are those of `group`."""
    model_store.fetch(["pairs"])
    single = {name: decode_image(model_store.path(name).read_bytes(), MediaLimits()) for name in (*SAME, "biden")}
    return {**single, "group": group}


@pytest.fixture(scope="module")
def faces(analyzer: FaceAnalyzer, photographs: dict[str, Image]) -> dict[str, Face]:
    """Every face by a name of its own, embedded."""
    return {
        f"{name}/{place}": face
        for name, image in photographs.items()
        for place, face in enumerate(analyzer.embed(image))
    }


def person(name: str) -> str:
    return "obama" if name.startswith("obama") else name


def worn(image: Image) -> Image:
    """Half the size, mirrored, darker, and saved badly."""
    half = cv2.resize(image.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", cv2.flip(half // 3 * 2, 1), [cv2.IMWRITE_JPEG_QUALITY, 30])[1].tobytes()
    return decode_image(data, MediaLimits())


def test_ten_faces_of_eight_people_are_found(faces: dict[str, Face]) -> None:
    assert len(faces) == 10
    assert len({person(name) for name in faces}) == 8


def test_photographs_of_one_person_are_alike(analyzer: FaceAnalyzer, faces: dict[str, Face]) -> None:
    same = [similarity(faces[f"{one}/0"], faces[f"{other}/0"]) for one, other in combinations(SAME, 2)]
    assert analyzer.thresholds.ordinary + 0.2 < min(same)
    assert np.mean(same) == pytest.approx(0.75, abs=0.1)


def test_photographs_of_different_people_are_not(analyzer: FaceAnalyzer, faces: dict[str, Face]) -> None:
    different = [
        similarity(faces[one], faces[other]) for one, other in combinations(faces, 2) if person(one) != person(other)
    ]
    assert len(different) == 42
    assert max(different) < analyzer.thresholds.ordinary - 0.05
    assert np.mean(different) == pytest.approx(0.01, abs=0.05)
    assert np.percentile(different, 95) < 0.23


def test_the_margin_holds_for_photographs_that_have_been_through_much(
    analyzer: FaceAnalyzer, photographs: dict[str, Image], faces: dict[str, Face]
) -> None:
    again = {name: analyzer.embed(worn(photographs[name]))[0] for name in (*SAME, "biden")}
    for name, face in again.items():
        for other, fresh in faces.items():
            alike = similarity(face, fresh)
            if person(name) == person(other.split("/", 1)[0]):
                assert alike > 0.41
            else:
                assert alike < analyzer.thresholds.ordinary - 0.05
