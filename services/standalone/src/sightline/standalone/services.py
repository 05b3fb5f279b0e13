"""Our own processes: which there are, and what each is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from sightline.standalone.addresses import Addresses
from sightline.standalone.catalogue import ANALYSERS, GATEWAY, SERVICES
from sightline.standalone.folder import Folder
from sightline.standalone.ports import LOOPBACK
from sightline.standalone.probes import http_ok
from sightline.standalone.program import Program
from sightline.standalone.settings import Settings

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
INHERITED_PREFIXES = ("OMP_", "ORT_", "OPENBLAS_", "MKL_")
STOP_SECONDS = 30.0
"""A little more than a service takes to drain (RpcSettings.drain_seconds)."""

FETCH_SECONDS = 900.0


def inherited(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The few variables that a child takes over: never a setting of a service that happens to be around."""
    source = os.environ if environment is None else environment
    return {name: value for name, value in source.items() if name in INHERITED or name.startswith(INHERITED_PREFIXES)}


def service(name: str, settings: Settings, folder: Folder, addresses: Addresses) -> Program:
    """Describe the process of a service.

    Args:
        name: one of SERVICES.
        settings: of the whole system.
        folder: where blobs, models and the first key are.
        addresses: the ports of this run.
    """
    prefix = f"{name.upper()}_"
    variables = dict(_common(name, settings, folder, addresses))
    variables.update(_of_gateway(folder, addresses) if name == GATEWAY else _of_analyser(settings, folder))
    return Program(
        name=name,
        command=(sys.executable, "-m", f"sightline.{name}.main"),
        ready=http_ok(addresses.metrics[name], "/readyz"),
        environment={
            **inherited(),
            "PYTHONUNBUFFERED": "1",
            **memory(name),
            **{prefix + variable: value for variable, value in variables.items()},
            **{variable: value for variable, value in settings.services.items() if variable.startswith(prefix)},
        },
        stop_seconds=STOP_SECONDS,
    )


def memory(name: str) -> dict[str, str]:
    """Say how a process of ours keeps memory; the chart says the same (tests/chart).

    What one call needs stays for the next one: pages that the system gives anew for each picture on its way to a model
    cost some milliseconds. What is larger goes back at once; thresholds that are not fixed would grow with it.

    Args:
        name: one of SERVICES; the gateway passes pictures on, the others decode them.
    """
    kept_bytes = str((1 if name == GATEWAY else 32) * 2**20)
    return {
        # Many threads share few arenas: what one call freed, the next one uses, whichever thread it runs on.
        "MALLOC_ARENA_MAX": "2",
        "MALLOC_MMAP_THRESHOLD_": kept_bytes,
        "MALLOC_TRIM_THRESHOLD_": kept_bytes,
    }


def migration(postgres_url: str) -> Program:
    """Describe the process that brings the tables up to date."""
    return Program(
        name="migrations",
        command=(sys.executable, "-m", "sightline.common.state", "upgrade"),
        environment={**inherited(), "STATE_POSTGRES__URL": postgres_url},
    )


def fetching(settings: Settings, folder: Folder) -> Program:
    """Describe the process that fetches the models that are not here yet.

    It alone sees the whole environment but the services' settings: what pip and npm are told about proxies,
    certificates and registries is found there.
    """
    prefixes = ("STANDALONE_", *(f"{name.upper()}_" for name in SERVICES))
    permission = ("--allow-noncommercial",) if settings.allow_noncommercial else ()
    return Program(
        name="models",
        command=(
            *(sys.executable, "-m", "sightline.common.models", "fetch"),
            *("--folder", str(models_folder(settings, folder)), *permission),
        ),
        environment={name: value for name, value in os.environ.items() if not name.startswith(prefixes)},
        ready_seconds=FETCH_SECONDS,
    )


def models_folder(settings: Settings, folder: Folder) -> Path:
    """Where the models are kept."""
    return settings.models_folder.resolve() if settings.models_folder else folder.models


def _common(name: str, settings: Settings, folder: Folder, addresses: Addresses) -> Iterator[tuple[str, str]]:
    yield "POSTGRES__URL", addresses.postgres_url
    yield "REDIS__URL", addresses.redis_url
    yield "BLOBS__URL", folder.blobs.as_uri()
    yield "RPC__PORT", str(addresses.rpc[name])
    yield "TELEMETRY__METRICS_PORT", str(addresses.metrics[name])
    yield "TELEMETRY__LOG_FORMAT", settings.log_format
    yield "TELEMETRY__LOG_LEVEL", settings.log_level
    if settings.otlp_endpoint:
        yield "TELEMETRY__OTLP_ENDPOINT", settings.otlp_endpoint


def _of_gateway(folder: Folder, addresses: Addresses) -> Iterator[tuple[str, str]]:
    yield "BOOTSTRAP_KEY_FILE", str(folder.key)
    for name in ANALYSERS:
        yield f"SERVICES__{name.upper()}", f"{LOOPBACK}:{addresses.rpc[name]}"


def _of_analyser(settings: Settings, folder: Folder) -> Iterator[tuple[str, str]]:
    yield "MODELS__FOLDER", str(models_folder(settings, folder))
    yield "MODELS__ALLOW_NONCOMMERCIAL", str(settings.allow_noncommercial).lower()
