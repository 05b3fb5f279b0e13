"""What a job about a film asks for, as far as stages of several kinds have it in common."""

from __future__ import annotations

from sightline.common.worker import Task
from sightline.extract.stages.planning import DOCUMENT, PICTURES, RESULT, Wanted
from sightline.v1.extract_pb2 import ExtractSlidesOptions
from sightline.v1.job_pb2 import JobSpec


def slides_asked(task: Task) -> ExtractSlidesOptions:
    """Read how the job wants its slides found; the defaults where its kind has no such options."""
    spec = JobSpec.FromString(task.claim.spec)
    if task.claim.kind == "make_document":
        return spec.make_document.slides
    return spec.extract_slides


def wanted(task: Task) -> Wanted:
    """Read what the job is to give."""
    spec = JobSpec.FromString(task.claim.spec)
    match task.claim.kind:
        case "make_document":
            transcript = not spec.make_document.omit_transcript
            return Wanted(pictures=True, text=True, transcript=transcript, last=DOCUMENT)
        case "extract_text":
            return Wanted(pictures=False, text=True, transcript=False, last=RESULT)
        case _:
            text = spec.extract_slides.include_text
            return Wanted(pictures=True, text=text, transcript=False, last=RESULT if text else PICTURES)
