"""Let the real promtool judge the alerts of the chart: python tests/chart/judge_alerts.py PROMTOOL.

No package registry carries it (apt does: `prometheus`), so that no other target needs it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from prometheus_client import generate_latest
from rendering import ROOT, objects

from sightline.common.telemetry import Metrics


def main(promtool: str) -> int:
    """Check the rules, run their cases, check the metrics; give the worst status."""
    (rule,) = [one for one in objects("production") if one["kind"] == "PrometheusRule"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": rule["spec"]["groups"]}))
        cases = Path(shutil.copy(ROOT / "tests/chart/alerts.test.yaml", folder))
        checked = _run(promtool, "check", "rules", str(folder / "rules.yaml"))
        tested = _run(promtool, "test", "rules", str(cases))
    metrics = Metrics()
    metrics.observe_process("tests", "0")
    return max(checked, tested, _run(promtool, "check", "metrics", page=generate_latest(metrics.registry)))


def _run(*command: str, page: bytes | None = None) -> int:
    return subprocess.run(command, check=False, input=page).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
