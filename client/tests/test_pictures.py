"""Pictures on their way in, and with faces drawn on them on their way out."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sightline.client import MediaRejected
from sightline.client.drawing import draw_faces
from sightline.client.pictures import image_source, png
from sightline.v1.face_pb2 import Face
from sightline.v1.image_pb2 import ImageSource
from sightline.v1.media_pb2 import Media

MEDIA = "media/0197b1c2-8c1e-7b6d-9f3a-4f4f5a2b1c0d"
FACE = Face(score=0.97, box={"left": 0.25, "top": 0.25, "right": 0.75, "bottom": 0.75})


def test_a_picture_comes_from_a_file_bytes_or_media(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"picture")
    for given in (tmp_path / "a.jpg", str(tmp_path / "a.jpg"), b"picture", ImageSource(content=b"picture")):
        assert image_source(given).content == b"picture"
    assert image_source(MEDIA).media == image_source(Media(name=MEDIA)).media == MEDIA


def test_pixels_are_sent_without_loss_and_in_the_right_colours():
    pixels = np.random.default_rng(1).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    decoded = np.asarray(Image.open(io.BytesIO(image_source(pixels).content)))
    assert (decoded == pixels[:, :, ::-1]).all()


@pytest.mark.parametrize("pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_an_array_that_is_no_picture_is_refused(pixels):
    with pytest.raises(ValueError, match="uint8"):
        png(pixels)


def test_a_picture_that_no_request_can_carry_is_refused_before_it_is_sent():
    assert image_source(bytes(32 << 20))
    with pytest.raises(MediaRejected, match="upload it"):
        image_source(bytes((32 << 20) + 1))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("shade", [0, 128, 255])
def test_the_drawing_can_be_seen_on_any_background(tmp_path, suffix, shade):
    plain = Image.new("RGB", (400, 300), (shade, shade, shade))
    plain.save(tmp_path / "in.png")
    out = draw_faces(tmp_path / "in.png", [FACE], tmp_path / f"out.{suffix}")
    drawn = np.asarray(Image.open(out).convert("RGB")).astype(int)
    assert drawn.shape == (300, 400, 3)
    edge = drawn[150, 92:110]
    assert np.abs(edge - shade).max() > 100
    assert np.abs(drawn[100:120, 150:170] - shade).max() < 20


def test_lines_are_wider_on_larger_pictures(tmp_path):
    def width_of_line(side: int) -> int:
        Image.new("RGB", (side, side), (128, 128, 128)).save(tmp_path / "in.png")
        drawn = np.asarray(Image.open(draw_faces(tmp_path / "in.png", [FACE], tmp_path / "out.png")))
        return int((drawn[side // 2, : side // 2] != 128).any(axis=1).sum())

    assert width_of_line(2000) > 2 * width_of_line(300) > 0


def test_boxes_are_drawn_on_the_picture_as_it_is_shown(tmp_path):
    stored = Image.new("RGB", (400, 200), (128, 128, 128))
    exif = stored.getexif()
    exif[0x0112] = 6  # to be turned by a quarter
    stored.save(tmp_path / "in.jpg", exif=exif)
    out = draw_faces((tmp_path / "in.jpg").read_bytes(), [FACE], tmp_path / "out.png")
    with Image.open(out) as shown:
        assert shown.getexif().get(0x0112) is None
        pixels = np.asarray(shown)
    assert pixels.shape == (400, 200, 3)
    assert (pixels[200, 45:56] != 128).any()


def test_faces_at_the_rim_and_landmarks_outside_do_no_harm(tmp_path):
    Image.new("L", (20, 10)).save(tmp_path / "in.png")
    face = Face(score=1, box={"right": 1, "bottom": 1})
    face.landmarks.nose.x, face.landmarks.nose.y = 1.2, -0.1
    assert draw_faces(tmp_path / "in.png", [face, Face()], tmp_path / "out.png").exists()


def test_a_suffix_without_a_format_is_refused(tmp_path):
    Image.new("RGB", (20, 10)).save(tmp_path / "in.png")
    with pytest.raises(ValueError, match=r"extension|suffix"):
        draw_faces(tmp_path / "in.png", [], tmp_path / "out.xyz")
