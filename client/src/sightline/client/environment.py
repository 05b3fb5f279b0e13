"""Where the server is and which key to use, as the environment says; read only when it is asked for."""

from __future__ import annotations

import os

from sightline.client.address import DEFAULT_SERVER

SERVER_VARIABLE = "SIGHTLINE_SERVER"
KEY_VARIABLE = "SIGHTLINE_KEY"


def read_environment() -> tuple[str, str | None]:
    """Give the server and the key."""
    return os.environ.get(SERVER_VARIABLE) or DEFAULT_SERVER, os.environ.get(KEY_VARIABLE) or None
