"""Objects and segments through both clients and the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline.client.command.exits import Exit
from sightline.client.object_drawing import draw_objects, draw_segments
from sightline.v1.object_pb2 import (
    ClassCount,
    DetectedObject,
    DetectObjectsVideoResult,
    ObjectTrack,
    ObjectVideoOptions,
    Segment,
)

BOX = {"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.6}
CORNERS = [{"x": 0.1, "y": 0.2}, {"x": 0.3, "y": 0.2}, {"x": 0.3, "y": 0.6}]


@pytest.fixture(autouse=True)
def known(script):
    """One object and one segment that the server finds in every picture."""
    script.objects.append(DetectedObject(box=BOX, score=0.9, class_name="person"))
    script.segments.append(
        Segment(box=BOX, score=1, class_name="cell", polygon=[{"points": CORNERS}], area_px=200, circularity=0.9)
    )


@pytest.fixture
def photo(tmp_path: Path) -> str:
    Image.new("RGB", (200, 100), (90, 90, 90)).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def content(path: str) -> bytes:
    return Path(path).read_bytes()


async def test_what_is_asked_for_reaches_the_service(sightline, script, photo):
    result = await sightline.objects.detect(
        photo, model="m", min_score=0.5, max_overlap=0.6, classes=["person"], max_objects=7, image_side_px=320
    )
    assert result.objects[0].class_name == "person"
    options = script.named("DetectObjects")[0].request.options
    assert (options.model, options.max_objects, options.image_side_px, list(options.classes)) == (
        "m",
        7,
        320,
        ["person"],
    )
    assert (options.min_score, round(options.max_overlap, 3)) == (0.5, 0.6)


async def test_what_is_not_said_is_left_to_the_service(sightline, script, photo):
    await sightline.objects.detect(photo)
    await sightline.objects.segment(photo)
    detect, segment = (script.named(name)[0].request.options for name in ("DetectObjects", "SegmentImage"))
    assert detect.ByteSize() == segment.ByteSize() == 0


async def test_segments_come_with_masks_unless_they_are_not_wanted(sightline, script, photo):
    result = await sightline.objects.segment(photo, micrometres_per_px=1.5, min_diameter_px=4, masks=False)
    assert result.segments[0].class_name == "cell"
    options = script.named("SegmentImage")[0].request.options
    assert (options.micrometres_per_px, options.min_diameter_px, options.omit_masks) == (1.5, 4, True)


async def test_the_models_of_every_page_are_listed(sightline):
    assert [model.name for model in await sightline.objects.models()] == ["cells", "people", "spheroids"]


async def test_jobs_about_objects_say_what_is_to_be_done(sightline, script, photo):
    video = ObjectVideoOptions(include_frames=True)
    job = await sightline.jobs.detect_objects(photo, classes=["cat"], video=video, priority=7, wait=True)
    spec = script.named("CreateJob")[0].request.job.spec
    assert (list(spec.detect_objects.classes), spec.detect_objects.video.include_frames) == (["cat"], True)
    assert spec.media == job.spec.media != ""
    assert script.named("CreateJob")[0].request.job.priority == 7
    await sightline.jobs.segment(photo, model="cells-classical", force=True)
    request = script.named("CreateJob")[1].request
    assert (request.job.spec.segment.model, request.force) == ("cells-classical", True)


async def test_objects_are_printed_in_pixels(run, photo):
    result = await run("objects", photo)
    assert result.exit_code == Exit.OK
    assert "1 object in 200 x 100 pixels" in result.stdout
    assert result.stdout.splitlines()[-1].split() == ["1", "person", "0.90", "20", "20", "40", "40"]


async def test_segments_are_printed_with_their_sizes(run, photo, script):
    script.segments[0].area_um2, script.segments[0].equivalent_diameter_um = 450.0, 23.9
    result = await run("segment", photo, "--um-per-px", "1.5", "--model", "cells-classical")
    assert "area um2" in result.stdout
    assert result.stdout.splitlines()[-1].split()[:5] == ["1", "cell", "1.00", "450.0", "23.9"]
    assert script.named("SegmentImage")[0].request.options.omit_masks


@pytest.mark.parametrize("command", ["objects", "segment"])
async def test_a_job_gives_the_same_as_a_call(run, photo, command):
    by_job, by_call = [await run(command, photo, way, "--json") for way in ("--job", "--sync")]
    told, answered = json.loads(by_job.stdout), json.loads(by_call.stdout)
    assert told.pop("job").startswith("jobs/")
    assert told == answered


@pytest.mark.parametrize("command", ["objects", "segment"])
async def test_nothing_found_is_the_answer_no(run, photo, script, command):
    script.objects.clear()
    script.segments.clear()
    assert (await run(command, photo)).exit_code == Exit.ANSWER_IS_NO


@pytest.mark.parametrize("command", ["objects", "segment"])
async def test_findings_are_drawn_and_the_photo_is_never_written_over(run, photo, tmp_path, command):
    before = content(photo)
    assert (await run(command, photo, "--draw", str(tmp_path / "drawn.jpg"))).exit_code == Exit.OK
    with Image.open(tmp_path / "drawn.jpg") as drawn:
        assert (drawn.format, drawn.size) == ("JPEG", (200, 100))
    assert (await run(command, photo, "--draw", photo)).exit_code == Exit.USAGE
    assert content(photo) == before


async def test_a_video_is_followed_by_a_job_and_its_parts_are_joined(run, script, tmp_path):
    film = tmp_path / "street.mp4"
    film.write_bytes(b"film")
    tracks = [ObjectTrack(track=number, class_name="person", score=0.8, frame_count=5) for number in (1, 2)]
    script.video_parts = [
        DetectObjectsVideoResult(
            frame_count=9, part_count=2, tracks=tracks[:1], totals=[ClassCount(class_name="person", count=2)]
        ),
        DetectObjectsVideoResult(tracks=tracks[1:]),
    ]
    result = await run("objects", str(film), "--every", "0.1")
    assert "2 person in 9 frames" in result.stdout
    assert len(result.stdout.splitlines()) == 4
    assert script.named("CreateJob")[0].request.job.spec.detect_objects.video.every.nanos == 100_000_000


def test_drawings_show_on_any_background(tmp_path):
    poses = DetectedObject(box=BOX, score=0.9, class_name="person", key_points=[{"point": CORNERS[0], "score": 0.9}])
    segment = Segment(box=BOX, polygon=[{"points": CORNERS}])
    for shade in (0, 128, 255):
        Image.new("RGB", (400, 300), (shade,) * 3).save(tmp_path / "in.png")
        for out in (
            draw_objects(tmp_path / "in.png", [poses], tmp_path / "objects.png"),
            draw_segments(tmp_path / "in.png", [segment], tmp_path / "segments.png"),
        ):
            changed = np.abs(np.asarray(Image.open(out)).astype(int) - shade).max(axis=2) > 60
            assert 200 < changed.sum() < 20_000
