"""What films say and show through both clients: what is asked for reaches the server, and files are fetched."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from sightline.client import SoundPiece
from sightline.client.outputs import output_files
from sightline.v1 import extract_pb2, media_pb2
from sightline.v1.extract_pb2 import (
    AUDIO_FORMAT_FLAC,
    PICTURE_FORMAT_PNG,
    ExtractSlidesResult,
    MakeDocumentResult,
    Slide,
)
from sightline.v1.output_pb2 import OutputFile

FILM = "media/0192f0c1-2a3b-7c4d-8e5f-60718293a4b5"


def asked(script):
    return script.named("CreateJob")[-1].request.job.spec


def kept(script, name: str, data: bytes) -> OutputFile:
    """A file on the server that a job has made."""
    media = f"media/0192f0c1-2a3b-7c4d-8e5f-{len(script.media):012d}"
    digest = hashlib.sha256(data).hexdigest()
    script.blobs[media] = data
    script.media[media] = media_pb2.Media(name=media, size_bytes=len(data), sha256=digest)
    return OutputFile(media=media, file_name=name, size_bytes=len(data), sha256=digest)


async def test_what_is_asked_of_slides_reaches_the_server(sightline, script):
    await sightline.jobs.extract_slides(
        FILM, keep_builds=True, min_shown=0.5, text=True, image_format=PICTURE_FORMAT_PNG, priority=7, labels={"a": "b"}
    )
    job = script.named("CreateJob")[-1].request.job
    options = job.spec.extract_slides
    assert (job.spec.media, job.priority, dict(job.labels)) == (FILM, 7, {"a": "b"})
    assert (options.keep_builds, options.include_text, options.min_shown.nanos) == (True, True, 500_000_000)
    assert options.image_format == PICTURE_FORMAT_PNG


async def test_what_is_not_asked_for_is_left_to_the_service(sightline, script):
    await sightline.jobs.extract_slides(FILM)
    assert asked(script).extract_slides == extract_pb2.ExtractSlidesOptions()
    await sightline.jobs.extract_text(FILM)
    assert not asked(script).extract_text.HasField("min_score")
    await sightline.jobs.extract_audio(FILM)
    assert asked(script).extract_audio == extract_pb2.ExtractAudioOptions()


async def test_documents_transcripts_and_keyframes_are_asked_for(sightline, script):
    await sightline.jobs.make_document(FILM, transcript=False, language="de")
    options = asked(script).make_document
    assert (options.omit_transcript, options.transcribe.language_code) == (True, "de")
    await sightline.jobs.transcribe(FILM, model="pocketsphinx", words=True)
    assert (asked(script).transcribe.model, asked(script).transcribe.include_words) == ("pocketsphinx", True)
    await sightline.jobs.extract_keyframes(FILM, max_count=5, max_side_px=320)
    assert (asked(script).extract_keyframes.max_count, asked(script).extract_keyframes.max_side_px) == (5, 320)


async def test_a_sound_that_several_pieces_share_is_uploaded_once(sightline, script, tmp_path: Path):
    sound = tmp_path / "sound.wav"
    sound.write_bytes(b"RIFF")
    pieces = [SoundPiece(sound, 0.0), SoundPiece(sound, 1.5, gain_db=-6, length=2), SoundPiece(FILM, 3.0, fade_out=0.5)]
    await sightline.jobs.mix_audio(pieces, channels=1, loudness=-16, format=AUDIO_FORMAT_FLAC)
    spec = asked(script)
    assert len(script.named("UploadMedia")) == 1
    one, again, other = spec.mix_audio.pieces
    assert one.media == again.media != other.media == FILM
    assert (again.start.seconds, again.start.nanos, again.gain_db, again.length.seconds) == (1, 500_000_000, -6, 2)
    assert not one.HasField("length")
    assert (spec.media, spec.mix_audio.channels, spec.mix_audio.loudness_lufs) == ("", 1, -16)


async def test_the_command_tells_that_slides_were_found_before_unless_they_are_to_be_found_anew(run, script):
    script.given.append({"extract_slides": ExtractSlidesResult(slides=[Slide(number=1)])})
    first, again, forced = [await run("slides", FILM, "--json", *more) for more in ((), (), ("--force",))]
    jobs = [json.loads(one.stdout)["job"] for one in (first, again, forced)]
    assert jobs[0] == jobs[1] != jobs[2]
    assert "same work" not in first.stderr + forced.stderr
    assert f"{FILM}: the same work was done as {jobs[0]}" in again.stderr


async def test_an_unknown_word_about_the_creation_is_refused(sightline):
    with pytest.raises(TypeError, match="prioritee"):
        await sightline.jobs.transcribe(FILM, prioritee=3)


async def test_the_files_of_a_job_are_written_by_their_names_and_never_outside_of_the_folder(
    sightline, script, tmp_path: Path
):
    slides = [Slide(number=1, image=kept(script, "slide-001.webp", b"one"))]
    slides.append(Slide(number=2, image=kept(script, "../../evil.webp", b"two")))
    pdf = kept(script, "lecture.pdf", b"%PDF")
    script.given.append({"make_document": MakeDocumentResult(pdf=pdf, slides=ExtractSlidesResult(slides=slides))})
    job = await sightline.jobs.make_document(FILM, wait=True)
    written = await sightline.jobs.download_files(job, tmp_path / "a" / "out")
    assert {path.name: path.read_bytes() for path in written} == {
        "lecture.pdf": b"%PDF",
        "slide-001.webp": b"one",
        "evil.webp": b"two",
    }
    assert {path.parent for path in written} == {tmp_path / "a" / "out"}


def test_a_result_without_files_has_none():
    assert list(output_files(ExtractSlidesResult(slides=[Slide(number=1)]))) == []
