"""The one public port: HTTP/1.1 and HTTP/2, plain or TLS, and the order of what looks at a request."""

from __future__ import annotations

from sightline.edge import bodies, downloads, headers, replies, routes, transcoder
from sightline.edge.options import EdgeOptions, Node, TlsFiles, config_of, duration, typed
from sightline.edge.upstream import CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES, TCP_KEEPALIVE

_MANAGER = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_REQUEST_ID = "extensions.request_id.uuid.v3.UuidRequestIdConfig"
_FILTERS = "extensions.filters.http"


def public(options: EdgeOptions) -> Node:
    """Give the listener."""
    manager = typed("envoy.filters.network.http_connection_manager", _MANAGER, **_manager(options))
    chain: Node = {"filters": [manager]}
    if options.tls:
        chain["transport_socket"] = _tls(options.tls)
    return {
        "name": "public",
        "address": {"socket_address": {"address": options.listen_host, "port_value": options.listen_port}},
        "per_connection_buffer_limit_bytes": STREAM_WINDOW_BYTES,
        "tcp_keepalive": TCP_KEEPALIVE,
        "filter_chains": [chain],
    }


def _manager(options: EdgeOptions) -> Node:
    limits = options.limits
    return {
        "stat_prefix": "public",
        # HTTP/2 without TLS is known by its preface, so gRPC and REST share the port.
        "codec_type": "AUTO",
        "http_filters": _filters(options),
        "route_config": {
            "name": "public",
            "max_direct_response_body_size_bytes": routes.OPENAPI_BYTES,
            "typed_per_filter_config": routes.cors_policy(options.cors_origins),
            "virtual_hosts": [routes.virtual_host(options)],
        },
        "local_reply_config": replies.config(),
        "access_log": [_access_log()] if options.access_log else [],
        **_trust(),
        **_paths(),
        "stream_idle_timeout": duration(limits.transfer_idle_seconds),
        "request_headers_timeout": duration(limits.header_seconds),
        "max_request_headers_kb": limits.header_kib,
        "common_http_protocol_options": {
            "idle_timeout": duration(limits.connection_idle_seconds),
            "max_headers_count": limits.header_count,
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 256,
            "initial_stream_window_size": STREAM_WINDOW_BYTES,
            "initial_connection_window_size": CONNECTION_WINDOW_BYTES,
            "connection_keepalive": {"interval": "60s", "timeout": "20s"},
        },
    }


def _trust() -> Node:
    """Believe the socket and nothing that a client writes; give every call an id that both sides can name."""
    return {
        "use_remote_address": True,
        "skip_xff_append": True,
        "internal_address_config": {"cidr_ranges": []},
        "server_header_transformation": "PASS_THROUGH",
        "generate_request_id": True,
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        "request_id_extension": {"typed_config": config_of(_REQUEST_ID, pack_trace_reason=False)},
    }


def _paths() -> Node:
    """Give every path one spelling before a route is chosen."""
    return {
        "normalize_path": True,
        "merge_slashes": True,
        # A name with %2F in it is the name of nothing, and the gateway says so.
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
    }


def _filters(options: EdgeOptions) -> list[Node]:
    return [
        headers.http_filter(tls=options.tls is not None),
        typed(
            "envoy.filters.http.health_check",
            f"{_FILTERS}.health_check.v3.HealthCheck",
            # Envoy's own: it fails while Envoy drains, whatever the gateway does.
            pass_through_mode=False,
            headers=[{"name": ":path", "string_match": {"exact": routes.HEALTH_PATH}}],
        ),
        typed("envoy.filters.http.cors", f"{_FILTERS}.cors.v3.Cors"),
        typed("envoy.filters.http.grpc_web", f"{_FILTERS}.grpc_web.v3.GrpcWeb"),
        bodies.http_filter(options.limits),
        downloads.http_filter(),
        transcoder.http_filter(options),
        typed("envoy.filters.http.router", f"{_FILTERS}.router.v3.Router", suppress_envoy_headers=True),
    ]


def _tls(files: TlsFiles) -> Node:
    pair = {"certificate_chain": {"filename": str(files.certificate)}, "private_key": {"filename": str(files.key)}}
    common: Node = {
        "tls_certificates": [pair],
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "alpn_protocols": ["h2", "http/1.1"],
    }
    if files.client_ca:
        common["validation_context"] = {"trusted_ca": {"filename": str(files.client_ca)}}
    return typed(
        "envoy.transport_sockets.tls",
        "extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context=common,
        require_client_certificate=files.client_ca is not None,
    )


def _access_log() -> Node:
    # No query: what a client calls its files is nobody's business.
    line = {
        "time": "%START_TIME%",
        "method": "%REQ(X-ENVOY-ORIGINAL-METHOD?:METHOD)%",
        "path": "%PATH(NQ:ORIG_OR_PATH)%",
        "protocol": "%PROTOCOL%",
        "code": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "received_bytes": "%BYTES_RECEIVED%",
        "sent_bytes": "%BYTES_SENT%",
        "duration_ms": "%DURATION%",
        "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
        "request_id": "%REQ(X-REQUEST-ID)%",
    }
    return typed(
        "envoy.access_loggers.stdout",
        "extensions.access_loggers.stream.v3.StdoutAccessLog",
        log_format={"json_format": line},
    )
