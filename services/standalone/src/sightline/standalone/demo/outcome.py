"""What the demonstration found in one picture, and where the time went."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from google.protobuf.json_format import MessageToDict

from sightline.client import Sightline
from sightline.client.drawing import draw_faces
from sightline.standalone.demo.pictures import Picture
from sightline.v1.face_pb2 import DetectFacesResult
from sightline.v1.job_pb2 import Job

_QUALITY_SUFFIX = ".faces.jpg"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One picture as a durable job.

    Attributes:
        upload_seconds: until the bytes were stored.
        total_seconds: from the first byte to the result in hand.
        job: the job as it ended; it says how long it waited and ran.
    """

    picture: Picture
    job: Job
    result: DetectFacesResult
    upload_seconds: float
    total_seconds: float

    @property
    def waited(self) -> timedelta:
        """How long the job waited for a worker."""
        return self.job.queued_duration.ToTimedelta()

    @property
    def worked(self) -> timedelta:
        """How long the worker was at it."""
        return self.job.run_duration.ToTimedelta()


def find_faces(sightline: Sightline, picture: Picture) -> Outcome:
    """Upload a picture, run it as a durable job, and read what it found."""
    began = time.perf_counter()
    media = sightline.media.upload(picture.path, name=picture.name)
    uploaded = time.perf_counter()
    job = sightline.jobs.detect_faces(media, embeddings=True, labels={"demo": picture.name}, force=True, wait=True)
    (result,) = sightline.jobs.results(job)
    ended = time.perf_counter()
    return Outcome(picture, job, result.detect_faces, uploaded - began, ended - began)


def keep(outcome: Outcome, folder: Path) -> tuple[Path, Path]:
    """Write the picture with the faces drawn on it, and all that is known of them as JSON.

    Returns:
        The paths of the picture and of the JSON.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = draw_faces(outcome.picture.path, outcome.result.faces, folder / f"{outcome.picture.name}{_QUALITY_SUFFIX}")
    known = folder / f"{outcome.picture.name}.json"
    document = {"job": MessageToDict(outcome.job), "result": MessageToDict(outcome.result)}
    known.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return drawn, known
