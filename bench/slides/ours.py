"""Run the search for slides on a film, alone in a process as its rival is.

python -m bench.slides.ours FILM THREADS
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import cv2

from sightline.common.settings import MediaLimits
from sightline.extract.slides import SlideOptions, find_slides


def main() -> None:
    film, threads = Path(sys.argv[1]), int(sys.argv[2])
    cv2.setNumThreads(threads)
    begun, cpu = time.perf_counter(), time.process_time()
    showings = find_slides(film, SlideOptions(threads=threads), MediaLimits())
    cuts = [showing.start_seconds for showing in showings[1:]]
    print(json.dumps({"cuts": cuts, "wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu}), flush=True)


if __name__ == "__main__":
    main()
