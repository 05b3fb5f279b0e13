"""The people of videos through both clients and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sightline.client.command.exits import Exit
from sightline.client.messages import FaceVideoOptions
from sightline.v1.face_pb2 import DetectFacesVideoResult, FaceCluster, FaceTrack


@pytest.fixture
def film(tmp_path: Path) -> str:
    path = tmp_path / "party.mp4"
    path.write_bytes(b"film")
    return str(path)


@pytest.fixture
def people(script):
    """Two people in three tracks, told in two parts."""
    tracks = [
        FaceTrack(id=number, person_id=person, best_shot=f"shot {number}".encode(), best={"quality": {"score": 0.75}})
        for number, person in ((1, 1), (2, 2), (3, 1))
    ]
    clusters = [
        FaceCluster(
            id=1, track_ids=[1, 3], best_track_id=3,
            ranges=[{"start": {"seconds": 0}, "end": {"seconds": 2}}, {"start": {"seconds": 5}, "end": {"seconds": 9}}],
        ),
        FaceCluster(id=2, track_ids=[2], best_track_id=2, ranges=[{"end": {"seconds": 1, "nanos": 500_000_000}}]),
    ]  # fmt: skip
    script.people_parts = [
        DetectFacesVideoResult(frame_count=45, part_count=2, people=clusters, duration={"seconds": 9}),
        DetectFacesVideoResult(tracks=tracks),
    ]


@pytest.mark.usefixtures("people")
async def test_the_people_of_a_video_are_shown_with_their_times(run, film):
    result = await run("faces", film)
    assert result.exit_code == Exit.OK
    assert "2 people in 45 frames of 9.0 s, jobs/" in result.stdout
    first, second = (line.split() for line in result.stdout.splitlines()[-2:])
    assert first == ["1", "6.0", "2", "0.75", "0.0", "-", "2.0,", "5.0", "-", "9.0"]
    assert second == ["2", "1.5", "1", "0.75", "0.0", "-", "1.5"]


@pytest.mark.usefixtures("people")
async def test_best_shots_are_written_by_person_and_by_track(run, film, tmp_path):
    out = tmp_path / "out"
    assert (await run("faces", film, "--out", str(out))).exit_code == Exit.OK
    assert {file.name: file.read_bytes() for file in out.iterdir()} == {
        "person-1.jpg": b"shot 3",
        "person-1-track-1.jpg": b"shot 1",
        "person-1-track-3.jpg": b"shot 3",
        "person-2.jpg": b"shot 2",
        "person-2-track-2.jpg": b"shot 2",
    }
    assert (await run("faces", film, film, "--out", str(out))).exit_code == Exit.OK
    assert len(list((out / "party").iterdir())) == 5


@pytest.mark.usefixtures("people")
async def test_the_parts_of_a_result_are_joined_for_machines(run, film):
    result = await run("faces", film, "--json")
    told = json.loads(result.stdout)
    assert (len(told["people"]), len(told["tracks"]), told["frameCount"], told["video"]) == (2, 3, 45, film)


@pytest.mark.usefixtures("people")
async def test_what_is_asked_of_a_video_reaches_the_service(run, script, film):
    options = ("--every", "0.1", "--start", "2", "--end", "8.5", "--min-similarity", "0.5", "--min-score", "0.6")
    await run("faces", film, *options, "--embeddings")
    asked = script.named("CreateJob")[0].request.job.spec.detect_faces
    assert (asked.video.every.nanos, asked.video.start.seconds, asked.video.end.nanos) == (10**8, 2, 5 * 10**8)
    assert (asked.video.min_similarity, round(asked.min_score, 3), asked.include_embeddings) == (0.5, 0.6, True)


async def test_a_job_of_a_video_says_how_it_is_looked_at(sightline, script, film):
    await sightline.jobs.detect_faces(film, video=FaceVideoOptions(min_similarity=0.5))
    await sightline.jobs.detect_faces(film)
    asked, unset = (call.request.job.spec.detect_faces for call in script.named("CreateJob"))
    assert asked.video.min_similarity == 0.5
    assert unset.ByteSize() == 0


async def test_a_video_without_faces_is_the_answer_no(run, script, film):
    script.people_parts = [DetectFacesVideoResult(frame_count=5, part_count=1)]
    result = await run("faces", film)
    assert result.exit_code == Exit.ANSWER_IS_NO
    assert "0 people in 5 frames" in result.stdout
