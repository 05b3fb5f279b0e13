"""The one table of error reasons: what each means on the wire, and what the reader should do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a call or a task failed, as clients see it; the names of `sightline.v1.ErrorReason`."""

    # The request is wrong, and will be wrong again.
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    INVALID_PAGE_TOKEN = "INVALID_PAGE_TOKEN"  # noqa: S105 - a reason, not a secret
    INVALID_FILTER = "INVALID_FILTER"
    # The media is wrong.
    MEDIA_EMPTY = "MEDIA_EMPTY"
    MEDIA_UNSUPPORTED = "MEDIA_UNSUPPORTED"
    MEDIA_CORRUPT = "MEDIA_CORRUPT"
    MEDIA_TOO_SMALL = "MEDIA_TOO_SMALL"
    MEDIA_TOO_LARGE = "MEDIA_TOO_LARGE"
    MEDIA_TOO_COSTLY = "MEDIA_TOO_COSTLY"
    MEDIA_CHECKSUM_MISMATCH = "MEDIA_CHECKSUM_MISMATCH"
    MEDIA_GONE = "MEDIA_GONE"
    FACE_NOT_FOUND = "FACE_NOT_FOUND"
    FACE_TOO_SMALL = "FACE_TOO_SMALL"
    FACE_BLURRED = "FACE_BLURRED"
    FACE_TURNED_AWAY = "FACE_TURNED_AWAY"
    FACE_AMBIGUOUS = "FACE_AMBIGUOUS"
    URI_REFUSED = "URI_REFUSED"
    URI_UNREACHABLE = "URI_UNREACHABLE"
    # Who asks.
    UNAUTHENTICATED = "UNAUTHENTICATED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    # What is asked for.
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_FOUND = "METHOD_NOT_FOUND"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    ETAG_MISMATCH = "ETAG_MISMATCH"
    JOB_ENDED = "JOB_ENDED"
    JOB_NOT_ENDED = "JOB_NOT_ENDED"
    JOB_CANCELLED = "JOB_CANCELLED"
    KIND_NOT_SERVED = "KIND_NOT_SERVED"
    UPLOAD_OFFSET_MISMATCH = "UPLOAD_OFFSET_MISMATCH"
    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
    FACES_OUTDATED = "FACES_OUTDATED"
    # How much.
    WEBHOOK_LIMIT_REACHED = "WEBHOOK_LIMIT_REACHED"
    FACE_LIMIT_REACHED = "FACE_LIMIT_REACHED"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    QUEUE_FULL = "QUEUE_FULL"
    OVERLOADED = "OVERLOADED"
    # What is away for the moment, or broken.
    STATE_UNAVAILABLE = "STATE_UNAVAILABLE"
    BLOBS_UNAVAILABLE = "BLOBS_UNAVAILABLE"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    DRAINING = "DRAINING"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    CANCELLED = "CANCELLED"
    ATTEMPTS_EXHAUSTED = "ATTEMPTS_EXHAUSTED"
    LEASE_LOST = "LEASE_LOST"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason is to gRPC, to HTTP, to the worker and to the reader.

    Attributes:
        grpc_code: the number of the canonical status code (google.rpc.Code).
        http_code: the status that REST answers with (the mapping of google.rpc.Code).
        retryable: whether the same work may succeed later with nothing changed.
        advice: one sentence that says what to do.
    """

    grpc_code: int
    http_code: int
    retryable: bool
    advice: str


# Canonical codes by name, so that this module needs no gRPC. Source: google/rpc/code.proto.
_HTTP_OF_CODE = {
    1: 499, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 12: 501, 13: 500, 14: 503,
    16: 401,
}  # fmt: skip
_CANCELLED, _INVALID, _DEADLINE, _NOT_FOUND, _EXISTS, _DENIED = 1, 3, 4, 5, 6, 7
_EXHAUSTED, _PRECONDITION, _ABORTED, _RANGE, _UNIMPLEMENTED, _INTERNAL, _UNAVAILABLE, _UNAUTHENTICATED = (
    8, 9, 10, 11, 12, 13, 14, 16,
)  # fmt: skip


def _row(code: int, advice: str, *, retryable: bool = False) -> Meaning:
    return Meaning(code, _HTTP_OF_CODE[code], retryable, advice)


TABLE: dict[Reason, Meaning] = {
    Reason.INVALID_ARGUMENT: _row(_INVALID, "Correct the fields that are named and send the request again."),
    Reason.INVALID_PAGE_TOKEN: _row(
        _INVALID, "Start again without a page token, with the same filter and order for every page."
    ),
    Reason.INVALID_FILTER: _row(_INVALID, "Join terms by AND, such as: state = FAILED AND kind = detect_faces."),
    Reason.MEDIA_EMPTY: _row(_INVALID, "Send a file that has bytes in it."),
    Reason.MEDIA_UNSUPPORTED: _row(
        _INVALID,
        "Send what this work takes: pictures as JPEG, PNG, WebP, BMP, GIF or TIFF; films and recordings as MP4, "
        "Matroska, WebM, AVI, MPEG-TS, FLV, Ogg, WAV, MP3, AAC or FLAC.",
    ),
    Reason.MEDIA_CORRUPT: _row(_INVALID, "Send the whole file again; the one received does not decode."),
    Reason.MEDIA_TOO_SMALL: _row(_INVALID, "Send a larger picture."),
    Reason.MEDIA_TOO_LARGE: _row(_INVALID, "Send a smaller file, or one with fewer pixels or frames."),
    Reason.MEDIA_TOO_COSTLY: _row(
        _INVALID, "Send a shorter or smaller file, or one that is easier to decode, or ask the operator for more room."
    ),
    Reason.MEDIA_CHECKSUM_MISMATCH: _row(
        _INVALID, "Send the bytes again; those received differ from the sha256 that was announced."
    ),
    Reason.MEDIA_GONE: _row(_PRECONDITION, "Upload the media again; its bytes were deleted or have expired."),
    Reason.FACE_NOT_FOUND: _row(_INVALID, "Send a picture in which a face is clearly visible."),
    Reason.FACE_TOO_SMALL: _row(_INVALID, "Send a picture that was taken from nearer, or has more pixels."),
    Reason.FACE_BLURRED: _row(_INVALID, "Send a sharper picture."),
    Reason.FACE_TURNED_AWAY: _row(_INVALID, "Send a picture in which the face looks into the camera."),
    Reason.FACE_AMBIGUOUS: _row(_INVALID, "Say by a box which face is meant, or send a picture of one person."),
    Reason.URI_REFUSED: _row(_INVALID, "Give an https address on the public internet; for a file, http will do too."),
    Reason.URI_UNREACHABLE: _row(
        _PRECONDITION, "Check that anybody can download the file from there, or upload it.", retryable=True
    ),
    Reason.UNAUTHENTICATED: _row(_UNAUTHENTICATED, "Send a valid key as 'authorization: Bearer <key>'."),
    Reason.PERMISSION_DENIED: _row(_DENIED, "Use a key that is allowed to do this."),
    Reason.NOT_FOUND: _row(_NOT_FOUND, "Check the name; it does not exist, or this key can't see it."),
    Reason.METHOD_NOT_FOUND: _row(_UNIMPLEMENTED, "Call a method that this server lists by reflection."),
    Reason.REQUEST_ID_REUSED: _row(_EXISTS, "Use a new request_id for a request with another body."),
    Reason.ETAG_MISMATCH: _row(_ABORTED, "Read the resource again and repeat the change on what it is now."),
    Reason.JOB_ENDED: _row(_PRECONDITION, "Read the job; it has ended already."),
    Reason.JOB_NOT_ENDED: _row(_PRECONDITION, "Wait for the job to end, or cancel it first."),
    Reason.JOB_CANCELLED: _row(_CANCELLED, "Create the job again if it is still wanted."),
    Reason.KIND_NOT_SERVED: _row(
        _PRECONDITION, "Ask the operator to enable the service for this kind of work; it is off here."
    ),
    Reason.UPLOAD_OFFSET_MISMATCH: _row(_RANGE, "Go on from the offset that the error names."),
    Reason.MODEL_UNAVAILABLE: _row(
        _PRECONDITION, "Ask the operator to run 'sightline models fetch', then try again.", retryable=True
    ),
    Reason.FACES_OUTDATED: _row(
        _PRECONDITION, "Enrol the faces again; those that are enrolled can't be compared with what is searched for."
    ),
    Reason.WEBHOOK_LIMIT_REACHED: _row(_PRECONDITION, "Delete a webhook that is not needed any more."),
    Reason.FACE_LIMIT_REACHED: _row(_PRECONDITION, "Delete a face of the person that is not needed any more."),
    Reason.QUOTA_EXCEEDED: _row(_EXHAUSTED, "Wait as long as the answer says.", retryable=True),
    Reason.QUEUE_FULL: _row(_EXHAUSTED, "Wait as long as the answer says; the queue is full.", retryable=True),
    Reason.OVERLOADED: _row(_UNAVAILABLE, "Wait as long as the answer says and try again.", retryable=True),
    Reason.STATE_UNAVAILABLE: _row(_UNAVAILABLE, "Try again shortly; the database is away.", retryable=True),
    Reason.BLOBS_UNAVAILABLE: _row(_UNAVAILABLE, "Try again shortly; the blob store is away.", retryable=True),
    Reason.SERVICE_UNAVAILABLE: _row(_UNAVAILABLE, "Try again shortly; the service is away.", retryable=True),
    Reason.DRAINING: _row(_UNAVAILABLE, "Try again; another replica takes over.", retryable=True),
    Reason.DEADLINE_EXCEEDED: _row(_DEADLINE, "Allow more time, or create a job instead.", retryable=True),
    Reason.CANCELLED: _row(_CANCELLED, "Send the request again if it is still wanted."),
    Reason.ATTEMPTS_EXHAUSTED: _row(
        _ABORTED, "Look at the last attempt's error; replay the job when its cause is gone."
    ),
    Reason.LEASE_LOST: _row(_ABORTED, "Nothing; another attempt has taken over.", retryable=True),
    Reason.INTERNAL: _row(_INTERNAL, "Report the request id to the operator.", retryable=True),
}
