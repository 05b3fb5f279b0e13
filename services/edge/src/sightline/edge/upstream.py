"""The gateway as Envoy sees it: where it is, whether it is well, how much it is given at once."""

from __future__ import annotations

from sightline.edge.options import EdgeOptions, Node, config_of
from sightline.edge.routes import CALLS, WATCHES

# A peer that went without a word is noticed after about two minutes.
TCP_KEEPALIVE: Node = {"keepalive_probes": 4, "keepalive_time": 60, "keepalive_interval": 15}
# What may be on the way in one stream and in one connection before the receiver has taken it, in bytes.
STREAM_WINDOW_BYTES = 1024 * 1024
CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024
_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def clusters(options: EdgeOptions) -> list[Node]:
    """Give the gateway twice: those who only wait for news never take a place from those who call."""
    return [_gateway(options, CALLS, options.limits.calls), _gateway(options, WATCHES, options.limits.watches)]


def _gateway(options: EdgeOptions, name: str, at_once: int) -> Node:
    return {
        "name": name,
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [_endpoint(options.gateway_host, options.gateway_port)]}],
        },
        # An unhealthy replica is left out while healthy ones remain. When none remains Envoy asks them all the
        # same (its panic threshold): a gateway whose database is away says so itself, with its reason.
        "health_checks": [
            {
                "timeout": "2s",
                "interval": "2s",
                "no_traffic_interval": "5s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "grpc_health_check": {"service_name": options.health_service},
            }
        ],
        # Connections are not counted: HTTP/2 carries all calls on a few.
        "circuit_breakers": {"thresholds": [{"max_requests": at_once, "max_pending_requests": at_once}]},
        # No HTTP/2 pings: gRPC servers cut those who ping while nothing is said.
        "upstream_connection_options": {"tcp_keepalive": TCP_KEEPALIVE},
        "typed_extension_protocol_options": {_PROTOCOL: _http2()},
    }


def _http2() -> Node:
    return config_of(
        "extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config={
            "http2_protocol_options": {
                "initial_stream_window_size": STREAM_WINDOW_BYTES,
                "initial_connection_window_size": CONNECTION_WINDOW_BYTES,
            }
        },
    )


def _endpoint(host: str, port: int) -> Node:
    return {"endpoint": {"address": {"socket_address": {"address": host, "port_value": port}}}}
