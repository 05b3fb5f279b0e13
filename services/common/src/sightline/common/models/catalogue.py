"""The catalogue of models: what exists, what may be done with it, and where it is had."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sightline.common.errors import Reason, SightlineError

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReleaseSource(_Frozen):
    """A file at an https address, or a member of an archive there."""

    kind: Literal["release"]
    url: str = Field(pattern="^https://")
    member: str | None = None
    archive_sha256: Sha256 | None = None


class PypiSource(_Frozen):
    """A member of an archive of the Python package index."""

    kind: Literal["pypi"]
    package: str
    version: str
    archive: Literal["sdist", "wheel"]
    member: str
    archive_sha256: Sha256 | None = None


class NpmSource(_Frozen):
    """A member of an archive of the npm registry."""

    kind: Literal["npm"]
    package: str
    version: str
    member: str
    archive_sha256: Sha256 | None = None


Source = Annotated[ReleaseSource | PypiSource | NpmSource, Field(discriminator="kind")]


class MatchThresholds(_Frozen):
    """Least cosine similarity at which two embeddings of one model count as one person's.

    Attributes:
        ordinary: for faces that are large and in colour.
        strict: where either face is small or grey, and strangers look more alike to the model.
    """

    ordinary: float = Field(ge=-1, le=1)
    strict: float = Field(ge=-1, le=1)


class ModelEntry(_Frozen):
    """One file of the catalogue.

    Attributes:
        name: what settings and results call it.
        task: what it does; `object-weights` are pickles for the export environment, never loaded by a service;
            `sample` is a picture to try things on.
        version: the version of its weights.
        file: its file name.
        sha256: of the file, 64 lower-case hexadecimal digits.
        bytes: size of the file.
        code_licence: licence of the code around it.
        weights_licence: licence of the weights, or of the picture.
        commercial: whether that licence allows commercial use.
        input: the tensor it takes.
        output: the tensors it gives.
        sources: where it is had, in the order in which they are tried.
        thresholds: for embedding models, when two faces match.
    """

    name: str
    task: Literal[
        "face-attributes",
        "face-detection",
        "face-embedding",
        "object-detection",
        "object-weights",
        "sample",
        "speech-detection",
        "speech-to-text",
        "text-detection",
        "text-recognition",
    ]
    version: str
    file: str = Field(pattern="^[A-Za-z0-9._-]+$")
    sha256: Sha256
    bytes: int = Field(ge=1)
    code_licence: str
    weights_licence: str
    commercial: bool
    input: str
    output: str
    sources: tuple[Source, ...] = ()
    thresholds: MatchThresholds | None = None


class Catalogue(_Frozen):
    """All entries, and the packs that name several of them at once."""

    packs: dict[str, tuple[str, ...]]
    models: tuple[ModelEntry, ...]

    @classmethod
    def shipped(cls) -> Catalogue:
        """Read the catalogue that comes with this package."""
        text = resources.files(__package__).joinpath("catalogue.toml").read_text("utf-8")
        return cls.model_validate(tomllib.loads(text))

    def joined(self, own: Iterable[ModelEntry]) -> Catalogue:
        """Give this catalogue with the operator's own entries; where a name is in both, this catalogue's holds."""
        models = {entry.name: entry for entry in (*own, *self.models)}
        return Catalogue(packs=self.packs, models=tuple(models.values()))

    def entry(self, name: str) -> ModelEntry:
        """Find an entry.

        Raises:
            SightlineError: MODEL_UNAVAILABLE, with the names that exist.
        """
        for entry in self.models:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.models)
        raise SightlineError(
            Reason.MODEL_UNAVAILABLE, f"no model is called {name!r} in the catalogue; there are: {known}"
        )

    def entries(self, names: Iterable[str]) -> list[ModelEntry]:
        """Find the entries of names and packs, each once, in the order given.

        Raises:
            SightlineError: MODEL_UNAVAILABLE where a name is neither a model nor a pack.
        """
        flat = (name for asked in names for name in self.packs.get(asked, (asked,)))
        return [self.entry(name) for name in dict.fromkeys(flat)]
