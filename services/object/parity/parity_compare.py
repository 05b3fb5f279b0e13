"""Compare what we say with what Ultralytics has said: the same objects, boxes within a pixel, scores within 0.01.

    python parity_compare.py FOLDER...    models and their recorded answers, side by side

It runs in the ordinary environment; `parity_record.py` has written the answers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from sightline.common.media import Image, ImageFormat
from sightline.object.detector import DetectedObject, Detector
from sightline.object.identity import ModelIdentity
from sightline.object.mask_engine import MaskEngine
from sightline.object.model import ObjectModel
from sightline.object.options import DetectOptions
from sightline.object.settings import ObjectModelSettings

BOX_PX, SCORE, KEY_POINT_PX, MASK_IOU, SPECK = 1.0, 0.01, 1.0, 0.95, 0.05


@dataclass(frozen=True)
class Differences:
    """How far two answers are apart at most.

    Attributes:
        objects: how many were compared.
        unmatched: those that only one of the two has, in words.
        box_px: greatest distance of an edge.
        score: greatest difference of a score.
        key_point_px: greatest distance of a point of a pose.
        mask_iou: least intersection over union of the masks of a picture.
    """

    objects: int
    unmatched: list[str]
    box_px: float
    score: float
    key_point_px: float
    mask_iou: float

    @property
    def good(self) -> bool:
        """Whether the two say the same."""
        near = self.box_px <= BOX_PX and self.score <= SCORE and self.key_point_px <= KEY_POINT_PX
        return not self.unmatched and near and self.mask_iou >= MASK_IOU


def pictures() -> dict[str, Image]:
    """Give the pictures that were recorded."""
    names = ("astronaut", "chelsea", "coffee", "rocket")
    pixels = {name: np.ascontiguousarray(getattr(skimage.data, name)()[:, :, ::-1]) for name in names}
    pixels["astronaut 301x467"] = cv2.resize(pixels["astronaut"], (301, 467), interpolation=cv2.INTER_AREA)
    pixels["coffee 1201x333"] = cv2.resize(pixels["coffee"], (1201, 333), interpolation=cv2.INTER_AREA)
    return {name: Image(one, one.shape[1], one.shape[0], ImageFormat.PNG) for name, one in pixels.items()}


def detector_of(file: Path) -> Detector:
    """Open a model of any name."""
    settings = ObjectModelSettings()
    model = ObjectModel(file, settings)
    return Detector(model, settings, ModelIdentity(file.stem, "1", "", ("detect",), model.head.names))


def differences(detector: Detector, recorded: dict[str, Any]) -> Differences:
    """Ask a model the recorded questions and compare the answers."""
    options = DetectOptions(
        min_score=recorded["min_score"], max_overlap=recorded["max_overlap"], max_objects=recorded["max_objects"]
    )
    shown = pictures()
    every = [_of_picture(detector, shown[name], options, said) for name, said in recorded["pictures"].items()]
    return Differences(
        sum(one.objects for one in every),
        [words for one in every for words in one.unmatched],
        max(one.box_px for one in every),
        max(one.score for one in every),
        max(one.key_point_px for one in every),
        min(one.mask_iou for one in every),
    )


def _of_picture(detector: Detector, image: Image, options: DetectOptions, said: list[dict[str, Any]]) -> Differences:
    ours = detector.detect(image, options)
    masks: dict[int, NDArray[np.bool_]] = {}
    if detector.head.task == "segment":
        masks = _masks(detector, image, options)
        # Ultralytics leaves out an object without a pixel, and so does our segmentation.
        ours, masks = [ours[place] for place in masks], dict(enumerate(masks.values()))
    left, pairs, unmatched = list(range(len(ours))), [], []
    for theirs in filter(_is_box, said):
        near = min((place for place in left), key=lambda place: _distance(ours[place], theirs), default=None)
        if near is None or _distance(ours[near], theirs) > 20 * BOX_PX:
            if sum(theirs.get("mask", ())[1::2]) < _least_px(theirs["box"]) and "mask" in theirs:
                continue
            unmatched.append(f"only Ultralytics: {theirs['class']} {theirs['score']:.3f} {theirs['box']}")
            continue
        left.remove(near)
        pairs.append((near, theirs))
    unmatched += [
        f"only Sightline: {ours[p].class_name} {ours[p].score:.3f} {ours[p].box}"
        for p in left
        if not _is_speck(p, ours, masks)
    ]
    return Differences(
        len(said),
        unmatched,
        max((_distance(ours[place], theirs) for place, theirs in pairs), default=0.0),
        max((abs(ours[place].score - theirs["score"]) for place, theirs in pairs), default=0.0),
        max((_of_points(ours[place], theirs) for place, theirs in pairs), default=0.0),
        _overlap([(masks[place], theirs["mask"]) for place, theirs in pairs if masks]),
    )


def _is_box(theirs: dict[str, Any]) -> bool:
    """Ultralytics also gives boxes whose edges have changed places; we do not."""
    left, top, right, bottom = theirs["box"]
    return bool(right > left and bottom > top)


def _distance(ours: DetectedObject, theirs: dict[str, Any]) -> float:
    """Give the greatest distance of two edges; objects of two classes, or of other scores, are far apart."""
    if ours.class_name != theirs["class"] or abs(ours.score - theirs["score"]) > 2 * SCORE:
        return float("inf")
    return float(np.abs(np.array(ours.box) - np.array(theirs["box"])).max())


def _of_points(ours: DetectedObject, theirs: dict[str, Any]) -> float:
    if ours.key_points is None:
        return 0.0
    return float(np.abs(ours.key_points[:, :2] - np.array(theirs["key_points"])[:, :2]).max())


def _masks(detector: Detector, image: Image, options: DetectOptions) -> dict[int, NDArray[np.bool_]]:
    """Give the masks of the objects by their place; those without a pixel are left out, as Ultralytics does."""
    look = detector.look(image, options)
    engine, found = MaskEngine(detector), {}
    for place in range(len(look.candidates)):
        region = engine.region_of(look, place)
        if region is not None:
            found[place] = np.zeros((image.height_px, image.width_px), np.bool_)
            height, width = region.mask.shape
            found[place][region.top_px : region.top_px + height, region.left_px : region.left_px + width] = region.mask
    return found


def _is_speck(place: int, ours: list[DetectedObject], masks: dict[int, NDArray[np.bool_]]) -> bool:
    return place in masks and int(masks[place].sum()) < _least_px(ours[place].box)


def _least_px(box: Sequence[float]) -> float:
    """Say how many pixels a mask must have to be compared: whether one of a few is empty is a matter of rounding."""
    left, top, right, bottom = box
    return SPECK * (right - left) * (bottom - top)


def _overlap(pairs: list[tuple[NDArray[np.bool_], list[int]]]) -> float:
    """Give the intersection over union of all masks of a picture; small ones count as much as they have pixels."""
    both = either = 0
    for mask, runs in pairs:
        lengths = [*runs, mask.size - sum(runs)]
        true = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(mask.shape[::-1]).T
        both += int((mask & true).sum())
        either += int((mask | true).sum())
    return both / either if either else 1.0


def main(folders: list[str]) -> int:
    """Compare every recorded answer that has its model beside it; 1 where one differs."""
    bad = 0
    for answer in sorted(file for folder in folders for file in Path(folder).glob("*.json")):
        found = differences(detector_of(answer.with_suffix(".onnx")), json.loads(answer.read_text("utf-8")))
        bad += not found.good
        sys.stdout.write(
            f"{answer.stem:<28} {'same' if found.good else 'DIFFERENT':<10} {found.objects:>4} objects, boxes within "
            f"{found.box_px:.3f} px, scores within {found.score:.5f}, points within {found.key_point_px:.3f} px, "
            f"masks IoU at least {found.mask_iou:.4f}\n"
        )
        for words in found.unmatched:
            sys.stdout.write(f"    {words}\n")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
