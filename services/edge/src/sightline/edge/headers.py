"""The headers that are set, taken away and never believed."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.edge.options import Node, config_of, typed

NAME = "envoy.filters.http.header_mutation"
_KIND = "extensions.filters.http.header_mutation.v3.HeaderMutation"
_PER_ROUTE = "extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute"

# An API serves no pages: nothing may be run, framed, guessed or kept of what it answers.
SECURITY = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-site",
    "referrer-policy": "no-referrer",
}
CLIENT_ADDRESS = "x-client-address"
# What a client says about the way it came: replaced by what the socket says.
HEARSAY = ("x-forwarded-for", "x-real-ip", "forwarded", "x-forwarded-host")
# By the first our processes tell each other who asks; by the second Envoy is told about timeouts and retries.
INTERNAL_PREFIXES = ("x-sightline-", "x-envoy-")
GRPC_ONLY = (
    "grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-accept-encoding", "grpc-encoding",
)  # fmt: skip


def http_filter(*, tls: bool) -> Node:
    """Give the filter that stands first, so that even Envoy's own errors get the headers."""
    answer = {**SECURITY, **({"strict-transport-security": "max-age=31536000"} if tls else {})}
    return typed(
        NAME,
        _KIND,
        mutations={
            "request_mutations": [
                *({"remove": name} for name in HEARSAY),
                *({"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in INTERNAL_PREFIXES),
                _set(CLIENT_ADDRESS, "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"),
            ],
            "response_mutations": [
                *(_set(name, value) for name, value in answer.items()),
                {"remove": "x-envoy-upstream-healthchecked-cluster"},
                # A route may say otherwise; what the API answers is not to be kept.
                _set("cache-control", "no-store", "ADD_IF_ABSENT"),
            ],
        },
    )


def without_grpc() -> Node:
    """Take from REST answers what only means something to gRPC."""
    mutations = {"response_mutations": [{"remove": name} for name in GRPC_ONLY]}
    return {NAME: config_of(_PER_ROUTE, mutations=mutations)}


def unless_said(values: Mapping[str, str]) -> list[Node]:
    """Give the answers of one route headers that the gateway may choose itself."""
    return [_option(name, value, "ADD_IF_ABSENT") for name, value in values.items()]


def always(values: Mapping[str, str]) -> list[Node]:
    """Give the answers of one route these headers, whatever was in them."""
    return [_option(name, value, "OVERWRITE_IF_EXISTS_OR_ADD") for name, value in values.items()]


def _set(name: str, value: str, action: str = "OVERWRITE_IF_EXISTS_OR_ADD") -> Node:
    return {"append": _option(name, value, action)}


def _option(name: str, value: str, action: str) -> Node:
    return {"header": {"key": name, "value": value}, "append_action": action}
