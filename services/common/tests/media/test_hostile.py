"""Files that mean harm are refused with their reason, at once, and cost next to nothing; none opens anything else."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import av
import hostile
import numpy as np
import pytest
from trying import open_unchecked, read, reason_and_cost

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media import decode_image
from sightline.common.media.containers import open_container
from sightline.common.settings import ChildLimits, MediaLimits
from sightline.common.worker.child import Nursery

LIMITS = MediaLimits()
# What is left over for a file that is refused: processor time of a busy machine, and memory of libraries.
SMALL = ChildLimits(memory_bytes=2**27, cpu_seconds=3, wall_seconds=60)
EMPTY, TEXT, KIND, CORRUPT, LARGE = (
    Reason.MEDIA_EMPTY, Reason.MEDIA_UNSUPPORTED, Reason.MEDIA_UNSUPPORTED, Reason.MEDIA_CORRUPT,
    Reason.MEDIA_TOO_LARGE,
)  # fmt: skip
REASONS = {
    "empty": EMPTY,
    "one_byte": CORRUPT,
    "hls_playlist_of_a_local_file": TEXT,
    "hls_playlist_of_an_inward_address": TEXT,
    "list_of_files_to_join": TEXT,
    "dash_manifest": TEXT,
    "session_description": TEXT,
    "svg_that_includes_a_file": TEXT,
    "xml_of_a_billion_laughs": TEXT,
    "subtitles_in_srt": TEXT,
    "subtitles_that_name_another_file": TEXT,
    "html": TEXT,
    "html_that_begins_like_a_gif": TEXT,
    "mp4_without_an_index": CORRUPT,
    "mp4_that_is_only_a_header": CORRUPT,
    "mp4_that_plays_for_a_million_years": LARGE,
    "mp4_of_two_billion_frames": LARGE,
    "mp4_of_fifty_million_frames": LARGE,
    "mp4_of_a_hundred_thousand_edits": LARGE,
    "mp4_fragment_of_two_billion_frames": LARGE,
    "mp4_of_sound_in_giant_chunks": LARGE,
    "mp4_with_a_packed_header": KIND,
    "mp4_of_millions_of_boxes": LARGE,
    "mp4_with_boxes_in_boxes": CORRUPT,
    "gif_of_four_billion_pixels": CORRUPT,
    "avi_of_jpegs_with_giant_pictures": CORRUPT,
    "mkv_with_thousands_of_attachments": LARGE,
    "mkv_with_an_element_that_never_ends": KIND,
    "mkv_of_nested_tags": KIND,
    "ts_of_a_hundred_thousand_streams": LARGE,
    "ogg_of_a_hundred_thousand_streams": KIND,
    "wav_that_says_it_has_four_gigabytes": KIND,
    "wav_of_sixty_thousand_channels": KIND,
    "mp3_whose_tag_claims_a_quarter_of_a_gigabyte": CORRUPT,
    "flac_with_a_giant_picture": CORRUPT,
    "noise": CORRUPT,
}
# These lie about what can be seen from the film itself: they are read as the honest film that they were made of.
HARMLESS = {"mp4_whose_data_is_elsewhere", "mp4_with_giant_pictures", "avi_with_giant_pictures"}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    made = Nursery(SMALL)
    yield made
    made.close()


def test_every_hostile_file_has_its_place_here() -> None:
    assert set(hostile.HOSTILE) == set(REASONS) | HARMLESS


@pytest.mark.parametrize("name", sorted(REASONS))
async def test_a_hostile_file_is_refused_with_its_reason_at_once(nursery: Nursery, name: str, tmp_path: Path) -> None:
    reason, seconds, grown_bytes = await nursery.run(reason_and_cost, hostile.save(tmp_path, name))
    assert reason == REASONS[name]
    assert seconds < 1
    assert grown_bytes < 100 * 2**20


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_a_file_that_lies_about_its_pictures_shows_what_is_in_it_and_nothing_else(name: str, tmp_path: Path) -> None:
    honest = tmp_path / "honest"
    honest.write_bytes(hostile.film("avi" if name.startswith("avi") else "mp4"))
    frames, _ = read(honest)
    assert read(hostile.save(tmp_path, name))[0] == frames


async def test_an_index_that_no_check_knows_meets_the_limits_of_the_child(nursery: Nursery, tmp_path: Path) -> None:
    # FFmpeg goes on without an index that it has no room for: there is nothing to see then, and nothing was taken.
    grown_bytes = await nursery.run(open_unchecked, hostile.save(tmp_path, "mp4_of_fifty_million_frames"))
    assert grown_bytes < SMALL.memory_bytes + 32 * 2**20


def test_an_honest_film_with_many_streams_or_much_length_is_refused_only_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(hostile.film(frames=30))
    for accepted in (LIMITS, MediaLimits(max_video_streams=1), MediaLimits(max_video_seconds=3)):
        open_container(path, accepted).close()
    for refusing in (
        MediaLimits(max_video_seconds=2.9),
        MediaLimits(max_video_frames=9),
        MediaLimits(max_video_pixels=3071),
    ):
        with pytest.raises(MediaRejected) as refused:
            open_container(path, refusing)
        assert refused.value.reason is Reason.MEDIA_TOO_LARGE


def test_uncompressed_sound_has_many_samples_and_a_small_index(tmp_path: Path) -> None:
    path = tmp_path / "sound.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2 * 48_000), np.int16), format="s16", layout="stereo")
        frame.sample_rate = 48_000
        for _ in range(60):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    # 60 seconds have 2.9 million samples, and 60 x 47 entries of 1024 samples.
    small = MediaLimits(max_video_frames=1, max_video_seconds=61)
    open_container(path, small).close()
    with pytest.raises(MediaRejected):
        open_container(path, MediaLimits(max_video_frames=1, max_video_seconds=59))


@pytest.mark.parametrize("chunk", ["zTXt", "iCCP", "iTXt"])
def test_a_picture_with_a_bomb_in_its_notes_is_decoded_without_it(chunk: str) -> None:
    packed = hostile.bomb(500)
    note = {
        "zTXt": b"Comment\0\0" + packed,
        "iCCP": b"icc\0\0" + packed,
        "iTXt": b"Comment\0\1\0\0\0" + packed,
    }[chunk]
    data = hostile.png(64, 64, (chunk.encode(), note))
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        assert decode_image(data, LIMITS).pixels.shape == (64, 64, 3)
    except MediaRejected as error:
        assert error.reason is Reason.MEDIA_CORRUPT
    assert time.process_time() - began < 1
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 64 * 1024


def test_a_bomb_of_pixels_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(MediaRejected) as refused:
        decode_image(hostile.png(20_000, 20_000), LIMITS)
    assert refused.value.reason is Reason.MEDIA_TOO_LARGE


def test_a_picture_with_another_file_behind_it_is_that_picture() -> None:
    picture = hostile.png(64, 64)
    for appended in (b"PK\3\4" + b"x" * 1000, b"<script>alert(1)</script>", hostile.film()):
        assert decode_image(picture + appended, LIMITS).pixels.shape == (64, 64, 3)
