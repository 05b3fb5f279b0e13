"""What REST answers is what the OpenAPI document promises."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from backend import JOB, MEDIA, Backend
from edges import Edge
from openapi_schema_validator import OAS31Validator

from sightline.common.errors import InvalidRequest, Reason, SightlineError, TemporarilyAway

FAILURES = [
    SightlineError(Reason.INTERNAL, "Something broke", metadata={"request_id": "1"}),
    TemporarilyAway(Reason.STATE_UNAVAILABLE, "The database is away"),
    InvalidRequest("A field is wrong"),
]


@pytest.fixture(scope="module")
def document(edge: Edge) -> Any:
    return httpx.get(f"{edge.url}/v1/openapi.json").json()


def validate(document: Any, schema_name: str, answer: httpx.Response) -> None:
    schema = {"$ref": f"#/components/schemas/{schema_name}", "components": document["components"]}
    OAS31Validator(schema, format_checker=OAS31Validator.FORMAT_CHECKER).validate(answer.json())


@pytest.mark.parametrize(
    ("path", "schema_name"),
    [(f"/v1/{JOB}", "Job"), ("/v1/jobs", "ListJobsResponse"), (f"/v1/{MEDIA}", "Media")],
)
def test_answers_have_the_form_that_is_promised(rest: httpx.Client, document: Any, path: str, schema_name: str) -> None:
    validate(document, schema_name, rest.get(path))


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.reason)
def test_errors_have_the_form_that_is_promised(
    rest: httpx.Client, backend: Backend, document: Any, failure: Exception
) -> None:
    backend.failure = failure
    validate(document, "google.rpc.Status", rest.get(f"/v1/{JOB}"))


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/jobs?what=1"])
def test_envoys_own_errors_have_the_form_that_is_promised(rest: httpx.Client, document: Any, path: str) -> None:
    validate(document, "google.rpc.Status", rest.get(path))
