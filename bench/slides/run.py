"""How well and how fast slides are found, beside PySceneDetect's content detector; see README.md."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.lectures import SUBJECTS, Lecture, make_lecture, suffix, write_film
from bench.slides.scoring import Score, score_cuts, score_slides
from sightline.common.settings import MediaLimits
from sightline.extract.slides import SlideOptions, find_slides

ROOT = Path(__file__).resolve().parents[2]
RIVAL = ROOT / "build" / "bench-venv" / "bin" / "python"
SCENES = Path(__file__).parent / "scenes.py"
DEFAULT_THRESHOLD = 27.0
# The thresholds that are tried for the rival; the one that fits the truth best is reported beside its default.
FITTED = (27.0, 5.0, 1.5)


def film_of(lecture: Lecture, folder: Path) -> Path:
    path = folder / f"{lecture.name}-{lecture.height}p-{round(lecture.seconds)}s{suffix(lecture.encoding)}"
    if not path.exists():
        part = path.with_name(f"part-{path.name}")
        write_film(lecture, part)
        part.rename(path)
    return path


def run(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def rival(film: Path, threshold: float) -> dict[str, Any]:
    return run(str(RIVAL), str(SCENES), str(film), str(threshold))


def ours(film: Path, threads: int) -> dict[str, Any]:
    return run(sys.executable, "-m", "bench.slides.ours", str(film), str(threads))


def accuracy(options: argparse.Namespace) -> dict[str, Any]:
    totals, rivals = Score(), {threshold: Score() for threshold in FITTED}
    rows: dict[str, Any] = {}
    heads = f"{'F1':>7}{'prec.':>7}{'recall':>7}{'dupl.':>7}{'last build':>12}{'region':>8}{'rival':>8}{'fitted':>8}"
    print(f"{'subject':<22}{heads}")
    for subject in options.subjects:
        score, beside = Score(), {threshold: Score() for threshold in FITTED}
        for seed in options.seeds:
            lecture = make_lecture(subject, seed, options.seconds, options.height)
            film = film_of(lecture, options.folder)
            score += score_slides(lecture, find_slides(film, SlideOptions(), MediaLimits()), film)
            if options.rival:
                for threshold in FITTED:
                    cuts = score_cuts(lecture, rival(film, threshold)["cuts"])
                    rivals[threshold] += cuts
                    beside[threshold] += cuts
        totals += score
        rows[subject] = summary(score)
        best = max(one.f1 for one in beside.values())
        other = f"{beside[DEFAULT_THRESHOLD].f1:>8.3f}{best:>8.3f}" if options.rival else ""
        print(line(subject, score) + other, flush=True)
    print(line("all", totals))
    if options.rival:
        for threshold, score in rivals.items():
            print(line(f"rival at {threshold:g}", score))
    fitted = {str(key): summary(one) for key, one in rivals.items()} if options.rival else {}
    return {"all": summary(totals), "subjects": rows, "rival": fitted}


def line(name: str, score: Score) -> str:
    return (
        f"{name:<22}{score.f1:>7.3f}{score.precision:>7.3f}{score.recall:>7.3f}{score.duplicates:>7}"
        f"{score.last_build_share:>12.3f}{score.regions_missed:>8}"
    )


def summary(score: Score) -> dict[str, float]:
    return {
        "f1": round(score.f1, 4),
        "precision": round(score.precision, 4),
        "recall": round(score.recall, 4),
        "transitions": score.true,
        "duplicates": score.duplicates,
        "last_builds": round(score.last_build_share, 4),
        "regions_missed": score.regions_missed,
    }


def speed(options: argparse.Namespace) -> dict[str, Any]:
    """Run both on one film in turns."""
    rows: dict[str, Any] = {}
    print(f"\n{'film':<34}{'way':<22}{'x real time':>12}{'x per CPU':>11}{'CPU s':>8}{'F1':>7}")
    for subject in options.speed_subjects:
        lecture = make_lecture(subject, options.seeds[0], options.speed_seconds, 720)
        film = film_of(lecture, options.folder)
        rivals = {f"PySceneDetect at {threshold:g}": threshold for threshold in options.thresholds}
        laps: dict[str, list[dict[str, Any]]] = {name: [] for name in ("sightline", *rivals)}
        for _ in range(options.rounds):
            laps["sightline"].append(ours(film, options.threads))
            for name, threshold in rivals.items():
                laps[name].append(rival(film, threshold))
        rows[film.stem] = {name: timing(lecture, found) for name, found in laps.items()}
        for name, row in rows[film.stem].items():
            print(
                f"{film.stem:<34}{name:<22}{row['times_real']:>12.1f}{row['times_cpu']:>11.1f}"
                f"{row['cpu_seconds']:>8.1f}{row['f1']:>7.3f}"
            )
    return rows


def timing(lecture: Lecture, laps: list[dict[str, Any]]) -> dict[str, float]:
    wall, cpu = (statistics.median(float(lap[key]) for lap in laps) for key in ("wall", "cpu"))
    return {
        "times_real": round(lecture.seconds / wall, 1),
        "times_cpu": round(lecture.seconds / cpu, 1),
        "cpu_seconds": round(cpu, 2),
        "f1": round(score_cuts(lecture, laps[0]["cuts"]).f1, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[201])
    parser.add_argument("--subjects", nargs="+", default=[name for name in SUBJECTS if not name.startswith("ordinary")])
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the films for accuracy")
    parser.add_argument("--height", type=int, help="lines of those films; each seed its own if not given")
    parser.add_argument("--speed-seconds", type=float, default=600.0, help="length of the films for speed; 0: none")
    parser.add_argument("--speed-subjects", nargs="+", default=["ordinary", "ordinary_with_inset"])
    parser.add_argument(
        "--thresholds", type=float, nargs="+", default=[DEFAULT_THRESHOLD], help="of the rival, for speed"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-rival", dest="rival", action="store_false", help="accuracy of ours alone")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "lectures", help="where films are kept")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"seeds": options.seeds}
    if options.subjects != ["none"]:
        found["accuracy"] = accuracy(options)
    if options.speed_seconds:
        found["speed"] = speed(options)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
