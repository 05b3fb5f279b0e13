"""What Envoy says when it answers in the gateway's place: the same errors, with reasons of the same table."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from sightline.common.errors import TABLE, Reason
from sightline.edge.options import Node, typed

DOMAIN = "sightline.dev"
_CEL = "envoy.access_loggers.extension_filters.cel"
_CEL_KIND = "extensions.access_loggers.filters.cel.v3.ExpressionFilter"
# What Envoy itself says about a request that it cannot translate names the field or the place in the JSON.
ITS_OWN_WORDS = "%LOCAL_REPLY_BODY%"
NOT_UNDERSTOOD = f"The request can't be understood: {ITS_OWN_WORDS}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One of Envoy's own errors.

    Attributes:
        when: the status, or the detail (as in Envoy's access log), that it is known by.
        reason: what it is in our table.
        message: the sentence for the client.
        at_least: whether every status from `when` on is meant.
        retry_seconds: when to come back; 0 says nothing.
        grpc_reason: what it is to a gRPC client, if details can be told to it.
    """

    when: int | str
    reason: Reason
    message: str
    at_least: bool = False
    retry_seconds: int = 0
    grpc_reason: Reason | None = None


TOO_MUCH = "The server has too much to do at once."
AWAY = "The gateway can't be reached."

# Details of Envoy's answers. Source: Envoy's documentation, "Response Code Details".
CIRCUIT_BREAKER = "upstream_reset_before_response_started{overflow}"
SHORT_OF_MEMORY = "overload"
LEAVING = "health_check_failed"

# The first that fits is taken.
REPLIES = (
    Reply(CIRCUIT_BREAKER, Reason.OVERLOADED, TOO_MUCH, retry_seconds=1, grpc_reason=Reason.OVERLOADED),
    Reply(SHORT_OF_MEMORY, Reason.OVERLOADED, TOO_MUCH, retry_seconds=1, grpc_reason=Reason.OVERLOADED),
    Reply(LEAVING, Reason.DRAINING, "This door is closing.", retry_seconds=1),
    Reply(404, Reason.NOT_FOUND, "There is no such path; /v1/openapi.json lists them.",
          grpc_reason=Reason.METHOD_NOT_FOUND),
    Reply(408, Reason.DEADLINE_EXCEEDED, "The request took too long to arrive."),
    Reply(413, Reason.MEDIA_TOO_LARGE,
          "The body is too large for JSON; upload the file to /v1/media and name it in the request."),
    Reply(431, Reason.INVALID_ARGUMENT, "The headers are too large."),
    Reply(504, Reason.DEADLINE_EXCEEDED, "The answer took too long; create a job instead."),
    Reply(503, Reason.SERVICE_UNAVAILABLE, AWAY, retry_seconds=1, grpc_reason=Reason.SERVICE_UNAVAILABLE),
    Reply(502, Reason.SERVICE_UNAVAILABLE, AWAY, retry_seconds=1, grpc_reason=Reason.SERVICE_UNAVAILABLE),
    Reply(500, Reason.INTERNAL, "The request could not be passed on.", at_least=True),
    Reply(400, Reason.INVALID_ARGUMENT, NOT_UNDERSTOOD, at_least=True),
)  # fmt: skip


def config() -> Node:
    """Give Envoy the words of every error that it makes itself."""
    mappers = [mapper for reply in REPLIES for mapper in (_grpc(reply), _rest(reply))]
    return {"mappers": mappers}


def _rest(reply: Reply) -> Node:
    body = status_json(reply)
    retry = [_header("retry-after", str(reply.retry_seconds))] if reply.retry_seconds else []
    return {
        "filter": _when(reply),
        "body_format_override": {"json_format": body, "content_type": "application/json"},
        "headers_to_add": retry,
    }


def _grpc(reply: Reply) -> Node:
    """Write the same error for a native gRPC call: its message is plain text, its details are a header."""
    message = reply.message if reply.grpc_reason else ITS_OWN_WORDS
    details = [_header("grpc-status-details-bin", details_header(reply))] if reply.grpc_reason else []
    return {
        "filter": {"and_filter": {"filters": [_when(reply), *_NATIVE_GRPC]}},
        "body_format_override": {"text_format_source": {"inline_string": message}},
        "headers_to_add": details,
    }


def status_json(reply: Reply) -> Node:
    """Write the error as `google.rpc.Status` in JSON."""
    details: list[Node] = [_detail("ErrorInfo", reason=reply.reason.value, domain=DOMAIN)]
    if reply.retry_seconds:
        details.append(_detail("RetryInfo", retryDelay=f"{reply.retry_seconds}s"))
    return {"code": TABLE[reply.reason].grpc_code, "message": reply.message, "details": details}


def details_header(reply: Reply) -> str:
    """Write the error as the header `grpc-status-details-bin`."""
    reason = reply.grpc_reason or reply.reason
    status = status_pb2.Status(code=TABLE[reason].grpc_code, message=reply.message)
    _pack(status, error_details_pb2.ErrorInfo(reason=reason.value, domain=DOMAIN))
    if reply.retry_seconds:
        delay = duration_pb2.Duration(seconds=reply.retry_seconds)
        _pack(status, error_details_pb2.RetryInfo(retry_delay=delay))
    return base64.b64encode(status.SerializeToString(deterministic=True)).decode().rstrip("=")


def _pack(status: status_pb2.Status, detail: error_details_pb2.ErrorInfo | error_details_pb2.RetryInfo) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)


def _detail(kind: str, **fields: str) -> Node:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **fields}


def _when(reply: Reply) -> Node:
    if isinstance(reply.when, str):
        return {"extension_filter": typed(_CEL, _CEL_KIND, expression=f"response.code_details == '{reply.when}'")}
    operator = "GE" if reply.at_least else "EQ"
    # Envoy wants a name under which the number could be changed while it runs; nothing changes it.
    value = {"default_value": reply.when, "runtime_key": f"sightline.reply.{reply.when}"}
    return {"status_code_filter": {"comparison": {"op": operator, "value": value}}}


# A REST call looks like gRPC once it is translated, but for the path that it came with.
_NATIVE_GRPC: list[Node] = [
    {"header_filter": {"header": {"name": "content-type", "string_match": {"prefix": "application/grpc"}}}},
    {"header_filter": {"header": {"name": "x-envoy-original-path", "present_match": False}}},
]


def _header(name: str, value: str) -> Node:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
