"""The command: what it prints, how it exits, and that Ctrl-C leaves the job alone."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from scripted_calls import Script, retry_in, status

from sightline.client.command.exits import MEANINGS, Exit
from sightline.v1.job_pb2 import Job

MEDIA = "media/0197b1c2-8c1e-7b6d-9f3a-4f4f5a2b1c0d"


@pytest.fixture
def photo(tmp_path: Path) -> str:
    Image.new("RGB", (200, 100), (90, 90, 90)).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def kind_of(picture: str | Path) -> tuple[str | None, tuple[int, int]]:
    with Image.open(picture) as opened:
        return opened.format, opened.size


async def started(address: str, *arguments: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, "SIGHTLINE_SERVER": address, "SIGHTLINE_KEY": "sk-env"}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sightline.client.command", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip


async def test_faces_are_printed_in_pixels(run, photo):
    result = await run("faces", photo)
    assert result.exit_code == Exit.OK
    assert "1 face in 200 x 100 pixels" in result.stdout
    assert result.stdout.splitlines()[-1].split() == ["1", "0.90", "20", "20", "40", "40"]


async def test_json_is_one_object_per_photo_with_every_field(run, photo, script):
    script.faces.append(script.faces[0])
    result = await run("faces", photo, photo, "--json", "--embeddings", "--min-score", "0.3", "--max-faces", "7")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["photo"], len(line["faces"])) for line in lines] == [(photo, 2)] * 2
    assert lines[0]["imageSize"] == {"widthPx": 200, "heightPx": 100}
    options = script.calls[0].request.options
    assert (options.include_embeddings, options.max_faces, round(options.min_score, 3)) == (True, 7, 0.3)


async def test_no_face_is_the_answer_no(run, photo, script):
    script.faces.clear()
    result = await run("faces", photo, "--json")
    assert result.exit_code == Exit.ANSWER_IS_NO
    assert json.loads(result.stdout)["faces"] == []


async def test_a_job_finds_the_same_faces(run, photo, script):
    result = await run("faces", photo, "--job", "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, len(answer["faces"])) == (Exit.OK, 1)
    assert answer["job"] in script.jobs


async def test_work_that_was_asked_for_before_is_shared_unless_it_is_forced(run, photo, script):
    media = (await run("media", "upload", photo)).stdout.strip()
    first = await run("faces", media, "--job", "--json")
    again = await run("faces", media, "--job", "--json")
    forced = await run("faces", media, "--job", "--json", "--force")
    jobs = [json.loads(one.stdout)["job"] for one in (first, again, forced)]
    assert jobs[0] == jobs[1] != jobs[2]
    assert "same work" not in first.stderr + forced.stderr
    assert f"the same work was done as {jobs[0]}, which is used; --force runs it anew" in again.stderr


async def test_faces_are_drawn_into_a_file_or_a_folder(run, photo, tmp_path):
    assert (await run("faces", photo, "--draw", str(tmp_path / "drawn.jpg"))).exit_code == 0
    assert kind_of(tmp_path / "drawn.jpg") == ("JPEG", (200, 100))
    assert (await run("faces", photo, "--draw", str(tmp_path / "out"))).exit_code == 0
    assert kind_of(tmp_path / "out/photo.png") == ("PNG", (200, 100))
    assert (await run("faces", photo, "--draw", photo)).exit_code == Exit.USAGE


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("faces", "photo.png", "--every", "1"), "--every is for videos, and none of these files is one"),
        (("faces", "photo.png", "film.jpg", "--out", "people"), "--out is for videos"),
        (("faces", "film.mp4", "--draw", "out.jpg"), "--draw is for pictures, and none of these files is one"),
        (("objects", "photo.png", "--every", "0"), "--every is for videos"),
        (("objects", "film.webm", "--draw", "out"), "--draw is for pictures"),
    ],
)
async def test_an_option_that_none_of_the_files_has_is_refused(run, script, asked, told):
    result = await run(*asked)
    assert (result.exit_code, script.calls) == (Exit.USAGE, [])
    assert told in " ".join(result.stderr.replace("\u2502", " ").split())


@pytest.mark.parametrize("command", ["faces", "objects", "segment"])
async def test_no_drawing_takes_the_place_of_another(run, photo, tmp_path, script, command):
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "photo.png"
    twin.write_bytes(b"a picture")
    result = await run(command, photo, str(twin), "--draw", str(tmp_path / "out"))
    assert result.exit_code == Exit.USAGE
    assert "would both be written" in result.stderr
    assert script.calls == []


@pytest.mark.parametrize("command", ["faces", "keyframes", "slides"])
async def test_no_files_of_a_film_go_where_those_of_another_go(run, tmp_path, script, command):
    films = [tmp_path / name for name in ("film.mp4", "film.mkv")]
    for film in films:
        film.write_bytes(b"a film")
    result = await run(command, *map(str, films), "--out", str(tmp_path / "out"))
    assert result.exit_code == Exit.USAGE
    assert script.calls == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["faces"], ["faces", "--job"], ["objects"], ["objects", "--job"], ["segment"], ["compare"], ["text"],
        ["people", "search"], ["people", "add", "persons/none"], ["media", "upload"], ["slides"], ["keyframes"],
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize(("name", "told"), [("none.jpg", "No such file or directory"), ("folder", "Is a directory")])
async def test_every_command_names_the_file_that_can_not_be_read(run, tmp_path, photo, script, arguments, name, told):
    (tmp_path / "folder").mkdir()
    file = str(tmp_path / name)
    result = await run(*arguments, file, *([photo] if arguments == ["compare"] else []))
    assert (result.exit_code, result.stdout) == (Exit.BAD_INPUT, "")
    assert result.stderr == f"sightline: {file}: {told}\n"


@pytest.mark.parametrize("command", ["faces", "objects", "segment"])
async def test_what_was_found_is_told_even_where_its_drawing_can_not_be_written(run, photo, tmp_path, script, command):
    (tmp_path / "file").write_bytes(b"no folder")
    place = str(tmp_path / "file" / "drawn.png")
    result = await run(command, photo, "--json", "--draw", place)
    assert result.exit_code == Exit.BAD_INPUT
    assert json.loads(result.stdout)["photo"] == photo
    assert result.stderr == f"sightline: {photo}: {place}: Not a directory\n"


async def test_drawing_without_pillow_says_what_to_install(run, photo, script, monkeypatch):
    monkeypatch.setattr("sightline.client.command.drawn.find_spec", lambda name: None)
    result = await run("faces", photo, "--draw", "out.jpg")
    assert result.exit_code == Exit.USAGE
    assert "sightline-client[draw]" in result.stderr
    assert script.calls == []


async def test_one_bad_photo_does_not_keep_the_others_from_being_analysed(run, photo, script):
    script.fail("DetectFaces", status("INVALID_ARGUMENT", "MEDIA_CORRUPT", "does not decode"))
    result = await run("faces", photo, "/none.jpg", photo, "--json")
    assert result.exit_code == Exit.BAD_INPUT
    assert len(result.stdout.splitlines()) == 1
    assert "does not decode (MEDIA_CORRUPT)" in result.stderr
    assert "/none.jpg: No such file" in result.stderr


async def test_the_file_that_is_missing_is_named_and_not_the_one_beside_it(run, photo, tmp_path):
    result = await run("compare", photo, "/none.jpg")
    assert result.stderr == "sightline: /none.jpg: No such file or directory\n"
    place = tmp_path / "none" / "out.jpg"
    result = await run("faces", photo, "--draw", str(place))
    assert f"{photo}: {place}: No such file or directory" in result.stderr


async def test_a_call_that_is_not_admitted_says_where_the_key_is_given(run, script):
    script.fail("GetJob", status("UNAUTHENTICATED", "UNAUTHENTICATED"))
    assert "  SIGHTLINE_KEY or --key gives the key\n" in (await run("jobs", "show", "1")).stderr


async def test_a_server_that_is_not_there_says_where_its_address_is_given(run):
    result = await run("--server", "127.0.0.1:9", "jobs", "show", "1")
    assert result.exit_code == Exit.UNAVAILABLE
    assert "  SIGHTLINE_SERVER or --server says where the server is\n" in result.stderr


async def test_two_photos_are_compared(run, photo, script):
    result = await run("compare", photo, photo, "--json")
    assert (result.exit_code, json.loads(result.stdout)["samePerson"]) == (Exit.OK, True)
    script.similarity = 0.1
    result = await run("compare", photo, photo)
    assert (result.exit_code, result.stdout) == (
        Exit.ANSWER_IS_NO, "not the same person: similarity 0.100, threshold 0.400\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (status("INVALID_ARGUMENT", "MEDIA_EMPTY"), Exit.BAD_INPUT),
        (status("NOT_FOUND", "NOT_FOUND"), Exit.NOT_FOUND),
        (status("UNAUTHENTICATED", "UNAUTHENTICATED"), Exit.NO_ACCESS),
        (status("PERMISSION_DENIED", "PERMISSION_DENIED"), Exit.NO_ACCESS),
        (status("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", details=[retry_in(60)]), Exit.QUOTA),
        (status("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"), Exit.UNAVAILABLE),
        (status("FAILED_PRECONDITION", "JOB_ENDED"), Exit.REFUSED),
        (status("INTERNAL", "INTERNAL"), Exit.FAULT),
    ],
)
async def test_each_kind_of_error_has_its_exit_status(run, script, fault, expected):
    script.fail("GetJob", fault)
    result = await run("jobs", "show", "1")
    assert result.exit_code == expected
    assert fault.message in result.stderr
    assert "request id r-1" in result.stderr
    assert result.stdout == ""


async def test_a_wrong_command_line_is_exit_2(run):
    for arguments in (["faces"], ["jobs", "nonsense"], ["--timeout", "soon", "health"], ["nonsense"]):
        assert (await run(*arguments)).exit_code == Exit.USAGE
    assert (await run("--server", "ftp://x", "health")).exit_code == Exit.USAGE


async def test_jobs_are_listed_shown_and_steered(run, photo, script):
    await run("faces", photo, "--job")
    name = next(iter(script.jobs))
    script.jobs[name].labels["film"] = "b"
    assert name in (await run("jobs", "list", "--filter", "state = SUCCEEDED")).stdout
    assert script.named("ListJobs")[0].request.filter == "state = SUCCEEDED"
    shown = (await run("jobs", "show", name.removeprefix("jobs/"))).stdout
    assert re.search(r"^state +SUCCEEDED$", shown, re.MULTILINE)
    assert "film=b" in shown
    assert json.loads((await run("jobs", "results", name)).stdout)["name"] == f"{name}/results/0"
    assert (await run("jobs", "retry", name)).stdout.startswith(f"{name} QUEUED")
    assert json.loads((await run("jobs", "cancel", name, "--json")).stdout)["state"] == "STATE_CANCELLED"
    assert (await run("dead-letters", "list")).stdout.count(name) == 1
    assert json.loads((await run("dead-letters", "replay", name, "--json")).stdout)["name"] == name
    assert (
        "1 jobs run again, 0 were left"
        in (await run("dead-letters", "replay-all", "--filter", "state = FAILED")).stdout
    )
    assert (await run("jobs", "delete", name, "jobs/none")).exit_code == Exit.NOT_FOUND
    assert script.jobs == {}


async def test_a_watch_ends_as_the_job_ends(run, photo, script):
    await run("faces", photo, "--job")
    name = next(iter(script.jobs))
    watched = await run("jobs", "watch", name, "--json")
    assert watched.exit_code == Exit.OK
    assert [json.loads(line)["sequence"] for line in watched.stdout.splitlines()] == ["1", "2", "3", "4"]
    script.outcome, script.error = Job.STATE_FAILED, status("INVALID_ARGUMENT", "MEDIA_CORRUPT", "does not decode")
    watched = await run("jobs", "watch", name)
    assert watched.exit_code == Exit.JOB_NOT_SUCCEEDED
    assert "does not decode (MEDIA_CORRUPT)" in watched.stderr


async def test_files_go_up_and_come_back(run, photo, tmp_path, monkeypatch):
    name = (await run("media", "upload", photo)).stdout.strip()
    assert json.loads((await run("media", "show", name, "--json")).stdout)["displayName"] == "photo.png"
    assert name in (await run("media", "list")).stdout
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert (await run("media", "download", name)).exit_code == 0
    assert kind_of("photo.png") == ("PNG", (200, 100))
    assert (await run("media", "download", name)).exit_code == Exit.BAD_INPUT
    assert (await run("media", "download", name, "--force")).exit_code == 0
    assert (await run("media", "delete", name)).exit_code == 0
    assert (await run("media", "show", name)).exit_code == Exit.NOT_FOUND


async def test_the_name_of_an_upload_never_leaves_the_folder(run, photo, tmp_path, monkeypatch):
    name = (await run("media", "upload", photo, "--name", "../../evil")).stdout.strip()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert (await run("media", "download", name)).exit_code == 0
    assert [file.name for file in tmp_path.joinpath("elsewhere").iterdir()] == ["evil"]


async def test_health_says_whether_calls_are_taken(run, script):
    assert json.loads((await run("health", "--json")).stdout)["serving"] is True
    script.serving = False
    assert (await run("health")).exit_code == Exit.UNAVAILABLE


async def test_a_process_reads_its_server_and_key_from_the_environment(address, script, photo):
    process = await started(address, "faces", photo, "--json")
    out, err = await process.communicate()
    assert (process.returncode, err) == (Exit.OK, b"")
    assert json.loads(out)["faces"][0]["box"]["left"] == pytest.approx(0.1)
    assert script.calls[0].metadata["authorization"] == "Bearer sk-env"


async def test_ctrl_c_ends_the_wait_and_not_the_job(address, script: Script, photo):
    script.hang_watch = True
    process = await started(address, "faces", photo, "--job")
    while not script.named("WatchJob"):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, err = await process.communicate()
    assert process.returncode == Exit.INTERRUPTED
    assert time.monotonic() - began < 3
    name = next(iter(script.jobs))
    assert f"sightline jobs watch {name}" in err.decode()
    assert not script.named("CancelJob")
    assert "Traceback" not in err.decode()


async def test_a_reader_that_leaves_early_is_no_error_in_words(address, photo, script):
    process = await started(address, "faces", *[photo] * 3, "--json")
    assert process.stdout is not None
    process._transport.get_pipe_transport(1).close()
    err = await process.stderr.read()
    await process.wait()
    assert b"Traceback" not in err


async def test_a_broken_plugin_takes_no_other_command_with_it(run, monkeypatch):
    from importlib.metadata import EntryPoint

    from sightline.client.command import plugins

    points = [EntryPoint("broken", "no.such.module:app", plugins.GROUP)]
    monkeypatch.setattr(
        plugins, "entry_points", lambda **wanted: [p for p in points if wanted.get("name", p.name) == p.name]
    )
    result = await run("--help")
    assert result.exit_code == 0
    assert "Find the faces" in result.stdout
    assert "'broken' can't be loaded" in result.stderr
    assert (await run("broken")).exit_code == Exit.USAGE


async def test_a_plugged_in_command_runs(run, monkeypatch):
    import typer

    from sightline.client.command import plugins

    extra = typer.Typer()
    extra.command()(lambda: typer.echo("plugged in"))

    class Point:
        name = "extra"
        load = staticmethod(lambda: extra)

    monkeypatch.setattr(
        plugins, "entry_points", lambda **wanted: [Point] if wanted.get("name", "extra") == "extra" else []
    )
    assert (await run("extra")).stdout == "plugged in\n"


def test_every_exit_status_is_explained_and_documented():
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    for exit_status in Exit:
        assert f"| {exit_status.value} | {MEANINGS[exit_status]} |" in readme
