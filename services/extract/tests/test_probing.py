"""What is said of a file before any work: its container, length and streams, or why it is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import hostile
import numpy as np
import pytest
from av.stream import Disposition

from sightline.common.errors import MediaRejected, Reason
from sightline.common.settings import ChildLimits, MediaLimits
from sightline.common.worker.child import Nursery
from sightline.extract.probing import MediaFacts, StreamFacts, probe

LIMITS = MediaLimits()


def film(path: Path) -> Path:
    """Two seconds of pictures at 12.5 a second, and a German sound of 22,050 samples a second."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=Fraction(25, 2))
        pictures.width, pictures.height, pictures.pix_fmt = 320, 180, "yuv420p"
        sound = container.add_stream("aac", rate=22_050, layout="stereo")
        sound.metadata["language"] = "ger"
        for _ in range(25):
            container.mux(
                pictures.encode(av.VideoFrame.from_ndarray(np.zeros((180, 320, 3), np.uint8), format="bgr24"))
            )
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 44_100), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 22_050
        container.mux(sound.encode(frame))
        for stream in (pictures, sound):
            container.mux(stream.encode())
    return path


def wav(path: Path, seconds: int = 3) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000 * seconds), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_film_tells_its_length_pictures_sound_and_language(tmp_path: Path) -> None:
    facts = probe(film(tmp_path / "film.mkv"), LIMITS)
    assert facts.container == "matroska,webm"
    assert facts.duration_seconds == pytest.approx(2.0, abs=0.1)
    assert facts.streams == (
        StreamFacts("video", "h264", (320, 180), 12.5),
        StreamFacts("audio", "aac", sample_rate_hz=22_050, channels=2, language="ger"),
    )


def test_codecs_have_their_own_names_and_the_cover_of_a_recording_no_rate(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "song.mp3"), "w") as container:
        sound = container.add_stream("libmp3lame", rate=44_100, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 320, 180, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
        container.mux(cover.encode(av.VideoFrame(320, 180, "yuvj420p")))
        container.mux(cover.encode())
    assert probe(tmp_path / "song.mp3", LIMITS).streams == (
        StreamFacts("audio", "mp3", sample_rate_hz=44_100, channels=1),
        StreamFacts("video", "mjpeg", (320, 180)),
    )


def test_a_recording_has_no_pictures(tmp_path: Path) -> None:
    facts = probe(wav(tmp_path / "sound.wav"), LIMITS)
    sound = StreamFacts("audio", "pcm_s16le", sample_rate_hz=8000, channels=1)
    assert facts == MediaFacts("wav", 3.0, (sound,))


async def test_a_child_says_the_same_and_takes_little_for_it(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4")
    async with Nursery(ChildLimits(memory_bytes=2**26, cpu_seconds=2)) as nursery:
        assert await nursery.run(probe, path, LIMITS) == probe(path, LIMITS)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty", Reason.MEDIA_EMPTY),
        ("hls_playlist_of_a_local_file", Reason.MEDIA_UNSUPPORTED),
        ("mp4_without_an_index", Reason.MEDIA_CORRUPT),
        ("mp4_of_fifty_million_frames", Reason.MEDIA_TOO_LARGE),
        ("mp4_that_plays_for_a_million_years", Reason.MEDIA_TOO_LARGE),
        ("ts_of_a_hundred_thousand_streams", Reason.MEDIA_TOO_LARGE),
        ("wav_of_sixty_thousand_channels", Reason.MEDIA_UNSUPPORTED),
    ],
)
def test_what_no_work_would_be_done_on_has_no_facts(name: str, reason: Reason, tmp_path: Path) -> None:
    with pytest.raises(MediaRejected) as refused:
        probe(hostile.save(tmp_path, name), LIMITS)
    assert refused.value.reason is reason


def test_a_recording_is_refused_beyond_the_longest_that_is_accepted(tmp_path: Path) -> None:
    path = wav(tmp_path / "sound.wav")
    assert probe(path, MediaLimits(max_video_seconds=3)).duration_seconds == 3.0
    with pytest.raises(MediaRejected, match=r"at most 2\.9"):
        probe(path, MediaLimits(max_video_seconds=2.9))
