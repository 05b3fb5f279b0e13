"""The whole configuration of Envoy, written to a file that Envoy reads once."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import yaml

from sightline.edge import listener, upstream
from sightline.edge.options import EdgeOptions, Limits, Node, typed

# What the admin port answers to: reading, and what a drain needs. Nothing that stops the process or changes it.
ADMIN_PATHS = (
    "/ready", "/stats", "/stats/prometheus", "/clusters", "/listeners", "/server_info",
    "/drain_listeners", "/healthcheck/fail",
)  # fmt: skip


def write_config(folder: Path, options: EdgeOptions) -> Path:
    """Write the configuration of a public door.

    Args:
        folder: where `envoy.yaml` is written; made if it is not there.
        options: what is chosen.

    Returns:
        The file to start Envoy with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "envoy.yaml"
    file.write_text(yaml.dump(build_config(options), Dumper=_Plain, sort_keys=False, width=110))
    return file


def build_config(options: EdgeOptions) -> Node:
    """Give the whole configuration as Envoy's Bootstrap message."""
    return {
        "admin": {
            "address": {"socket_address": {"address": options.admin_host, "port_value": options.admin_port}},
            "allow_paths": [{"exact": path} for path in ADMIN_PATHS],
        },
        "static_resources": {
            "listeners": [listener.public(options)],
            "clusters": upstream.clusters(options),
        },
        "overload_manager": _overload(options.limits),
    }


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


def contract_file(name: str) -> Path:
    """Find a file that was made from the protos beside the Python code of the contract.

    Raises:
        FileNotFoundError: it was not made; `make protos` makes it.
    """
    file = Path(str(resources.files("sightline.v1") / name))
    if not file.is_file():
        raise FileNotFoundError(f"{name} was not made from the protos; run 'make protos'")
    return file


class _Plain(yaml.SafeDumper):
    """A dumper without anchors: Envoy reads them, people do not."""

    def ignore_aliases(self, data: object) -> bool:
        return True
