"""The JSON keeps to its schema, and is the same every time."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources

import jsonschema
import pytest

from sightline.extract.document import Lecture, data_json
from sightline.extract.text import Kind


@pytest.fixture(scope="module")
def schema() -> dict:
    return json.loads(resources.files("sightline.extract.document").joinpath("schema.json").read_text("utf-8"))


def test_everything_is_told_by_the_schema(lecture: Lecture, schema: dict) -> None:
    data = json.loads(data_json(lecture))
    jsonschema.Draft202012Validator(schema).validate(data)
    assert data["title"] == lecture.title
    assert [slide["title"] for slide in data["slides"]] == [page.title for page in lecture.pages]
    first = data["slides"][0]
    assert first["ranges"] == [{"start": 0.0, "end": 5.0}, {"start": 3600.25, "end": 3700.0}]
    assert first["lines"][0] == {
        "text": "On means (and ends)",
        "score": 0.99,
        "box": [0.0625, 0.074074, 0.729167, 0.166667],
    }
    assert len(data["transcript"]) == 3


def test_a_transcript_that_is_missing_differs_from_silence(lecture: Lecture, schema: dict) -> None:
    for speech, told in ((None, None), ((), [])):
        data = json.loads(data_json(replace(lecture, speech=speech)))
        jsonschema.Draft202012Validator(schema).validate(data)
        assert data["transcript"] == told


def test_the_same_lecture_gives_the_same_text(lecture: Lecture) -> None:
    assert data_json(lecture) == data_json(replace(lecture))


def test_the_schema_knows_every_kind_of_slide(schema: dict) -> None:
    assert schema["$defs"]["slide"]["properties"]["kind"]["enum"] == ["", *Kind]
