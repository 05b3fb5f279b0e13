"""Which face of a picture is enrolled, and why none is; pure."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.common.errors import MediaRejected, Reason
from sightline.v1.face_pb2 import Face, FaceQuality
from sightline.v1.geometry_pb2 import NormalizedBox

# Intersection over union of the box that was sent and the face that is meant.
_OVERLAP_MIN = 0.3
# From these on nothing is lacking of a face: the distance of the eyes in pixels, and how far it may be turned. Below
# they say what is wrong with one that is not good enough. Source: the service that measures them.
_EYES_PX, _YAW_DEGREES, _ROLL_DEGREES = 24.0, 18.0, 40.0
_TINY_PX, _AWAY_DEGREES, _TILTED_DEGREES = 8.0, 70.0, 150.0


def choose(faces: Sequence[Face], box: NormalizedBox | None, *, min_quality: float, rival_share: float) -> Face:
    """Choose the face to enrol.

    Args:
        faces: those of the picture, the largest first.
        box: where it is; None for the largest.
        min_quality: least quality of a face that somebody can be told by, 0 to 1; one without quality is taken.
        rival_share: a second face with so much of the largest one's area makes it doubtful who is meant.

    Raises:
        MediaRejected: FACE_NOT_FOUND, FACE_AMBIGUOUS, FACE_TOO_SMALL, FACE_BLURRED or FACE_TURNED_AWAY.
    """
    if not faces:
        raise MediaRejected(Reason.FACE_NOT_FOUND, "There is no face in the picture")
    face = _largest(faces, rival_share) if box is None else _meant(faces, box)
    if face.HasField("quality") and face.quality.score < min_quality:
        raise _unfit(face.quality, min_quality)
    return face


def _largest(faces: Sequence[Face], rival_share: float) -> Face:
    if len(faces) > 1 and _area(faces[1].box) >= rival_share * _area(faces[0].box):
        raise MediaRejected(Reason.FACE_AMBIGUOUS, "There are several faces of similar size in the picture")
    return faces[0]


def _meant(faces: Sequence[Face], box: NormalizedBox) -> Face:
    face = max(faces, key=lambda one: _overlap(one.box, box))
    if _overlap(face.box, box) < _OVERLAP_MIN:
        raise MediaRejected(Reason.FACE_NOT_FOUND, "There is no face where the box is")
    return face


def _unfit(quality: FaceQuality, min_quality: float) -> MediaRejected:
    """Say what the face lacks most."""
    shares = {
        Reason.FACE_TOO_SMALL: (quality.eye_distance_px - _TINY_PX) / (_EYES_PX - _TINY_PX),
        Reason.FACE_BLURRED: quality.sharpness,
        Reason.FACE_TURNED_AWAY: min(
            _left(quality.yaw_degrees, _YAW_DEGREES, _AWAY_DEGREES),
            _left(abs(quality.roll_degrees), _ROLL_DEGREES, _TILTED_DEGREES),
        ),
    }
    reason = min(shares, key=lambda one: shares[one])
    what = {
        Reason.FACE_TOO_SMALL: f"too small: its eyes are {quality.eye_distance_px:.0f} pixels apart",
        Reason.FACE_BLURRED: f"too blurred: its sharpness is {quality.sharpness:.2f} of 1",
        Reason.FACE_TURNED_AWAY: f"turned too far away: by {quality.yaw_degrees:.0f} degrees to the side",
    }[reason]
    message = f"The face is {what}; its quality is {quality.score:.2f}, and {min_quality:.2f} is needed"
    return MediaRejected(reason, message, metadata={"quality": f"{quality.score:.3f}"})


def _left(degrees: float, full: float, none: float) -> float:
    """Give what is left of a face that is turned, 1 for all of it."""
    return min(1.0, (none - degrees) / (none - full))


def _area(box: NormalizedBox) -> float:
    return max(0.0, box.right - box.left) * max(0.0, box.bottom - box.top)


def _overlap(one: NormalizedBox, other: NormalizedBox) -> float:
    shared = NormalizedBox(
        left=max(one.left, other.left),
        top=max(one.top, other.top),
        right=min(one.right, other.right),
        bottom=min(one.bottom, other.bottom),
    )
    both = _area(one) + _area(other) - _area(shared)
    return _area(shared) / both if both > 0 else 0.0
