"""The whole OpenAPI document."""

from __future__ import annotations

from collections import defaultdict

from openapi import errors
from openapi.contract import Contract
from openapi.paths import Paths
from openapi.rules import Schema
from openapi.schemas import Schemas

DESCRIPTION = (
    "Pictures and video into structured facts: faces, objects, slides, text and speech. "
    "Work is durable: create a job, watch it, read its results. Fields are written in lowerCamelCase and read in "
    "that form or as the protos write them; whole numbers of 64 bits are strings; unknown query parameters are "
    "refused. docs/rest.md has examples."
)


def document(descriptor_set: bytes, version: str) -> Schema:
    """Describe the REST form of the contract.

    Args:
        descriptor_set: a FileDescriptorSet with imports and source info.
        version: of the contract's package.

    Returns:
        An OpenAPI 3.1 document, in the same order for the same input.
    """
    contract = Contract(descriptor_set)
    schemas = Schemas(contract)
    schemas.components[errors.STATUS] = errors.status_schema(contract)
    paths: defaultdict[str, Schema] = defaultdict(dict)
    for operation in Paths(contract, schemas).operations():
        paths[operation.path][operation.verb] = operation.said
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sightline",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": s.name.rpartition(".")[2], "description": s.comment} for s in contract.services],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key of Sightline."}},
            "responses": errors.responses(),
            "schemas": dict(sorted(schemas.components.items())),
        },
    }
