"""The folder that models are kept in: by sha256, written whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sightline.common.errors import Reason, SightlineError
from sightline.common.models.catalogue import Catalogue, ModelEntry
from sightline.common.models.own import OwnModels
from sightline.common.models.sources import Archives
from sightline.common.settings import ModelSettings


class ModelStore:
    """Files of the catalogue on this machine, each under the sha256 of its content.

    Several processes may use and fill one folder at once.
    """

    def __init__(self, settings: ModelSettings, catalogue: Catalogue | None = None) -> None:
        self._folder = settings.folder
        self._allow_noncommercial = settings.allow_noncommercial
        self._given = catalogue or Catalogue.shipped()
        self.catalogue = self._given.joined(OwnModels.of(self._folder).models)

    def entry(self, name: str) -> ModelEntry:
        """Find what the catalogue says of a model; results name its name, version and sha256.

        Raises:
            SightlineError: MODEL_UNAVAILABLE where no model has that name.
        """
        return self.catalogue.entry(name)

    def path(self, name: str) -> Path:
        """Give the verified file of a model; never from the network.

        Raises:
            SightlineError: MODEL_UNAVAILABLE where the file is missing or altered, or its licence is
                refused by the settings; the message says what to do.
        """
        entry = self.entry(name)
        self._check_licence(entry)
        path = self._place(entry)
        if not path.is_file():
            raise _unavailable(entry, f"is not in {self._folder}")
        if not self.holds(entry):
            raise _unavailable(entry, "has been altered: its sha256 is not that of the catalogue")
        return path

    def has(self, entry: ModelEntry) -> bool:
        """Say whether there is a file in the place of this one, good or not."""
        return self._place(entry).is_file()

    def holds(self, entry: ModelEntry) -> bool:
        """Say whether the file is there and is what the catalogue says."""
        path = self._place(entry)
        return path.is_file() and path.stat().st_size == entry.bytes and sha256_of(path) == entry.sha256

    def fetch(
        self,
        names: Iterable[str],
        source_folder: Path | None = None,
        on_fetched: Callable[[ModelEntry], None] = lambda entry: None,
    ) -> list[Path]:
        """Get the models and packs that are missing or altered; what is there is left alone.

        Args:
            names: names of models or packs.
            source_folder: the operator's folder, looked into first (at any depth, by file name).
            on_fetched: called with each entry that is ready, for progress.

        Returns:
            The files, in the order of the names.

        Raises:
            SightlineError: MODEL_UNAVAILABLE where a licence is refused (before anything is fetched), or
                where no source gave the right file; the message lists what was tried.
        """
        entries = self.catalogue.entries(names)
        for entry in entries:
            self._check_licence(entry)
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            archives = stack.enter_context(Archives(source_folder))
            for entry in entries:
                with self._locked(entry):
                    if not self.holds(entry):
                        self._get(entry, archives)
                on_fetched(entry)
        return [self._place(entry) for entry in entries]

    def add(self, file: Path, name: str, *, version: str, licence: str, commercial: bool) -> ModelEntry:
        """Take in a model of the operator's own, so that it can be named like those of the catalogue.

        Args:
            file: an ONNX export of an Ultralytics model.
            name: what settings, requests and results are to call it.
            version: of its weights.
            licence: of its weights.
            commercial: whether that licence allows commercial use.

        Raises:
            ValueError: a model of the catalogue has that name, which results would then say of another file.
        """
        if any(entry.name == name for entry in self._given.models):
            raise ValueError(f"{name!r} is a model of the catalogue; choose another name")
        entry = ModelEntry(
            name=name,
            task="object-detection",
            version=version,
            file=file.name,
            sha256=sha256_of(file),
            bytes=file.stat().st_size,
            code_licence=licence,
            weights_licence=licence,
            commercial=commercial,
            input="as its metadata says",
            output="as its metadata says",
        )
        own = OwnModels.of(self._folder).add(entry, file, self._folder)
        self.catalogue = self.catalogue.joined(own.models)
        return entry

    def _place(self, entry: ModelEntry) -> Path:
        return self._folder / entry.sha256 / entry.file

    def _check_licence(self, entry: ModelEntry) -> None:
        if not entry.commercial and not self._allow_noncommercial:
            raise SightlineError(
                Reason.MODEL_UNAVAILABLE,
                f"the weights of {entry.name} may not be used commercially ({entry.weights_licence}); choose "
                "another model, or set allow_noncommercial (--allow-noncommercial) if your use is allowed",
            )

    @contextmanager
    def _locked(self, entry: ModelEntry) -> Iterator[None]:
        """Let one process at a time get a file; the others find it there when their turn comes."""
        with (self._folder / f".{entry.sha256}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _get(self, entry: ModelEntry, archives: Archives) -> None:
        failures = []
        for origin, read in archives.candidates(entry):
            try:
                content = read()
            except (OSError, SightlineError) as error:
                failures.append(f"{origin}: {error}")
                continue
            if hashlib.sha256(content).hexdigest() == entry.sha256:
                self._write(entry, content)
                return
            failures.append(f"{origin}: the file has another sha256 than the catalogue says")
        raise _unavailable(entry, "could not be fetched (" + "; ".join(failures or ["it has no source"]) + ")")

    def _write(self, entry: ModelEntry, content: bytes) -> None:
        place = self._place(entry)
        place.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as new:
            try:
                new.write(content)
                new.flush()
                os.fsync(new.fileno())
                Path(new.name).chmod(0o644)  # a service may run as another user than the one that fetched
                Path(new.name).replace(place)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise


def sha256_of(path: Path) -> str:
    """Hash a file without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unavailable(entry: ModelEntry, what: str) -> SightlineError:
    return SightlineError(
        Reason.MODEL_UNAVAILABLE,
        f"the file of {entry.name} ({entry.file}, sha256 {entry.sha256}) {what}; get it with "
        f"'sightline models fetch {entry.name}', or put it into a folder and name that with --from",
    )
