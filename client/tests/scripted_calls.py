"""What the scripted server is told: calls recorded, answers failed or lost where a test says so."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from sightline.v1 import (
    face_pb2,
    job_pb2,
    media_pb2,
    object_pb2,
    person_pb2,
    schedule_pb2,
    webhook_pb2,
)

PAGE = 2


def status(code: str, reason: str = "", message: str = "no", details: Iterable[Message] = ()) -> status_pb2.Status:
    """Make a google.rpc.Status as the gateway makes it."""
    packed = [any_pb2.Any()] if reason else []
    for target in packed:
        target.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="sightline.dev"))
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    return status_pb2.Status(code=code_pb2.Code.Value(code), message=message, details=packed)


def retry_in(seconds: float) -> error_details_pb2.RetryInfo:
    info = error_details_pb2.RetryInfo()
    info.retry_delay.FromNanoseconds(int(seconds * 1e9))
    return info


@dataclass
class Call:
    """One call that came in: the method's name, what was asked, and the metadata."""

    method: str
    request: Any
    metadata: dict[str, str]


@dataclass
class Script:
    """What the server knows, and how it is to fail.

    `faults[method]` holds statuses, one for each call from the next on; None lets a call through.
    `lost[method]` counts calls that are carried out, but whose answer is lost.
    """

    calls: list[Call] = field(default_factory=list)
    faults: defaultdict[str, deque[status_pb2.Status | None]] = field(default_factory=lambda: defaultdict(deque))
    lost: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    faces: list[face_pb2.Face] = field(default_factory=list)
    objects: list[object_pb2.DetectedObject] = field(default_factory=list)
    segments: list[object_pb2.Segment] = field(default_factory=list)
    video_parts: list[object_pb2.DetectObjectsVideoResult] = field(default_factory=list)
    people_parts: list[face_pb2.DetectFacesVideoResult] = field(default_factory=list)
    given: list[dict[str, Message]] = field(default_factory=list)
    similarity: float = 0.8
    jobs: dict[str, job_pb2.Job] = field(default_factory=dict)
    outcome: int = job_pb2.Job.STATE_SUCCEEDED
    events: int = 4
    cut_watch_after: deque[int] = field(default_factory=deque)
    hang_watch: bool = False
    error: status_pb2.Status | None = None
    media: dict[str, media_pb2.Media] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, bytearray] = field(default_factory=dict)
    cut_upload_at: deque[int] = field(default_factory=deque)
    cut_download_at: deque[int] = field(default_factory=deque)
    spoil_download: bool = False
    webhooks: dict[str, webhook_pb2.Webhook] = field(default_factory=dict)
    schedules: dict[str, schedule_pb2.Schedule] = field(default_factory=dict)
    deliveries: dict[str, webhook_pb2.WebhookDelivery] = field(default_factory=dict)
    persons: dict[str, person_pb2.Person] = field(default_factory=dict)
    enrolled: list[person_pb2.EnrolledFace] = field(default_factory=list)
    receipts: dict[str, person_pb2.ErasureReceipt] = field(default_factory=dict)
    outdated: int = 0
    serving: bool = True

    def named(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def fail(self, method: str, *statuses: status_pb2.Status | None) -> None:
        self.faults[method].extend(statuses)

    async def enter(self, method: str, request: Any, context: Any) -> None:
        """Record a call, and fail it if the script says so."""
        self.calls.append(Call(method, request, dict(context.invocation_metadata())))
        if self.faults[method] and (fault := self.faults[method].popleft()) is not None:
            await abort(context, fault)

    async def leave(self, method: str, context: Any) -> None:
        """Lose the answer of a call that was carried out, if the script says so."""
        if self.lost[method]:
            self.lost[method] -= 1
            await abort(context, status("UNAVAILABLE", "DRAINING"))


async def abort(context: Any, fault: status_pb2.Status) -> None:
    code = next(c for c in grpc.StatusCode if c.value[0] == fault.code)
    trailers = (("grpc-status-details-bin", fault.SerializeToString()), ("x-request-id", "r-1"))
    await context.abort(code, fault.message, trailing_metadata=trailers)


async def not_found(context: Any, name: str) -> None:
    await abort(context, status("NOT_FOUND", "NOT_FOUND", f"{name} was not found"))


def paged(items: list[Any], token: str) -> tuple[list[Any], str]:
    start = int(token or 0)
    return items[start : start + PAGE], str(start + PAGE) if start + PAGE < len(items) else ""
