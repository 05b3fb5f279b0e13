"""Who is who: two people of the group photograph are enrolled, found in it, followed in a film, and erased again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from PIL import Image
from rich.console import Console

from sightline.client import Sightline
from sightline.standalone.demo.film import make_film
from sightline.standalone.demo.outcome import Outcome
from sightline.standalone.program import StandaloneError
from sightline.v1.face_pb2 import DetectFacesVideoResult, Face
from sightline.v1.geometry_pb2 import NormalizedBox
from sightline.v1.person_pb2 import Person

_COLLECTION = "demo"
_NAMES = ("guest 1", "guest 2")
# How much of the picture around a face is cut out with it, in widths of the face.
_MARGIN = 0.3


def show_people(console: Console, sightline: Sightline, group: Outcome, out: Path) -> None:
    """Enrol, find, follow and erase.

    Raises:
        StandaloneError: somebody was not found where they are.
    """
    clear = sorted(group.result.faces, key=lambda face: -face.quality.score * face.quality.eye_distance_px)
    faces = clear[: len(_NAMES)]
    pictures = [_cut_out(group.picture.path, face) for face in faces]
    people = [_enrol(sightline, name, picture) for name, picture in zip(_NAMES, pictures, strict=True)]
    try:
        _find(console, sightline, group, faces, people)
        _follow(console, sightline, pictures, out / "people")
    finally:
        receipts = [sightline.people.delete(person) for person in people]
    erased = sum(receipt.erased_vectors for receipt in receipts)
    console.print(f"Both are erased again: {erased} vectors, with a receipt for each.\n")


def _enrol(sightline: Sightline, name: str, picture: bytes) -> Person:
    person = sightline.people.create(
        name, consent="a photograph in the public domain", purpose="this demonstration", collection=_COLLECTION
    )
    sightline.people.add_face(person, picture)
    return person


def _find(
    console: Console, sightline: Sightline, group: Outcome, faces: Sequence[Face], people: Sequence[Person]
) -> None:
    answer = sightline.people.search(group.picture.path, _COLLECTION)
    named = {match.candidates[0].person: match for match in answer.matches if match.candidates}
    for face, person in zip(faces, people, strict=True):
        match = named.get(person.name)
        if match is None or not _same_place(match.face.box, face.box):
            raise StandaloneError(f"{person.display_name} was not found in the group photograph")
    likeness = ", ".join(
        f"{person.display_name} {named[person.name].candidates[0].similarity:.2f}" for person in people
    )
    console.print(f"\nTwo of the group are enrolled, and named in it among {len(answer.matches)} faces: {likeness}")


def _follow(console: Console, sightline: Sightline, pictures: Sequence[bytes], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    film = make_film(folder / "people.mp4", pictures)
    job = sightline.jobs.detect_faces(film, force=True, wait=True)
    found = DetectFacesVideoResult()
    for result in sightline.jobs.results(job):
        found.MergeFrom(result.detect_faces_video)
    for track in found.tracks:
        (folder / f"person-{track.person_id}-scene-{track.scene}.jpg").write_bytes(track.best_shot)
    if len(found.people) != len(pictures):
        raise StandaloneError(f"{len(found.people)} people were found in a film of {len(pictures)}")
    seen = "; ".join(
        f"person {one.id} " + ", ".join(f"{_seconds(at.start)} to {_seconds(at.end)} s" for at in one.ranges)
        for one in found.people
    )
    worked = job.run_duration.ToTimedelta().total_seconds()
    console.print(f"A film of both, {found.frame_count} frames in {worked:.1f} s: {seen}")


def _cut_out(picture: Path, face: Face) -> bytes:
    with Image.open(picture) as whole:
        box, around = face.box, _MARGIN * (face.box.right - face.box.left) * whole.width
        left, right = box.left * whole.width - around, box.right * whole.width + around
        top, bottom = box.top * whole.height - around, box.bottom * whole.height + around
        cut = whole.convert("RGB").crop((left, top, right, bottom))
    written = io.BytesIO()
    cut.save(written, "JPEG", quality=95)
    return written.getvalue()


def _same_place(one: NormalizedBox, other: NormalizedBox) -> bool:
    return abs(one.left - other.left) + abs(one.top - other.top) < (other.right - other.left) / 2


def _seconds(duration: Duration) -> str:
    return f"{duration.ToTimedelta().total_seconds():.1f}"
