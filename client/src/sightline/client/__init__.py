"""Typed Python client of Sightline.

    with Sightline("127.0.0.1:8080", key) as sightline:
        for face in sightline.faces.detect("photo.jpg").faces:
            print(face.score, face.box)

`AsyncSightline` is the same with `await`. Results are the messages of the contract, which every field's
comment stands in; `sightline.client.messages` names the common ones.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.client._async.client import AsyncSightline
    from sightline.client._sync.client import Sightline
    from sightline.client.errors import (
        Conflict,
        DeadlineExceeded,
        FieldViolation,
        InvalidRequest,
        JobCancelled,
        JobFailed,
        JobNotSucceeded,
        MediaRejected,
        NotFound,
        NotOffered,
        PermissionDenied,
        QuotaExceeded,
        ServerFault,
        SightlineError,
        Unauthenticated,
        Unavailable,
    )
    from sightline.client.names import has_ended
    from sightline.client.retry import RetryPolicy
    from sightline.client.sound import SoundPiece

__all__ = [
    "AsyncSightline",
    "Conflict",
    "DeadlineExceeded",
    "FieldViolation",
    "InvalidRequest",
    "JobCancelled",
    "JobFailed",
    "JobNotSucceeded",
    "MediaRejected",
    "NotFound",
    "NotOffered",
    "PermissionDenied",
    "QuotaExceeded",
    "RetryPolicy",
    "ServerFault",
    "Sightline",
    "SightlineError",
    "SoundPiece",
    "Unauthenticated",
    "Unavailable",
    "has_ended",
]

_HOMES = {
    "AsyncSightline": "_async.client",
    "Sightline": "_sync.client",
    "RetryPolicy": "retry",
    "SoundPiece": "sound",
    "has_ended": "names",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is asked for: gRPC takes longer to load than `sightline --help` may."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
