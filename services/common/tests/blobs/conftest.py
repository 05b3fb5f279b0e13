"""A folder and a bucket, both for real; what is promised of one is promised of the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from sightline.common.blobs import BlobStore, open_blobs
from sightline.common.settings import BlobSettings
from sightline.common.telemetry import Metrics

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_endpoint) -> BlobSettings:
    """Settings of a new bucket, with a prefix in it."""
    name = f"bucket-{next(_NUMBERS)}"
    httpx.put(f"{s3_endpoint}/{name}", trust_env=False).raise_for_status()
    return BlobSettings(
        url=f"s3://{name}/some/prefix",
        s3_endpoint=s3_endpoint,
        s3_region="us-east-1",
        s3_access_key_id="key",
        s3_secret_access_key="secret",
    )


@pytest.fixture
def folder(tmp_path) -> BlobSettings:
    return BlobSettings(url=f"file://{tmp_path}/new%20blobs")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture(params=["folder", "bucket"])
async def blobs(request: Any, metrics: Metrics) -> BlobStore:
    return await open_blobs(request.getfixturevalue(request.param), metrics)


@pytest.fixture
def chunked() -> Any:
    """Makes a stream of bytes; raises what it is given when it comes to its end."""

    async def stream(data: bytes, size: int = 1 << 20, failure: BaseException | None = None) -> Any:
        for start in range(0, len(data), size):
            yield data[start : start + size]
        if failure is not None:
            raise failure

    return stream
