"""Files: sent in pieces, gone on with where they broke off, checked when they come back."""

from __future__ import annotations

import io
import os
import uuid

import pytest

from sightline.client import NotFound, ServerFault, Unavailable

LARGE = os.urandom(5_000_000)


async def test_a_file_is_sent_in_pieces_under_its_name(sightline, script, tmp_path):
    (tmp_path / "film.mp4").write_bytes(LARGE)
    progress: list[tuple[int, int]] = []
    media = await sightline.media.upload(tmp_path / "film.mp4", on_progress=lambda *at: progress.append(at))
    assert (media.display_name, script.blobs[media.name]) == ("film.mp4", LARGE)
    assert progress[-1] == (len(LARGE), len(LARGE))
    assert len(progress) == 5


@pytest.mark.parametrize("cuts", [[2_500_000], [1_000_000, 1_000_000, 4_000_001], [0]])
async def test_an_upload_that_breaks_off_goes_on_from_there(sightline, script, cuts):
    script.cut_upload_at.extend(cuts)
    media = await sightline.media.upload(LARGE)
    assert script.blobs[media.name] == LARGE
    assert [call.request.offset_bytes for call in script.named("UploadMedia")] == [0, *cuts]
    assert len({call.request.upload_id for call in script.named("UploadMedia")}) == 1


async def test_an_upload_whose_answer_is_lost_is_not_sent_again(sightline, script):
    script.lost["UploadMedia"] = 1
    media = await sightline.media.upload(LARGE)
    assert len(script.named("UploadMedia")) == 1
    assert script.media[media.name] == media


async def test_another_process_goes_on_with_an_upload_by_its_id(sightline, script):
    upload_id = str(uuid.uuid4())
    script.parts[upload_id] = bytearray(LARGE[:1_234_567])
    media = await sightline.media.upload(LARGE, upload_id=upload_id)
    assert script.named("UploadMedia")[0].request.offset_bytes == 1_234_567
    assert (await sightline.media.upload(LARGE, upload_id=upload_id)).name == media.name
    assert len(script.named("UploadMedia")) == 1


async def test_an_upload_without_any_progress_is_given_up(sightline, script):
    script.cut_upload_at.extend([0] * 100)
    with pytest.raises(Unavailable) as caught:
        await sightline.media.upload(LARGE)
    assert caught.value.attempts == 8


@pytest.mark.parametrize("empty", [b"", io.BytesIO()])
async def test_an_empty_file_is_left_for_the_server_to_judge(sightline, script, empty):
    await sightline.media.upload(empty, name="nothing")
    assert script.named("UploadMedia")[0].request.size_bytes == 0


async def test_an_open_file_is_sent_from_where_it_stands_and_stays_open(sightline, script):
    file = io.BytesIO(b"headbody")
    file.seek(4)
    media = await sightline.media.upload(file, name="b")
    assert (script.blobs[media.name], file.closed) == (b"body", False)


async def test_a_pipe_can_be_sent(sightline, script):
    read, write = os.pipe()
    os.write(write, b"through a pipe")
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        media = await sightline.media.upload(pipe)
    assert (script.blobs[media.name], media.display_name) == (b"through a pipe", "")


async def test_a_file_that_can_not_be_read_raises_what_the_system_says(sightline, tmp_path):
    with pytest.raises(FileNotFoundError):
        await sightline.media.upload(tmp_path / "none")
    broken = io.BytesIO(LARGE)
    reads = iter([b"x" * 10, b""])
    first = broken.read
    broken.read = lambda size=-1: next(reads, None) or failing(first)  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk is gone"):
        await sightline.media.upload(broken)


def failing(_: object) -> bytes:
    raise OSError(5, "the disk is gone")


async def test_a_download_is_whole_though_it_was_cut(sightline, script, tmp_path):
    media = await sightline.media.upload(LARGE[:10_000])
    script.cut_download_at.extend([3_000, 7_000])
    path = await sightline.media.download(media, tmp_path / "copy")
    assert path.read_bytes() == LARGE[:10_000]
    assert len(script.named("DownloadMedia")) == 3
    assert [file.name for file in tmp_path.iterdir()] == ["copy"]


async def test_a_download_that_differs_is_refused_and_leaves_nothing(sightline, script, tmp_path):
    media = await sightline.media.upload(LARGE[:10_000])
    script.spoil_download = True
    with pytest.raises(ServerFault, match="SHA-256"):
        await sightline.media.download(media, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


async def test_files_are_listed_shown_and_deleted(sightline, script):
    made = [(await sightline.media.upload(bytes([n]))).name for n in range(3)]
    assert [media.name async for media in sightline.media.list()] == made
    assert (await sightline.media.get(made[0].removeprefix("media/"))).name == made[0]
    script.lost["DeleteMedia"] = 1
    await sightline.media.delete(made[0])
    with pytest.raises(NotFound):
        await sightline.media.get(made[0])


async def test_an_import_is_tried_only_once(sightline, script):
    from scripted_calls import status

    assert (await sightline.media.import_url("https://example.org/a.jpg", name="a")).display_name == "a"
    script.fail("ImportMedia", status("UNAVAILABLE"))
    with pytest.raises(Unavailable):
        await sightline.media.import_url("https://example.org/a.jpg")
    assert len(script.calls) == 2
