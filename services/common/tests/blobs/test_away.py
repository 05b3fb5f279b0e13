from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import stat
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from structlog.testing import capture_logs

from sightline.common.blobs import open_blobs
from sightline.common.errors import Reason, SightlineError
from sightline.common.settings import BlobSettings

KEY = "media/00/11/a"


def root_of(settings: BlobSettings) -> Path:
    return Path(unquote(urlsplit(settings.url).path))


def assert_away(raised, *, says: str) -> None:
    error = raised.value
    assert error.reason is Reason.BLOBS_UNAVAILABLE
    assert error.retryable
    assert error.retry_after_seconds is not None
    assert says in error.message
    assert "/" not in error.message


async def test_a_new_folder_is_closed_to_others(folder, metrics):
    await open_blobs(folder, metrics)
    assert stat.S_IMODE(root_of(folder).stat().st_mode) == 0o700


async def test_blobs_outlive_the_process_that_wrote_them(folder, metrics):
    await (await open_blobs(folder, metrics)).put_bytes(KEY, b"kept")
    assert await (await open_blobs(folder, metrics)).get(KEY) == b"kept"


@pytest.fixture
def full_disk():
    """No file of this process can grow beyond 64 KiB: a write for which there is no room, without a disk to fill."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("size", [100_000, 12 * 2**20])
async def test_a_full_disk_is_said_clearly_and_keeps_no_half_file(folder, metrics, chunked, request, size):
    blobs = await open_blobs(folder, metrics)
    request.getfixturevalue("full_disk")
    with capture_logs(), pytest.raises(SightlineError) as raised:
        await blobs.put(KEY, chunked(os.urandom(size)))
    assert_away(raised, says="is full")
    assert not await blobs.exists(KEY)
    assert list(root_of(folder).rglob("*#*")) == []
    assert metrics.registry.get_sample_value("sightline_blob_errors_total", {"operation": "put"}) == 1


@pytest.mark.parametrize("number", [27, 28, 122])
def test_each_way_that_a_disk_is_full_is_understood(number):
    from obstore.exceptions import GenericError

    from sightline.common.blobs.failures import _away

    error = _away(GenericError(f"Unable to copy data to file: {os.strerror(number)} (os error {number})"))
    assert error.message == "The blob store is full"
    assert _away(GenericError("connection refused (os error 111)")).message == "The blob store does not answer"


async def test_a_folder_that_is_not_mounted_is_away_and_its_blobs_are_not_gone(folder, metrics):
    blobs = await open_blobs(folder, metrics)
    await blobs.put_bytes(KEY, b"x")
    shutil.rmtree(root_of(folder))
    for empty in (False, True):
        if empty:
            root_of(folder).mkdir()  # the mount point without its volume
        for attempt in (blobs.get(KEY), blobs.size(KEY), blobs.put_bytes(KEY, b"y"), blobs.check()):
            with pytest.raises(SightlineError) as raised:
                await attempt
            assert_away(raised, says="not mounted")
    assert list(root_of(folder).iterdir()) == []


async def test_a_bucket_that_does_not_exist_is_away(bucket, metrics):
    missing = bucket.model_copy(update={"url": "s3://no-such-bucket"})
    with capture_logs(), pytest.raises(SightlineError) as raised:
        await open_blobs(missing, metrics)
    assert raised.value.reason is Reason.BLOBS_UNAVAILABLE


async def test_a_bucket_that_was_emptied_is_away_and_its_blobs_are_not_gone(bucket, metrics):
    blobs = await open_blobs(bucket, metrics)
    await blobs.put_bytes(KEY, b"x")
    await blobs.delete(KEY, "sightline-store")
    with pytest.raises(SightlineError) as raised:
        await blobs.get(KEY)
    assert_away(raised, says="emptied")


async def test_a_store_that_does_not_answer_is_away_within_seconds_and_names_no_address(bucket, metrics):
    blobs = await open_blobs(bucket, metrics)
    assert await blobs.exists("sightline-store")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = bucket.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{port}"})
    started = time.monotonic()
    with capture_logs() as lines, pytest.raises(SightlineError) as raised:
        await open_blobs(away, metrics)
    assert_away(raised, says="does not answer")
    assert str(port) not in raised.value.message
    assert time.monotonic() - started < 15
    assert lines[0]["event"] == "blob_operation_failed"


@pytest.mark.parametrize("url", ["http://x/y", "s3://", "file://host/x", "blobs", "file://"])
async def test_a_url_that_is_neither_folder_nor_bucket_is_refused(metrics, url):
    with pytest.raises(ValueError, match="neither"):
        await open_blobs(BlobSettings(url=url), metrics)
