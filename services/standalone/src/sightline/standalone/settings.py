"""What can be set when the whole system runs on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from sightline.common.settings import ServiceSettings
from sightline.common.settings.sections import Port


class Settings(ServiceSettings):
    """The whole system on one machine; each part can be an external one instead."""

    model_config = SettingsConfigDict(env_prefix="STANDALONE_")

    folder: Path = Field(Path("data"), description="folder for everything that is kept")
    public_port: Port = Field(8080, description="port of the public door; 0, or a taken one: a free one is found")
    postgres_url: SecretStr | None = Field(None, description="use this PostgreSQL instead of the embedded one")
    postgres_user: str = Field("nobody", description="user that runs the embedded PostgreSQL when we are root")
    redis_url: SecretStr | None = Field(None, description="use this Redis or Valkey instead of the embedded one")
    models_folder: Path | None = Field(None, description="cache of fetched models; unset: `models` in the folder")
    allow_noncommercial: bool = Field(True, description="allow weights whose licence forbids commercial use")
    log_format: Literal["console", "json"] = Field("console", description="console for people, json for machines")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level written")
    otlp_endpoint: str | None = Field(None, description="OTLP gRPC endpoint for traces; unset: no export")
    services: dict[str, str] = Field(
        default_factory=dict, description='more settings of the services, as JSON: {"FACE_WORKER__SLOTS": "1"}'
    )
