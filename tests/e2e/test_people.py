"""People through the whole system, with the real models: those of the group photograph, by crops of it."""

from __future__ import annotations

import base64
import io
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image, ImageEnhance

from sightline.client import MediaRejected, NotFound, Sightline
from sightline.v1.geometry_pb2 import NormalizedBox
from sightline.v1.person_pb2 import Person

# Large and frontal enough to be told by.
ENROLLED = ["Einstein", "Curie", "Lorentz", "Planck", "Bohr", "Pauli"]
GROUND = {"consent": "a photograph of 1927", "purpose": "a test"}
COLLECTION = "solvay"
Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def boxes(pytestconfig: pytest.Config) -> dict[str, Box]:
    truth = pytestconfig.rootpath / "services" / "face" / "tests" / "solvay_1927.toml"
    return {name: tuple(box) for name, box in tomllib.loads(truth.read_text())["faces"].items()}


@pytest.fixture(scope="module")
def photograph(solvay: Path) -> Image.Image:
    with Image.open(solvay) as opened:
        return opened.convert("RGB")


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def portrait(photograph: Image.Image, box: Box, margin: float = 0.5) -> Image.Image:
    """One head with some room around it."""
    left, top, right, bottom = box
    x, y = margin * (right - left), margin * (bottom - top)
    return photograph.crop((round(left - x), round(top - y), round(right + x), round(bottom + y)))


def another(picture: Image.Image) -> Image.Image:
    """The same head as another camera might have it: tilted, darker, with other pixels and a coarser JPEG."""
    turned = picture.rotate(6, Image.Resampling.BICUBIC, fillcolor=(90, 90, 90))
    larger = turned.resize((round(turned.width * 1.3), round(turned.height * 1.3)))
    return ImageEnhance.Brightness(larger).enhance(0.8)


@pytest.fixture(scope="module")
def enrolled(sightline: Sightline, photograph: Image.Image, boxes: dict[str, Box]) -> Iterator[dict[str, Person]]:
    people = {name: sightline.people.create(name, **GROUND, collection=COLLECTION) for name in ENROLLED}
    for name, person in people.items():
        face = sightline.people.add_face(person, jpeg(portrait(photograph, boxes[name])))
        assert face.face.quality.score >= 0.5
        assert len(face.model.sha256) == 64
    yield people
    for person in people.values():
        sightline.people.delete(person)


def test_each_is_named_in_another_picture_and_a_stranger_is_not(
    sightline: Sightline, photograph: Image.Image, boxes: dict[str, Box], enrolled: dict[str, Person]
) -> None:
    for name in ENROLLED:
        answer = sightline.people.search(jpeg(another(portrait(photograph, boxes[name])), 60), COLLECTION, max_faces=1)
        assert [one.display_name for one in answer.matches[0].candidates][:1] == [name], answer
    for stranger in ("Schroedinger", "Dirac", "Langevin"):
        answer = sightline.people.search(jpeg(portrait(photograph, boxes[stranger])), COLLECTION, max_faces=1)
        assert [one.display_name for one in answer.matches[0].candidates] == []


def test_in_the_whole_photograph_those_and_only_those_are_named_where_they_are(
    sightline: Sightline, solvay: Path, boxes: dict[str, Box], enrolled: dict[str, Person]
) -> None:
    answer = sightline.people.search(solvay, COLLECTION)
    assert len(answer.matches) >= 27
    size = answer.image_size
    named = {}
    for match in answer.matches:
        for one in match.candidates[:1]:
            box = match.face.box
            named[one.display_name] = (
                (box.left + box.right) / 2 * size.width_px,
                (box.top + box.bottom) / 2 * size.height_px,
            )
    assert set(named) == set(ENROLLED)
    for name, (x, y) in named.items():
        left, top, right, bottom = boxes[name]
        assert left <= x <= right, name
        assert top <= y <= bottom, name


def test_a_face_of_the_photograph_is_enrolled_by_its_box_and_a_poor_one_is_refused(
    sightline: Sightline, solvay: Path, photograph: Image.Image, boxes: dict[str, Box]
) -> None:
    person = sightline.people.create("Dirac", **GROUND, collection="by-box")
    with pytest.raises(MediaRejected) as doubtful:
        sightline.people.add_face(person, solvay)
    assert doubtful.value.reason == "FACE_AMBIGUOUS"
    left, top, right, bottom = boxes["Dirac"]
    width, height = photograph.size
    box = NormalizedBox(left=left / width, top=top / height, right=right / width, bottom=bottom / height)
    sightline.people.add_face(person, solvay, box=box)
    answer = sightline.people.search(jpeg(portrait(photograph, boxes["Dirac"])), "by-box", max_faces=1)
    assert answer.matches[0].candidates[0].person == person.name
    head = portrait(photograph, boxes["Dirac"])
    tiny = head.resize((head.width // 5, head.height // 5)).resize(head.size)
    with pytest.raises(MediaRejected) as poor:
        sightline.people.add_face(person, jpeg(tiny))
    assert poor.value.reason in ("FACE_BLURRED", "FACE_NOT_FOUND")
    assert sightline.people.delete(person).erased_vectors == 1
    with pytest.raises(NotFound):
        sightline.people.get(person)


def test_rest_enrols_finds_and_erases_too(rest: httpx.Client, photograph: Image.Image, boxes: dict[str, Box]) -> None:
    image = {"content": base64.b64encode(jpeg(portrait(photograph, boxes["Curie"]))).decode()}
    body = {"displayName": "Marie", **GROUND, "collection": "rest"}
    name = rest.post("/v1/persons", json=body).raise_for_status().json()["name"]
    added = rest.post(f"/v1/{name}:addFace", json={"image": image}).raise_for_status().json()
    assert added["face"]["name"].startswith(f"{name}/faces/")
    found = rest.post("/v1/persons:search", json={"image": image, "collection": "rest"}).raise_for_status().json()
    assert found["matches"][0]["candidates"][0]["displayName"] == "Marie"
    assert rest.delete(f"/v1/{name}").raise_for_status().json()["erasedVectors"] == 1
    assert rest.get(f"/v1/{name}/erasureReceipt").raise_for_status().json()["person"] == name
    assert rest.get(f"/v1/{name}").status_code == 404
