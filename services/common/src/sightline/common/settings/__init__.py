"""Settings: one frozen class per service, made of shared sections, read from the environment once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from sightline.common.settings.sections import (
    BlobSettings,
    ChildLimits,
    Device,
    MediaLimits,
    ModelSettings,
    PostgresSettings,
    RedisSettings,
    RpcSettings,
    Section,
    SessionSettings,
    TelemetrySettings,
    WorkerSettings,
)

__all__ = [
    "AnalyserSettings",
    "BlobSettings",
    "ChildLimits",
    "Device",
    "MediaLimits",
    "ModelSettings",
    "PostgresSettings",
    "RedisSettings",
    "RpcSettings",
    "Section",
    "ServiceSettings",
    "SessionSettings",
    "TelemetrySettings",
    "WorkerSettings",
    "load",
    "variables",
]

NESTING = "__"


class ServiceSettings(BaseSettings):
    """Base of every service's settings: frozen, with the service's prefix, nested by two underscores."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_nested_delimiter=NESTING)


class AnalyserSettings(ServiceSettings):
    """What every service that analyses is told beside its own: `sightline.common.serving` opens the rest from it."""

    models: ModelSettings = ModelSettings()
    media: MediaLimits = MediaLimits()
    child: ChildLimits = ChildLimits()
    blobs: BlobSettings = BlobSettings()
    postgres: PostgresSettings = PostgresSettings()
    redis: RedisSettings = RedisSettings()
    rpc: RpcSettings = RpcSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    worker: WorkerSettings = WorkerSettings()


S = TypeVar("S", bound=ServiceSettings)


def variables(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    """List every environment variable that a settings class reads.

    Returns:
        (name, default as text, description), in the order of the fields.
    """
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name}".upper()
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from variables(kind, variable + NESTING)
        else:
            default = "required" if field.is_required() else str(field.get_default(call_default_factory=True))
            yield variable, default, field.description or ""


def load(settings: type[S], arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> S:
    """Read a service's settings, or explain them and leave.

    Args:
        settings: the service's class, with its `env_prefix`.
        arguments: the command line; `--help` prints every variable and leaves with 0.
        environment: where to look for unknown variables; the process's own by default.

    Raises:
        SystemExit: after `--help` (0), or when a variable is unknown or its value is refused (2).
    """
    prefix = settings.model_config["env_prefix"]
    known = list(variables(settings, prefix))
    if any(word in ("-h", "--help") for word in (sys.argv[1:] if arguments is None else arguments)):
        sys.stdout.write(_help(settings, known))
        raise SystemExit(0)
    unknown = sorted(
        _unknown(prefix, {name for name, _, _ in known}, os.environ if environment is None else environment)
    )
    if unknown:
        _refuse(f"unknown setting {', '.join(unknown)}; --help lists those that exist")
    try:
        return settings()
    except ValidationError as error:
        _refuse("; ".join(_sentence(prefix, dict(one)) for one in error.errors()))


def _unknown(prefix: str, known: set[str], environment: Mapping[str, str]) -> Iterator[str]:
    return (name for name in environment if name.upper().startswith(prefix) and name.upper() not in known)


def _sentence(prefix: str, error: dict[str, Any]) -> str:
    variable = (prefix + NESTING.join(str(part) for part in error["loc"])).upper()
    return f"{variable}: {error['msg']}"


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"error: {message}\n")
    raise SystemExit(2)


def _help(settings: type[BaseSettings], known: list[tuple[str, str, str]]) -> str:
    lines = [(settings.__doc__ or "").strip(), "", "Settings, from the environment:", ""]
    lines += [f"  {name}\n      {description} (default: {default})" for name, default, description in known]
    return "\n".join(lines) + "\n"
