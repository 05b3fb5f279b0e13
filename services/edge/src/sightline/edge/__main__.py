"""Write what Envoy reads into a folder, for an Envoy that runs elsewhere: a container beside this one."""

from __future__ import annotations

import shutil
from pathlib import Path

from sightline.common.settings import load
from sightline.edge.config import contract_file, write_config
from sightline.edge.options import EdgeOptions, Limits, TlsFiles
from sightline.edge.settings import EdgeSettings

_DESCRIPTOR, _OPENAPI = "sightline.binpb", "openapi.json"


def main() -> None:
    """Write the files and end."""
    settings = load(EdgeSettings)
    settings.folder.mkdir(parents=True, exist_ok=True)
    descriptor, openapi = (_copied(name, settings.folder) for name in (_DESCRIPTOR, _OPENAPI))
    write_config(settings.folder, options_of(settings, descriptor, openapi))


def options_of(settings: EdgeSettings, descriptor: Path, openapi: Path) -> EdgeOptions:
    """Translate the settings; a file of the contract is named as Envoy will find it."""
    return EdgeOptions(
        listen_host=settings.listen_host,
        listen_port=settings.listen_port,
        admin_host=settings.admin_host,
        admin_port=settings.admin_port,
        gateway_host=settings.gateway_host,
        gateway_port=settings.gateway_port,
        descriptor=descriptor,
        openapi=openapi,
        tls=TlsFiles(**settings.tls.model_dump()) if settings.tls else None,
        cors_origins=settings.cors_origins,
        access_log=settings.access_log,
        limits=Limits(heap_bytes=settings.heap_bytes, connections=settings.connections),
    )


def _copied(name: str, folder: Path) -> Path:
    return Path(shutil.copyfile(contract_file(name), folder / name))


if __name__ == "__main__":
    main()
