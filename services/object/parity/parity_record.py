"""Record what Ultralytics itself says, for our own answers to be compared with.

    python parity_record.py --models FOLDER... --weights FILE.pt --out FOLDER --made FOLDER

It runs in the export environment (`make parity`), where torch is, and never beside a service: weights in .pt files
are pickles, which is code. For each ONNX model that is named, and for each that is made here from the weights and
from random ones (the forms that no model here has: end-to-end heads, poses, free sizes), it writes one JSON file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"YOLO_OFFLINE": "1", "YOLO_AUTOINSTALL": "False", "YOLO_VERBOSE": "False"}

import cv2
import numpy as np
import skimage.data
import torch

NAMES = ("astronaut", "chelsea", "coffee", "rocket")
# Random weights see nothing in anything; what they say is made louder until it differs from place to place.
LOUDNESS, BIAS = 2.0, -4.0
RANDOM = ("yolo26n", "yolo26n-seg", "yolo26n-pose", "yolo11n-seg", "yolo11n-pose")
MADE_SIDE_PX = 320
FEW = 20


def register_nms() -> None:
    """Give torch the one operator of torchvision that is needed, where its own do not load."""
    try:
        import torchvision

        if torchvision.extension._has_ops():
            return
    except RuntimeError:
        sys.modules.pop("torchvision", None)
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.impl("nms", nms, "CPU")
    globals()["_kept_alive"] = library
    import torchvision

    torchvision.extension._has_ops = lambda: True


def nms(boxes: torch.Tensor, scores: torch.Tensor, most: float) -> torch.Tensor:
    """Drop each box that overlaps a surer one by more than `most`."""
    order = scores.argsort(descending=True, stable=True)
    kept: list[int] = []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(int(first))
        left_top = torch.maximum(boxes[first, :2], boxes[rest, :2])
        right_bottom = torch.minimum(boxes[first, 2:], boxes[rest, 2:])
        shared = (right_bottom - left_top).clamp(min=0).prod(dim=1)
        order = rest[shared / (areas[first] + areas[rest] - shared) <= most]
    return torch.tensor(kept, dtype=torch.int64)


def pictures() -> dict[str, np.ndarray]:
    """Real pictures in BGR; one of them in sizes that leave odd borders."""
    found = {name: np.ascontiguousarray(getattr(skimage.data, name)()[:, :, ::-1]) for name in NAMES}
    found["astronaut 301x467"] = cv2.resize(found["astronaut"], (301, 467), interpolation=cv2.INTER_AREA)
    found["coffee 1201x333"] = cv2.resize(found["coffee"], (1201, 333), interpolation=cv2.INTER_AREA)
    return found


def said(result: Any) -> list[dict[str, Any]]:
    """Give the objects of one result, the surest first."""
    boxes = result.boxes
    objects = [
        {
            "class": result.names[int(number)],
            "score": round(float(score), 6),
            "box": [round(v, 3) for v in box.tolist()],
        }
        for number, score, box in zip(boxes.cls, boxes.conf, boxes.xyxy, strict=True)
    ]
    if result.masks is not None:
        for one, mask in zip(objects, result.masks.data.numpy() > 0.5, strict=True):
            one["mask"] = runs(mask)
    if result.keypoints is not None:
        for one, points in zip(objects, result.keypoints.data.tolist(), strict=True):
            one["key_points"] = [[round(number, 3) for number in point] for point in points]
    return objects


def runs(mask: np.ndarray) -> list[int]:
    """Give the lengths of runs outside and inside in turn, beginning outside, column after column."""
    flat = np.concatenate([[0], mask.T.ravel().astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(flat))
    return np.diff(edges, prepend=0).tolist()


def record(model_file: Path, shown: Path, out: Path, options: dict[str, Any]) -> None:
    """Write down what Ultralytics says of every picture with one model.

    Args:
        model_file: what Ultralytics runs.
        shown: the ONNX file that we run.
        out: the folder for the answer.
        options: confidence, overlap, size.
    """
    import ultralytics

    model = ultralytics.YOLO(str(model_file))
    answers = {
        name: said(model.predict(pixels, retina_masks=True, verbose=False, device="cpu", **options)[0])
        for name, pixels in pictures().items()
    }
    text = {
        "model": shown.stem,
        "sha256": hashlib.sha256(shown.read_bytes()).hexdigest(),
        "ultralytics": ultralytics.__version__,
        "min_score": options["conf"],
        "max_overlap": options["iou"],
        "max_objects": options["max_det"],
        "pictures": answers,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{shown.stem}.json").write_text(json.dumps(text, separators=(",", ":")) + "\n")
    sys.stdout.write(f"{shown.stem}: {sum(map(len, answers.values()))} objects\n")


def make(weights: Path, folder: Path) -> list[tuple[Path, Path, dict[str, Any]]]:
    """Export the weights, and random ones of other heads; give what to run, what to show, and with which options."""
    import ultralytics

    folder.mkdir(parents=True, exist_ok=True)
    usual = {"conf": 0.25, "iou": 0.7, "max_det": 300, "imgsz": MADE_SIDE_PX}
    made = []
    for name, arguments in {
        "people-320": {},
        "people-320-free": {"dynamic": True},
        "people-320-nms": {"nms": True, "conf": 0.25, "iou": 0.7},
    }.items():
        own = folder / f"{name}.pt"
        own.write_bytes(weights.read_bytes())
        exported = ultralytics.YOLO(str(own)).export(format="onnx", imgsz=MADE_SIDE_PX, simplify=False, **arguments)
        made.append((own, Path(exported), {**usual, "rect": "dynamic" in arguments}))
    for name in RANDOM:
        torch.manual_seed(1)
        model = ultralytics.YOLO(f"{name}.yaml")
        awake(model.model)
        own = folder / f"{name}.pt"
        model.save(str(own))
        # Without the suppression that other heads need: what makes an end-to-end head be exported as one.
        end_to_end = {"nms": False} if "26" in name else {}
        exporter = ultralytics.YOLO(str(own))
        exported = Path(exporter.export(format="onnx", imgsz=MADE_SIDE_PX, simplify=False, **end_to_end))
        made.append((exported, exported, {**usual, "conf": 0.3, "max_det": 300 if "26" in name else FEW}))
    return made


def awake(model: Any) -> None:
    """Let random weights tell places apart: set the norms by real pictures, and spread the scores."""
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # the average of all that comes by
    shown = [cv2.resize(pixels, (MADE_SIDE_PX, MADE_SIDE_PX))[:, :, ::-1] for pixels in pictures().values()]
    batch = torch.from_numpy(np.stack(shown).transpose(0, 3, 1, 2).copy()).float() / 255
    model.train()
    with torch.no_grad():
        model(batch)
    model.eval()
    for norm in norms:
        norm.momentum = 0.03
    head = model.model[-1]
    for name in ("cv3", "one2one_cv3"):
        for branch in getattr(head, name, None) or ():
            with torch.no_grad():
                branch[-1].weight *= LOUDNESS
                branch[-1].bias.fill_(BIAS)


def main() -> None:
    """Record everything that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onnx", type=Path, nargs="*", default=[], help="ONNX models whose answers are kept")
    parser.add_argument("--weights", type=Path, required=True, help="the .pt of the default model")
    parser.add_argument("--out", type=Path, required=True, help="where the answers are kept")
    parser.add_argument("--made", type=Path, required=True, help="where models are made, with their answers")
    chosen = parser.parse_args()
    register_nms()
    usual = {"conf": 0.25, "iou": 0.7, "max_det": 300}
    for file in chosen.onnx:
        record(file, file, chosen.out, usual)
    for run, shown, options in make(chosen.weights, chosen.made):
        record(run, shown, chosen.made, options)


if __name__ == "__main__":
    main()
