"""Run PySceneDetect's content detector on a film; runs in the environment of what is compared with.

python scenes.py FILM THRESHOLD
"""

from __future__ import annotations

import json
import sys
import time

from scenedetect import ContentDetector, SceneManager, open_video


def main() -> None:
    film, threshold = sys.argv[1], float(sys.argv[2])
    begun, cpu = time.perf_counter(), time.process_time()
    manager = SceneManager()
    manager.add_detector(ContentDetector(threshold=threshold))
    manager.detect_scenes(open_video(film))
    cuts = [float(start.seconds) for start, _ in manager.get_scene_list()[1:]]
    print(json.dumps({"cuts": cuts, "wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu}), flush=True)


if __name__ == "__main__":
    main()
