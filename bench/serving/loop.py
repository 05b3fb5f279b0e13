"""The bare loop: threads that decode and detect one picture again and again, and no server.

python -m bench.serving.loop PICTURE SESSIONS      each line of the standard input is a number of pictures to do
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.serving.faces import boxes, load


def main() -> None:
    data, sessions = Path(sys.argv[1]).read_bytes(), int(sys.argv[2])
    model, _ = load(sessions)
    with ThreadPoolExecutor(sessions) as threads:
        print(boxes(model, data), flush=True)
        for line in sys.stdin:
            began = time.perf_counter()
            list(threads.map(lambda _: boxes(model, data), range(int(line))))
            print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
