"""What the store's failures mean: gone for good, or away for the moment."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from obstore.exceptions import BaseError

from sightline.common.errors import Reason, SightlineError, TemporarilyAway
from sightline.common.telemetry import Metrics

_FULL = re.compile(rf"\(os error ({errno.ENOSPC}|{errno.EDQUOT}|{errno.EFBIG})\)|XMinioStorageFull|QuotaExceeded")
_FULL_RETRY_SECONDS = 30.0


class BlobMissing(Exception):
    """The key is not in the store."""


@contextmanager
def told_apart(operation: str, key: str, metrics: Metrics) -> Iterator[None]:
    """Turn what the store raises into what clients and workers read; the original goes into the log.

    Raises:
        BlobMissing: the key is not there.
        TemporarilyAway: the store is away, full, or refuses us (BLOBS_UNAVAILABLE).
    """
    try:
        yield
    except SightlineError:
        raise
    except FileNotFoundError as error:
        raise BlobMissing(key) from error
    except (BaseError, OSError) as error:
        metrics.blob_errors.labels(operation).inc()
        log: Any = structlog.get_logger("sightline.blobs")
        log.warning("blob_operation_failed", operation=operation, key=key, error=_first_line(error))
        raise _away(error) from error


def gone() -> SightlineError:
    """Give the error for bytes that the state knows of and the store has not."""
    return SightlineError(Reason.MEDIA_GONE, "The bytes are no longer in the blob store")


def away() -> SightlineError:
    """Give the error for a store that is not the one it should be."""
    return TemporarilyAway(Reason.BLOBS_UNAVAILABLE, "The blob store is not mounted or was emptied")


def _away(error: Exception) -> SightlineError:
    if _FULL.search(str(error)) or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return TemporarilyAway(
            Reason.BLOBS_UNAVAILABLE, "The blob store is full", retry_after_seconds=_FULL_RETRY_SECONDS
        )
    if isinstance(error, PermissionError) or type(error).__name__ in ("PermissionDeniedError", "UnauthenticatedError"):
        return TemporarilyAway(Reason.BLOBS_UNAVAILABLE, "The blob store refuses our credentials")
    return TemporarilyAway(Reason.BLOBS_UNAVAILABLE, "The blob store does not answer")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
