"""Settings of the extract service, read from `EXTRACT_...`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from sightline.common.settings import AnalyserSettings, Section
from sightline.extract.speech.loading import DEFAULT_MODEL, SPHINX
from sightline.extract.text.settings import TextSettings


class SpeechSettings(Section):
    """Which engines write speech down, and how they share the processor."""

    engines: tuple[str, ...] = Field(
        (DEFAULT_MODEL, SPHINX),
        min_length=1,
        description="names of Whisper models of the catalogue, folders with one, or pocketsphinx, as a JSON list; "
        "all are loaded, and the first is the default",
    )
    at_once: int = Field(1, ge=1, le=64, description="recordings listened to at once")
    threads: int = Field(2, ge=1, le=64, description="threads of one recording")


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
    speech: SpeechSettings = SpeechSettings()
    film: FilmSettings = FilmSettings()
