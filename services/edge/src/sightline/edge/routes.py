"""Which path goes where, and how long it may take: the one table of the public paths."""

from __future__ import annotations

from dataclasses import dataclass, field

from sightline.edge import bodies, downloads, headers, transcoder
from sightline.edge.options import EdgeOptions, Node, config_of, duration

CALLS = "gateway_calls"
WATCHES = "gateway_watches"

OPENAPI_PATH = "/v1/openapi.json"
HEALTH_PATH = "/healthz"
# The largest OpenAPI document that is served from a file; Envoy's own default is 4 KiB.
OPENAPI_BYTES = 4 * 1024 * 1024

# Only what was never delivered is tried again, so that nothing is done twice.
RETRY: Node = {"retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 2}


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table.

    Attributes:
        match: what of the request must fit, as Envoy's RouteMatch.
        seconds: how long the whole call may take; 0 is no limit.
        idle_seconds: how long nothing may move; 0 is no limit.
        cluster: which share of the gateway takes it.
        rest: whether it is REST, whose answers carry no headers of gRPC.
        filters: rules of filters that hold for this route alone.
        answer_headers: headers that the answer gets unless the gateway chose them.
    """

    match: Node
    seconds: float
    idle_seconds: float
    cluster: str = CALLS
    rest: bool = True
    filters: Node = field(default_factory=dict)
    answer_headers: dict[str, str] = field(default_factory=dict)


def table(options: EdgeOptions) -> list[Route]:
    """List the routes to the gateway in the order in which they are tried."""
    limits = options.limits
    return [
        # Watching: silence is no fault. A peer that is gone is found by TCP keepalive, not by a timeout.
        Route(
            _pattern(r"/v1/jobs/[^/]+:watch"), 0, 0, WATCHES,
            filters=transcoder.of_route(options, events=True),
            # Proxies in front of this one (nginx above all) would hold events back.
            answer_headers={"x-accel-buffering": "no"},
        ),
        # Bytes in and out take as long as they take, while they move.
        Route(
            {"path": "/v1/media", "headers": [_is(":method", "POST")]}, 0, limits.transfer_idle_seconds,
            filters=bodies.unlimited(),
        ),
        Route(
            _pattern(r"/v1/media/[^/]+:download"), 0, limits.transfer_idle_seconds,
            filters=downloads.announce_size(),
            # What a stranger uploaded is never shown as a page of this site; the gateway may name the file.
            answer_headers={"content-disposition": "attachment"},
        ),
        # To fetch a file from elsewhere takes longer than a call; the gateway has a bound of its own for it.
        Route({"path": "/v1/media:import"}, limits.call_idle_seconds, limits.call_idle_seconds),
        # The time of the call counts from its last byte in; a body that stalls on the way is cut by the other.
        Route({"prefix": "/v1/"}, limits.call_seconds, 1.5 * limits.call_seconds),
        Route({"path": "/sightline.v1.JobService/WatchJob"}, 0, 0, WATCHES, rest=False),
        Route({"path": "/grpc.health.v1.Health/Watch"}, 0, 0, WATCHES, rest=False),
        # Native gRPC brings its own deadline.
        *(Route({"prefix": prefix}, 0, limits.call_idle_seconds, rest=False) for prefix in _GRPC),
    ]  # fmt: skip


# The KEDA scaler and whatever else the gateway's port may serve is not for the public.
_GRPC = ("/sightline.v1.", "/grpc.health.v1.Health/", "/grpc.reflection.v1.", "/grpc.reflection.v1alpha.")


def virtual_host(options: EdgeOptions) -> Node:
    """Give every public path."""
    return {
        "name": "public",
        "domains": ["*"],
        "routes": [_openapi(options), *(_route(row) for row in table(options))],
    }


def _route(row: Route) -> Node:
    by_kind = headers.without_grpc() if row.rest else bodies.unlimited()
    action: Node = {
        "cluster": row.cluster,
        "timeout": duration(row.seconds),
        "idle_timeout": duration(row.idle_seconds),
        "retry_policy": RETRY,
    }
    if not row.rest:
        # 0 is: whatever deadline the client sends in grpc-timeout.
        action["max_stream_duration"] = {"grpc_timeout_header_max": "0s"}
    return {
        "match": row.match,
        "route": action,
        "response_headers_to_add": headers.unless_said(row.answer_headers),
        "typed_per_filter_config": {**row.filters, **by_kind},
    }


def _openapi(options: EdgeOptions) -> Node:
    return {
        "match": {"path": OPENAPI_PATH, "headers": [_is(":method", "GET")]},
        "direct_response": {"status": 200, "body": {"filename": str(options.openapi)}},
        "response_headers_to_add": headers.always(
            {"content-type": "application/json", "cache-control": "public, max-age=300"}
        ),
        "typed_per_filter_config": transcoder.off(),
    }


def _pattern(expression: str) -> Node:
    return {"safe_regex": {"regex": expression}}


def _is(name: str, value: str) -> Node:
    return {"name": name, "string_match": {"exact": value}}


def cors_policy(origins: tuple[str, ...]) -> Node:
    """Let browsers call from these origins; with none, no browser may read an answer."""
    if not origins:
        return {}
    policy = config_of(
        "extensions.filters.http.cors.v3.CorsPolicy",
        allow_origin_string_match=[{"exact": origin} for origin in origins],
        allow_methods="GET,POST,PATCH,DELETE",
        allow_headers="authorization,content-type,grpc-timeout,traceparent,x-grpc-web,x-request-id,x-user-agent",
        expose_headers="grpc-message,grpc-status,grpc-status-details-bin,retry-after,x-ratelimit-limit,"
        "x-ratelimit-remaining,x-ratelimit-reset,x-request-id",
        max_age="600",
    )
    return {"envoy.filters.http.cors": policy}
