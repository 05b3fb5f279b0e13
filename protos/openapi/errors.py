"""The errors of REST: one shape, and the reasons that programs act on."""

from __future__ import annotations

from openapi.contract import PACKAGE, Contract
from openapi.rules import Schema

STATUS = "google.rpc.Status"
_PREFIX = "ERROR_REASON_"
_RETRY = {
    "Retry-After": {
        "description": "Whole seconds to wait before the same request may succeed.",
        "schema": {"type": "integer", "minimum": 0},
    }
}
# Those that every client has to handle, by status code; whether they say when to come back.
_NAMED = {
    "400": ("The request breaks the contract, or the media can't be analysed; `details` names what.", False),
    "401": ("The key is missing, unknown or revoked.", False),
    "403": ("The key may not do this.", False),
    "404": ("There is no such resource for this key.", False),
    "409": ("The resource is not what the request takes it for.", False),
    "429": ("A quota is used up or a queue is full.", True),
    "503": ("Something is away for the moment.", True),
    "default": ("Any other error.", False),
}


def responses() -> dict[str, Schema]:
    """Give the responses that operations refer to."""
    return {_key(code): _response(text, retry=retry) for code, (text, retry) in _NAMED.items()}


def references(*, named_resource: bool) -> dict[str, Schema]:
    """Give the errors of one operation; 404 and 409 need a resource that is named."""
    codes = [code for code in _NAMED if named_resource or code not in ("404", "409")]
    return {code: {"$ref": f"#/components/responses/{_key(code)}"} for code in codes}


def status_schema(contract: Contract) -> Schema:
    """Describe `google.rpc.Status` and the ErrorInfo that is always in it."""
    reasons = contract.enums[f"{PACKAGE}.ErrorReason"]
    named = [(value.name.removeprefix(_PREFIX), value.comment) for value in reasons.parts[1:]]
    listed = "".join(f"\n- `{name}`: {comment}" for name, comment in named)
    info: Schema = {
        "type": "object",
        "description": "google.rpc.ErrorInfo: exactly one in every error.",
        "required": ["@type", "reason", "domain"],
        "properties": {
            "@type": {"const": "type.googleapis.com/google.rpc.ErrorInfo"},
            "reason": {"type": "string", "description": f"{reasons.comment}\n{listed}", "examples": [named[0][0]]},
            "domain": {"const": "sightline.dev"},
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
    other: Schema = {
        "type": "object",
        "description": "BadRequest, RetryInfo, QuotaFailure or ResourceInfo of google.rpc.",
        "required": ["@type"],
        "properties": {"@type": {"type": "string"}},
    }
    return {
        "type": "object",
        "description": "An error.",
        "required": ["code", "message", "details"],
        "properties": {
            "code": {"type": "integer", "format": "int32", "description": "The number of google.rpc.Code."},
            "message": {"type": "string", "description": "What happened and what to do, for people."},
            "details": {
                "type": "array",
                "description": "One ErrorInfo for programs, and what else is known.",
                "items": {"anyOf": [info, other]},
            },
        },
    }


def _key(code: str) -> str:
    return f"Error{code.capitalize()}"


def _response(text: str, *, retry: bool) -> Schema:
    schema = {"$ref": f"#/components/schemas/{STATUS}"}
    response: Schema = {"description": text, "content": {"application/json": {"schema": schema}}}
    return {**response, "headers": _RETRY} if retry else response
