"""The same question over REST, as anyone with an HTTP client would ask it."""

from __future__ import annotations

import base64
import json
import urllib.request
from pathlib import Path
from typing import Any

_SECONDS = 60


def detect_faces(server: str, key: str, path: Path) -> dict[str, Any]:
    """Post a picture to /v1/faces:detect and return the JSON of the answer."""
    body = json.dumps({"image": {"content": base64.b64encode(path.read_bytes()).decode()}})
    request = urllib.request.Request(  # noqa: S310 - the address is our own
        f"{server}/v1/faces:detect",
        data=body.encode(),
        headers={"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
        decoded: dict[str, Any] = json.load(answer)
    return decoded
