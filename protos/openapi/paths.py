"""Methods as operations, by the path and verb that `google.api.http` gives them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from openapi import errors
from openapi.contract import Contract, Described
from openapi.rules import Schema
from openapi.schemas import Schemas

_VERBS = ("get", "post", "put", "patch", "delete")
# `{name=webhooks/*/deliveries/*}` is a variable of two parts, `{job.name=jobs/*}` one inside a message, and
# `{name=persons/*/erasureReceipt}` one of something that there is once.
_VARIABLE = re.compile(r"\{([\w.]+)=((?:[\w-]+/\*/?)+[\w-]*)\}")
_PART = re.compile(r"([\w-]+)/\*")
_BYTES = "google.api.HttpBody"
_BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb on one path, with what OpenAPI says about it."""

    path: str
    verb: str
    said: Schema


class Paths:
    """Makes operations; the schemas that they need gather in `schemas`."""

    def __init__(self, contract: Contract, schemas: Schemas) -> None:
        self._contract = contract
        self._schemas = schemas
        self._variables = dict(self._resource_variables())

    def operations(self) -> Iterator[Operation]:
        """Give every operation, service by service."""
        for service in self._contract.services:
            for method in service.parts:
                rule = self._contract.option(method.proto, "google.api.http")
                if rule is not None:
                    yield self._operation(service, method, rule)

    def _operation(self, service: Described, method: Described, rule: Any) -> Operation:
        verb = next(verb for verb in _VERBS if getattr(rule, verb))
        template = getattr(rule, verb)
        request = self._contract.messages[method.proto.input_type.lstrip(".")]
        said: Schema = {
            "tags": [service.name.rpartition(".")[2]],
            "operationId": method.name[0].lower() + method.name[1:],
            "summary": method.comment.partition(". ")[0].rstrip("."),
            "description": method.comment,
        }
        parameters = [*self._path_parameters(template), *self._query_parameters(request, template, rule.body)]
        if parameters:
            said["parameters"] = parameters
        if rule.body:
            said["requestBody"] = self._body(request, rule.body)
        named = bool(_VARIABLE.search(template))
        said["responses"] = {"200": self._answer(method.proto), **errors.references(named_resource=named)}
        return Operation(_VARIABLE.sub(self._in_path, template), verb, said)

    def _resource_variables(self) -> Iterator[tuple[str, str]]:
        """Say how one of each collection is called: `jobs` -> `job`."""
        for message in self._contract.messages.values():
            resource = self._contract.option(message.proto, "google.api.resource")
            for pattern in resource.pattern if resource is not None else ():
                collection, variable = pattern.split("/")[-2:]
                if variable.startswith("{"):
                    yield collection, variable.strip("{}")

    def _in_path(self, found: re.Match[str]) -> str:
        return _PART.sub(lambda part: f"{part[1]}/{{{self._variables[part[1]]}}}", found[2])

    def _path_parameters(self, template: str) -> Iterator[Schema]:
        for found in _VARIABLE.finditer(template):
            for collection in _PART.findall(found[2]):
                variable = self._variables[collection]
                yield {
                    "name": variable, "in": "path", "required": True, "schema": {"type": "string"},
                    "description": f"The last part of the name, of `{collection}/{{{variable}}}`.",
                }  # fmt: skip

    def _query_parameters(self, request: Described, template: str, body: str) -> Iterator[Schema]:
        if body == "*":
            return
        elsewhere = {body, *(found[1] for found in _VARIABLE.finditer(template))}
        for field in request.parts:
            if field.name in elsewhere:
                continue
            schema = self._schemas.field(field)
            yield {
                "name": field.proto.json_name, "in": "query", "required": self._schemas.is_required(field),
                "description": schema.pop("description"), "schema": schema,
            }  # fmt: skip

    def _body(self, request: Described, body: str) -> Schema:
        if body == "*":
            schema = self._schemas.reference(request.name)
        else:
            field = next(field for field in request.parts if field.name == body)
            if field.proto.type_name.lstrip(".") == _BYTES:
                return {"required": True, "description": field.comment, "content": {_BINARY: {}}}
            schema = self._schemas.reference(field.proto.type_name)
        return {"required": True, "content": {"application/json": {"schema": schema}}}

    def _answer(self, method: Any) -> Schema:
        kind = method.output_type.lstrip(".")
        if kind == _BYTES:
            text = "The bytes, with the content type that was found by looking at them."
            return {"description": text, "content": {_BINARY: {}}}
        schema = self._schemas.reference(kind)
        if method.server_streaming:
            short = kind.rpartition(".")[2]
            text = f"Server-sent events until the end: after `data: ` each is one {short} as JSON on one line."
            # OpenAPI 3.1 has no word for the schema of one event; 3.2 will call it itemSchema.
            events = {"schema": {"type": "string"}, "x-itemSchema": schema}
            return {"description": text, "content": {"text/event-stream": events}}
        return {"description": "Done.", "content": {"application/json": {"schema": schema}}}
