"""What the models and the engines take of the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sightline.common.models import ModelStore

MEASURE = """
import sys, numpy, psutil, skimage.data
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sightline.common.media import Image, ImageFormat
from sightline.common.models import ModelStore
from sightline.common.settings import ModelSettings
from sightline.object import main
from sightline.object.loading import load_analyzer
from sightline.object.options import DetectOptions, SegmentOptions
from sightline.object.settings import ObjectModelSettings
analyzer = load_analyzer(ModelStore(ModelSettings(folder=Path(sys.argv[1]))), ObjectModelSettings())
pixels = numpy.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])
image = Image(pixels, 512, 512, ImageFormat.PNG)
with ThreadPoolExecutor(2) as threads:
    list(threads.map(lambda _: analyzer.detect(image, DetectOptions()), range(4)))
    list(threads.map(lambda _: analyzer.segment(image, SegmentOptions()), range(4)))
print(psutil.Process().memory_info().rss)
"""


def test_the_whole_process_stays_under_700_mb(model_store: ModelStore) -> None:
    folder = str(Path(model_store.path("newton")).parents[1])
    said = subprocess.run([sys.executable, "-c", MEASURE, folder], capture_output=True, text=True, check=True)
    resident_mb = int(said.stdout) / 2**20
    assert resident_mb < 600, f"{resident_mb:.0f} MB resident"
