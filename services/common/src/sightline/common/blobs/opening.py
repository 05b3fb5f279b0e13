"""Opening the store that the settings name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, S3Store

from sightline.common.blobs.failures import BlobMissing, away, told_apart
from sightline.common.blobs.store import BlobStore
from sightline.common.settings import BlobSettings
from sightline.common.telemetry import Metrics

# A request that is refused or lost is tried again within these bounds; after them the caller is told.
_RETRIES: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}


async def open_blobs(settings: BlobSettings, metrics: Metrics) -> BlobStore:
    """Open the store, and make it ours if it is new.

    A folder is created with no access for others; a bucket has to exist.

    Raises:
        ValueError: the URL is neither file:///folder nor s3://bucket.
        TemporarilyAway: the store is away, full, or refuses us.
    """
    url = urlsplit(settings.url)
    match url.scheme:
        case "file" if url.path and not url.netloc:
            blobs = _folder(Path(unquote(url.path)), metrics)
        case "s3" if url.netloc:
            blobs = BlobStore(_bucket(url.netloc, url.path.strip("/"), settings), metrics)
        case _:
            raise ValueError(f"{settings.url} is neither file:///folder nor s3://bucket/prefix")
    try:
        await blobs.claim()
    except BlobMissing:
        raise away() from None
    return blobs


def _folder(root: Path, metrics: Metrics) -> BlobStore:
    with told_apart("open", root.name, metrics):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = LocalStore(root, automatic_cleanup=True)
    return BlobStore(store, metrics, folder=root)


def _bucket(bucket: str, prefix: str, settings: BlobSettings) -> S3Store:
    config: Any = {}
    if settings.s3_endpoint is not None:
        config["endpoint"] = settings.s3_endpoint
    if settings.s3_region is not None:
        config["region"] = settings.s3_region
    if settings.s3_access_key_id is not None:
        config["access_key_id"] = settings.s3_access_key_id.get_secret_value()
    if settings.s3_secret_access_key is not None:
        config["secret_access_key"] = settings.s3_secret_access_key.get_secret_value()
    client: Any = {
        "allow_http": (settings.s3_endpoint or "").startswith("http:"),
        "connect_timeout": timedelta(seconds=5),
        # A stall ends a request; its whole may last as long as a film takes to be read.
        "read_timeout": timedelta(seconds=30),
        "timeout": timedelta(hours=6),
    }
    return S3Store(bucket, prefix=prefix or None, config=config, client_options=client, retry_config=_RETRIES)
