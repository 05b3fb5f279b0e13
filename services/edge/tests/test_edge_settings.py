"""What the settings of the door become."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml


def _run(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sightline.edge"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_a_folder_is_written_that_an_envoy_elsewhere_can_run_from(tmp_path: Path) -> None:
    certificate = {"certificate": "/tls/tls.crt", "key": "/tls/tls.key"}
    done = _run(
        EDGE_FOLDER=str(tmp_path), EDGE_GATEWAY_HOST="gateway.media.svc", EDGE_LISTEN_PORT="8443",
        EDGE_TLS=json.dumps(certificate), EDGE_CORS_ORIGINS='["https://app.example.org"]',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "envoy.yaml").read_text()
    config = yaml.safe_load(written)
    assert config["static_resources"]["listeners"][0]["address"]["socket_address"] == {
        "address": "0.0.0.0",
        "port_value": 8443,
    }
    assert all(word in written for word in ("gateway.media.svc", "/tls/tls.key", "https://app.example.org"))
    assert str(tmp_path / "sightline.binpb") in written
    assert json.loads((tmp_path / "openapi.json").read_text())["info"]["title"] == "Sightline"


def test_a_setting_that_does_not_exist_is_refused_by_its_name(tmp_path: Path) -> None:
    done = _run(EDGE_FOLDER=str(tmp_path), EDGE_GATEWAY_HOST="gateway", EDGE_COLOUR="red")
    assert (done.returncode, "EDGE_COLOUR" in done.stderr) == (2, True)
