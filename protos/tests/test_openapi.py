"""The OpenAPI document says what the contract says, in the form that tools read."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import ServiceDescriptor
from openapi_spec_validator import OpenAPIV31SpecValidator

from sightline.v1 import (
    errors_pb2,
    extract_service_pb2,
    face_service_pb2,
    job_service_pb2,
    media_service_pb2,
    object_service_pb2,
    person_service_pb2,
    schedule_service_pb2,
    usage_service_pb2,
    webhook_service_pb2,
)

FILES = (
    extract_service_pb2, face_service_pb2, job_service_pb2, media_service_pb2, object_service_pb2, person_service_pb2,
    schedule_service_pb2, usage_service_pb2, webhook_service_pb2,
)  # fmt: skip
SERVICES: list[ServiceDescriptor] = [s for file in FILES for s in file.DESCRIPTOR.services_by_name.values()]


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads((resources.files("sightline.v1") / "openapi.json").read_text())


def operations(document: Any) -> dict[str, Any]:
    return {said["operationId"]: said for verbs in document["paths"].values() for said in verbs.values()}


def test_it_is_valid_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_every_public_method_is_one_operation(document: Any) -> None:
    public = [m.name for s in SERVICES for m in s.methods if m.GetOptions().HasExtension(annotations_pb2.http)]
    assert sorted(operations(document)) == sorted(name[0].lower() + name[1:] for name in public)


def test_everything_is_described(document: Any) -> None:
    for said in operations(document).values():
        assert said["description"].strip()
    for name, schema in document["components"]["schemas"].items():
        assert schema["description"].strip(), name
        for field, form in schema.get("properties", {}).items():
            assert form.get("description", "").strip(), f"{name}.{field}"


def test_a_resource_is_named_in_the_path_by_its_own_word(document: Any) -> None:
    watch = document["paths"]["/v1/jobs/{job}:watch"]["get"]
    names = {(parameter["in"], parameter["name"]) for parameter in watch["parameters"]}
    assert names == {("path", "job"), ("query", "afterSequence")}


def test_what_there_is_once_has_its_word_at_the_end_of_the_path(document: Any) -> None:
    receipt = document["paths"]["/v1/persons/{person}/erasureReceipt"]["get"]
    assert [(one["in"], one["name"]) for one in receipt["parameters"]] == [("path", "person")]


def test_bounds_and_behavior_of_fields_are_told(document: Any) -> None:
    job = document["components"]["schemas"]["Job"]
    assert job["required"] == ["spec"]
    assert job["properties"]["state"]["readOnly"]
    assert job["properties"]["name"]["readOnly"]
    priority = job["properties"]["priority"]
    assert (priority["minimum"], priority["maximum"]) == (0, 10)
    labels = job["properties"]["labels"]
    assert labels["maxProperties"] == 64
    assert labels["additionalProperties"] == {"type": "string", "maxLength": 63}
    assert re.match(labels["propertyNames"]["pattern"], "film")


def test_exactly_one_kind_of_analysis_is_asked_for(document: Any) -> None:
    (choice,) = document["components"]["schemas"]["JobSpec"]["allOf"]
    assert {"required": ["detectFaces"]} in choice["oneOf"]


def test_times_and_long_numbers_are_what_json_makes_of_them(document: Any) -> None:
    media = document["components"]["schemas"]["Media"]["properties"]
    assert media["sizeBytes"]["type"] == "string"
    assert media["createTime"]["format"] == "date-time"
    content = document["components"]["schemas"]["ImageSource"]["properties"]["content"]
    assert content["contentEncoding"] == "base64"
    assert content["maxLength"] >= 32 * 2**20 * 4 / 3


def test_files_are_bytes_and_watching_is_events(document: Any) -> None:
    said = operations(document)
    assert list(said["uploadMedia"]["requestBody"]["content"]) == ["application/octet-stream"]
    assert list(said["downloadMedia"]["responses"]["200"]["content"]) == ["application/octet-stream"]
    events = said["watchJob"]["responses"]["200"]["content"]["text/event-stream"]
    assert events["x-itemSchema"] == {"$ref": "#/components/schemas/JobEvent"}


def test_every_operation_wants_a_key_and_names_its_errors(document: Any) -> None:
    assert document["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for name, said in operations(document).items():
        assert {"400", "401", "403", "429", "503", "default"} <= set(said["responses"]), name
    responses = document["components"]["responses"]
    assert "Retry-After" in responses["Error429"]["headers"]
    assert "Retry-After" in responses["Error503"]["headers"]


def test_every_reason_is_explained(document: Any) -> None:
    text = json.dumps(document["components"]["schemas"]["google.rpc.Status"])
    for name in errors_pb2.ErrorReason.keys()[1:]:
        assert f"`{name.removeprefix('ERROR_REASON_')}`" in text
