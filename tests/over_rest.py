"""Files and jobs over plain HTTP, as anyone with an HTTP client has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx


def uploaded(rest: httpx.Client, path: Path) -> str:
    """Upload a file; returns its name."""
    answer = rest.post("/v1/media", params={"display_name": path.name}, content=path.read_bytes())
    assert answer.status_code == 200, answer.text
    return str(answer.json()["name"])


def done(rest: httpx.Client, spec: dict[str, Any]) -> dict[str, Any]:
    """Create a job, watch it to its end, and give its one result."""
    job = rest.post("/v1/jobs", json={"spec": spec}).json()
    with rest.stream("GET", f"/v1/{job['name']}:watch", timeout=180) as events:
        lines = [line for line in events.iter_lines() if line.startswith("data:")]
    ended = json.loads(lines[-1].removeprefix("data:"))["job"]
    assert ended["state"] == "STATE_SUCCEEDED", ended
    (result,) = rest.get(f"/v1/{job['name']}/results").json()["results"]
    return dict(result)
