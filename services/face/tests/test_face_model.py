"""The pool of sessions: parallel, bounded, small; and alignment as insightface does it."""

from __future__ import annotations

import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from insightface.model_zoo.scrfd import SCRFD
from insightface.utils.face_align import norm_crop

from sightline.common.errors import Reason, SightlineError
from sightline.common.media import Image, ImageFormat
from sightline.common.models import ModelStore
from sightline.face.alignment import align
from sightline.face.analysis import FaceAnalyzer
from sightline.face.geometry import on_canvas, resized
from sightline.face.model import FaceModel
from sightline.face.settings import FaceModelSettings


def test_alignment_equals_that_of_insightface(analyzer: FaceAnalyzer, group: Image) -> None:
    for face in analyzer.detect(group):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it calls what scikit-image has deprecated, which is why we don't
            expected = norm_crop(group.pixels, face.landmarks)
        # Rounding may differ by a hair between the two ways to the same matrix.
        assert np.abs(align(group.pixels, face.landmarks).astype(int) - expected).max() <= 1


def test_landmarks_in_one_point_give_a_black_crop_and_no_error(group: Image) -> None:
    assert not align(group.pixels, np.full((5, 2), 50, np.float32)).any()


def test_callers_from_many_threads_get_what_one_gets(analyzer: FaceAnalyzer, group: Image, portrait: Image) -> None:
    pictures = [group, portrait] * 6
    alone = [[face.box for face in analyzer.detect(picture)] for picture in pictures]
    with ThreadPoolExecutor(6) as threads:
        together = [[face.box for face in faces] for faces in threads.map(analyzer.detect, pictures)]
    assert together == alone


def test_as_many_calls_run_at_once_as_there_are_sessions_and_the_next_waits_only_so_long(
    model_store: ModelStore,
) -> None:
    settings = FaceModelSettings(sessions=1, wait_seconds=0.05)
    model = FaceModel(model_store.path(settings.detector), model_store.path(settings.embedder), settings)
    with model._pool.session(), pytest.raises(SightlineError) as refused:
        model.detect(np.zeros((64, 64, 3), np.uint8), 0.5)
    assert refused.value.reason is Reason.OVERLOADED
    assert refused.value.retryable
    assert len(model.detect(np.zeros((64, 64, 3), np.uint8), 0.5).boxes) == 0


@pytest.mark.parametrize(("width_px", "height_px"), [(16, 16), (16, 4000), (4000, 16), (33, 700), (1, 1)])
def test_a_picture_of_any_shape_is_looked_at(width_px: int, height_px: int, analyzer: FaceAnalyzer) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height_px, width_px, 3), np.uint8)
    analyzer.embed(Image(pixels, width_px, height_px, ImageFormat.PNG))


@pytest.mark.parametrize("share", [0.5, 0.7, 0.85, 1.0])
def test_a_face_that_fills_the_picture_is_found(share: float, analyzer: FaceAnalyzer, portrait: Image) -> None:
    (face,) = analyzer.detect(portrait)
    left, top, right, bottom = face.box
    x, y, reach = (left + right) / 2, (top + bottom) / 2, (bottom - top) / 2 / share
    cut = portrait.pixels[max(0, int(y - reach)) : int(y + reach), max(0, int(x - reach)) : int(x + reach)]
    pixels = np.asarray(cv2.resize(cut, None, fx=2, fy=2), np.uint8)
    near = analyzer.detect(Image(pixels, pixels.shape[1], pixels.shape[0], ImageFormat.PNG))
    assert len(near) == 1
    assert near[0].box[3] - near[0].box[1] > 0.75 * share * pixels.shape[0]


MEASURE = """
import sys, numpy, psutil
from pathlib import Path
from sightline.common.media import Image, ImageFormat, decode_image
from sightline.common.models import ModelStore
from sightline.common.settings import MediaLimits, ModelSettings
from sightline.face.analysis import FaceAnalyzer
from sightline.face.geometry import on_canvas, resized
from sightline.face.model import FaceModel
from sightline.face.settings import FaceModelSettings
store = ModelStore(ModelSettings(folder=Path(sys.argv[1]), allow_noncommercial=True))
settings = FaceModelSettings()
model = FaceModel(store.path(settings.detector), store.path(settings.embedder), settings)
analyzer = FaceAnalyzer(model, settings, store.entry(settings.detector), store.entry(settings.embedder))
analyzer.embed(decode_image(store.path("solvay-1927").read_bytes(), MediaLimits()))
sizes = numpy.random.default_rng(0).integers(40, 900, (25, 2))
for width, height in sizes.tolist():
    analyzer.detect(Image(numpy.zeros((height, width, 3), numpy.uint8), width, height, ImageFormat.PNG))
print(psutil.Process().memory_info().rss)
"""


def test_the_models_leave_room_under_600_mb_for_the_rest_of_the_process(model_store: ModelStore) -> None:
    folder = str(Path(model_store.path("newton")).parents[1])
    said = subprocess.run(
        [sys.executable, "-c", MEASURE, folder], capture_output=True, text=True, check=True, timeout=100
    )
    resident_mb = int(said.stdout) / 2**20
    assert resident_mb < 450, f"{resident_mb:.0f} MB resident"


@pytest.mark.parametrize("least_score", [0.02, 0.5, 0.999])
def test_what_is_worked_out_for_sure_anchors_alone_equals_what_insightface_works_out_for_all(
    least_score: float, face_model: FaceModel, solvay: Image
) -> None:
    canvas = on_canvas(resized(solvay.pixels, 640)[0])
    with face_model._pool.session() as session:
        quick = session._detector
        ours = quick.detect(canvas, canvas.shape[1::-1], det_thresh=least_score)
        theirs = SCRFD.forward(quick, canvas, least_score)
        mine = quick.forward(canvas, least_score)
    for kind in range(3):
        for one, other in zip(mine[kind], theirs[kind], strict=True):
            np.testing.assert_array_equal(one, other)
    assert (len(ours[0]) == 0) == (least_score == 0.999)
