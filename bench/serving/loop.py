"""The bare loop: threads that decode and detect one picture again and again, and no server.

python -m bench.serving.loop PICTURE SESSIONS boxes|faces      each line of the standard input is a number of pictures

`boxes` runs the graph and works out the boxes; `faces` does all that the servers do, the quality of each face too.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.serving.faces import boxes, detect, load


def main() -> None:
    data, sessions = Path(sys.argv[1]).read_bytes(), int(sys.argv[2])
    model, analyzer = load(sessions)

    def once() -> int:
        return boxes(model, data) if sys.argv[3] == "boxes" else len(detect(analyzer, data))

    with ThreadPoolExecutor(sessions) as threads:
        print(once(), flush=True)
        for line in sys.stdin:
            began = time.perf_counter()
            list(threads.map(lambda _: once(), range(int(line))))
            print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
