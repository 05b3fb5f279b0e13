"""The operator's own models: files that were exported or trained here, added to the catalogue of one folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from sightline.common.models.catalogue import ModelEntry

_FILE = "own.json"


class OwnModels(BaseModel):
    """What the file of own models holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[ModelEntry, ...] = ()

    @classmethod
    def of(cls, folder: Path) -> OwnModels:
        """Read the own models of a folder; none where nothing was ever added.

        Raises:
            pydantic.ValidationError: the file is not what `add` writes.
        """
        file = folder / _FILE
        return cls.model_validate_json(file.read_bytes()) if file.is_file() else cls()

    def add(self, entry: ModelEntry, file: Path, folder: Path) -> OwnModels:
        """Copy a file into the folder and write its entry down; one of the same name is replaced."""
        place = folder / entry.sha256 / entry.file
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place.with_suffix(".new"))
        place.with_suffix(".new").replace(place)
        added = OwnModels(models=(*(one for one in self.models if one.name != entry.name), entry))
        new = folder / f"{_FILE}.new"
        new.write_text(added.model_dump_json(indent=2) + "\n", "utf-8")
        new.replace(folder / _FILE)
        return added
