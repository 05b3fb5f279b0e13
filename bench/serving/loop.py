"""The bare loop: threads that decode and detect one picture again and again, and no server.

python -m bench.serving.loop PICTURE SESSIONS plain|boxes|faces

Each line of the standard input is a number of pictures. `boxes` runs the graph and works out the boxes, `plain` does so
with a picture that OpenCV decodes whole, and `faces` does all that the servers do, the quality of each face too.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.serving.faces import boxes, boxes_plainly, detect, load


def main() -> None:
    data, sessions = Path(sys.argv[1]).read_bytes(), int(sys.argv[2])
    model, analyzer = load(sessions)

    ways: dict[str, Callable[[], int]] = {
        "plain": lambda: boxes_plainly(model, data),
        "boxes": lambda: boxes(model, data),
        "faces": lambda: len(detect(analyzer, data)),
    }
    once = ways[sys.argv[3]]

    with ThreadPoolExecutor(sessions) as threads:
        print(once(), flush=True)
        for line in sys.stdin:
            began = time.perf_counter()
            list(threads.map(lambda _: once(), range(int(line))))
            print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
