"""Settings of the extract service, read from `EXTRACT_...`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from sightline.common.settings import AnalyserSettings, ChildLimits, Section
from sightline.extract.text.settings import TextSettings


class FilmSettings(Section):
    """How films are divided and what is made of them."""

    chunk_seconds: float = Field(
        600.0, ge=10, description="length of the parts of a film that are searched for slides side by side"
    )
    result_bytes: int = Field(900_000, ge=10_000, description="largest stored part of the result of a film")


class ExtractSettings(AnalyserSettings):
    """The extract service: what a film says and shows."""

    model_config = SettingsConfigDict(env_prefix="EXTRACT_")

    text: TextSettings = TextSettings()
    film: FilmSettings = FilmSettings()
    child: ChildLimits = ChildLimits()
