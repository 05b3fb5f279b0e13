"""People over REST: names of one, two and three parts, fields that are changed by PATCH, pictures in bodies."""

from __future__ import annotations

import base64

import httpx
from backend import JOB_ID, Backend

from sightline.v1.geometry_pb2 import NormalizedBox

NAME = f"persons/{JOB_ID}"
PICTURE = {"content": base64.b64encode(b"a picture").decode()}


def test_a_person_is_created_from_a_body_that_is_the_person(rest: httpx.Client, backend: Backend) -> None:
    body = {"displayName": "Marie", "consent": "form 7", "purpose": "the door", "collection": "staff"}
    answer = rest.post(f"/v1/persons?requestId={JOB_ID}", json=body)
    assert (answer.status_code, answer.json()["name"], answer.json()["faceCount"]) == (200, NAME, 0)
    assert (backend.last.request_id, backend.last.person.collection) == (JOB_ID, "staff")


def test_a_person_without_a_ground_is_refused_and_told_why(rest: httpx.Client) -> None:
    answer = rest.post("/v1/persons", json={"displayName": "Marie"})
    assert answer.status_code == 400
    assert "consent" in answer.text


def test_a_patch_changes_a_person(rest: httpx.Client, backend: Backend) -> None:
    answer = rest.patch(f"/v1/{NAME}?updateMask=purpose,expireTime", json={"purpose": "visits"})
    assert answer.json()["purpose"] == "visits"
    assert list(backend.last.update_mask.paths) == ["purpose", "expire_time"]


def test_people_of_a_collection_and_faces_of_a_person_are_listed(rest: httpx.Client, backend: Backend) -> None:
    assert rest.get("/v1/persons?collection=-&pageSize=3").json()["persons"] == []
    assert (backend.last.collection, backend.last.page_size) == ("-", 3)
    assert rest.get(f"/v1/{NAME}/faces").json()["faces"] == []
    assert backend.last.parent == NAME


def test_a_face_is_enrolled_from_a_picture_in_the_body(rest: httpx.Client, backend: Backend) -> None:
    body = {"image": PICTURE, "box": {"left": 0.25, "right": 0.5, "bottom": 0.5}}
    answer = rest.post(f"/v1/{NAME}:addFace", json=body)
    assert answer.json()["face"]["name"] == f"{NAME}/faces/{JOB_ID}"
    assert (backend.last.person, backend.last.image.content) == (NAME, b"a picture")
    assert backend.last.box == NormalizedBox(left=0.25, right=0.5, bottom=0.5)


def test_a_face_is_erased_by_its_name_of_two_parts(rest: httpx.Client, backend: Backend) -> None:
    assert rest.delete(f"/v1/{NAME}/faces/{JOB_ID}").status_code == 200
    assert backend.last.name == f"{NAME}/faces/{JOB_ID}"


def test_a_search_carries_its_picture(rest: httpx.Client, backend: Backend) -> None:
    answer = rest.post("/v1/persons:search", json={"image": PICTURE, "minSimilarity": 0})
    assert answer.json()["matches"] == []
    assert backend.last.HasField("min_similarity")


def test_an_erasure_answers_with_its_receipt_which_can_be_read_again(rest: httpx.Client, backend: Backend) -> None:
    assert rest.delete(f"/v1/{NAME}?eraseSources=false").json()["person"] == NAME
    assert backend.last.HasField("erase_sources")
    receipt = rest.get(f"/v1/{NAME}/erasureReceipt").json()
    assert (receipt["person"], receipt["cause"]) == (NAME, "CAUSE_REQUEST")
    assert backend.last.name == f"{NAME}/erasureReceipt"
