"""List what an image holds as CycloneDX, from its lock: build/sbom/bin/python images/contents.py IMAGE FILE.

These are the Python packages with the hashes that they are installed by; what the base brings is in the attestation
that `make images ARGS=--push` adds.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
# What the images run on; both kinds of processor have the same packages, as other wheels.
_PLACE = {
    "sys_platform": "linux",
    "python_version": "3.11",
    "python_full_version": "3.11.14",
    "platform_machine": "x86_64",
}
_ENTRY = re.compile(r"^(\w[^\\\n]*)\\?\n(?: +--hash=.*\n)*", re.MULTILINE)


def main(image: str, file: Path) -> None:
    """Write the list."""
    entries = _ENTRY.finditer((ROOT / f"requirements/{image}.lock").read_text())
    done = subprocess.run(  # noqa: S603 - the tool of this environment
        [
            str(Path(sys.executable).parent / "cyclonedx-py"),
            *("requirements", "-", "--output-reproducible", "--spec-version", "1.6"),
        ],
        input="".join(entry[0] for entry in entries if _installed(entry[1])),
        text=True,
        capture_output=True,
        check=True,
    )
    listed = json.loads(done.stdout)
    listed["metadata"]["component"] = {
        "type": "container",
        "bom-ref": f"sightline-{image}",
        "name": f"sightline-{image}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    file.write_text(json.dumps(listed, indent=2, sort_keys=True) + "\n")


def _installed(requirement: str) -> bool:
    marker = Requirement(requirement).marker
    return marker is None or marker.evaluate(_PLACE)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
