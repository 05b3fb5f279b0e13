"""The kinds of work and the queue of each: the one home of this fact."""

from __future__ import annotations

from collections.abc import Collection

from sightline.common.errors import Reason, SightlineError

FACE, OBJECT, EXTRACT = "face", "object", "extract"

# By the name of the field in sightline.v1.JobSpec; a queue has the name of the service that consumes it.
QUEUES: dict[str, str] = {
    "detect_faces": FACE,
    "detect_objects": OBJECT,
    "segment": OBJECT,
    "extract_slides": EXTRACT,
    "extract_text": EXTRACT,
    "transcribe": EXTRACT,
    "make_document": EXTRACT,
    "mix_audio": EXTRACT,
    "extract_audio": EXTRACT,
    "extract_keyframes": EXTRACT,
}


def queue_of(kind: str, served: Collection[str]) -> str:
    """Name the queue of a kind of work.

    Args:
        kind: such as `detect_faces`.
        served: the services that are configured here.

    Raises:
        SightlineError: KIND_NOT_SERVED.
    """
    queue = QUEUES[kind]
    if queue not in served:
        raise not_served(queue, f"{kind} needs the service '{queue}', which is not configured here")
    return queue


def not_served(service: str, message: str) -> SightlineError:
    """Make the refusal of work whose service is not configured."""
    return SightlineError(Reason.KIND_NOT_SERVED, message, metadata={"service": service})
