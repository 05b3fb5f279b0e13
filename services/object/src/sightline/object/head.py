"""The head of an Ultralytics export: what its metadata and its outputs say, and how its numbers are read."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

Task = Literal["detect", "segment", "pose"]
Shape = Sequence[int | str]
"""Sides of a tensor as ONNX says them; a word where a side is free."""

_TASKS = get_args(Task)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Objects as the model sees them, before any is dropped; in no order.

    Attributes:
        boxes: n x 4, float32, left, top, right, bottom in pixels of the canvas.
        scores: n, float32, 0 to 1.
        classes: n, int64, indices into the head's names.
        extras: n x k, float32: the mask's coefficients, or the key points one after the other; k may be 0.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    extras: NDArray[np.float32]

    def __getitem__(self, chosen: NDArray[Any]) -> Candidates:
        return Candidates(self.boxes[chosen], self.scores[chosen], self.classes[chosen], self.extras[chosen])

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True)
class Head:
    """What an export does.

    Attributes:
        task: what it was trained for.
        names: the classes, by their index.
        stride_px: sides of the canvas are multiples of it.
        height_px: height of the canvas that it was exported for.
        width_px: likewise the width.
        free: whether it takes canvases of other sizes too.
        end_to_end: whether overlapping objects are dropped inside (YOLO26, or an export with `nms=True`).
        key_points: how many points and how many numbers for each (2 or 3), for poses.
    """

    task: Task
    names: tuple[str, ...]
    stride_px: int
    height_px: int
    width_px: int
    free: bool
    end_to_end: bool
    key_points: tuple[int, int] = (0, 0)

    @classmethod
    def of(cls, metadata: Mapping[str, str], input_shape: Shape, output_shapes: Sequence[Shape]) -> Head:
        """Read the metadata of an export.

        Args:
            metadata: the custom metadata of the ONNX model.
            input_shape: of its input, batch x 3 x height x width.
            output_shapes: of its outputs, the objects first, then the prototypes of masks if there are any.

        Raises:
            ValueError: it is no Ultralytics export, or of a task that is not served.
        """
        missing = {"task", "names", "stride", "imgsz"} - metadata.keys()
        if missing:
            raise ValueError(f"no Ultralytics export: its metadata has no {', '.join(sorted(missing))}")
        if metadata["task"] not in _TASKS:
            raise ValueError(f"models for {metadata['task']!r} are not served; there are: {', '.join(_TASKS)}")
        names: dict[int, str] = ast.literal_eval(metadata["names"])
        height_px, width_px = ast.literal_eval(metadata["imgsz"])
        task = cast(Task, metadata["task"])
        points = tuple(ast.literal_eval(metadata["kpt_shape"])) if task == "pose" else (0, 0)
        extras = points[0] * points[1] if task == "pose" else _mask_channels(task, output_shapes)
        return cls(
            task=task,
            names=tuple(names[index] for index in sorted(names)),
            stride_px=int(float(metadata["stride"])),
            height_px=height_px,
            width_px=width_px,
            free=any(isinstance(side, str) for side in input_shape[2:]),
            end_to_end=_is_end_to_end(metadata, output_shapes[0], len(names), extras),
            key_points=(points[0], points[1]),
        )

    def read(self, output: NDArray[np.float32], min_score: float) -> Candidates:
        """Read the objects that the model saw, with at least `min_score`.

        Args:
            output: the first output of one picture, without the batch.
            min_score: least score, 0 to 1.
        """
        found = self._ended(output, min_score) if self.end_to_end else self._raw(output, min_score)
        left, top, right, bottom = found.boxes.T
        # A head that predicts edges one by one may put the right one left of the left one: that is no box.
        return found[(right > left) & (bottom > top)]

    def _raw(self, output: NDArray[np.float32], min_score: float) -> Candidates:
        """(4 + classes + extras) x anchors: centre, size, one score for each class, extras."""
        classes = len(self.names)
        scores = output[4 : 4 + classes]
        best = scores.argmax(axis=0)
        top = scores[best, np.arange(scores.shape[1])]
        seen = np.flatnonzero(top >= min_score)
        x, y, width, height = output[:4, seen]
        boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
        return Candidates(boxes, top[seen], best[seen], np.ascontiguousarray(output[4 + classes :, seen].T))

    def _ended(self, output: NDArray[np.float32], min_score: float) -> Candidates:
        """Objects x (4 + 2 + extras): corners, score, class, extras; the rest is filled with zeros."""
        seen = output[(output[:, 4] >= min_score) & (output[:, 4] > 0)]
        return Candidates(seen[:, :4], seen[:, 4], seen[:, 5].astype(np.int64), seen[:, 6:])


def _mask_channels(task: Task, output_shapes: Sequence[Shape]) -> int:
    if task != "segment":
        return 0
    if len(output_shapes) < 2 or not isinstance(output_shapes[1][1], int):
        raise ValueError("a segmentation model without prototypes of masks")
    return output_shapes[1][1]


def _is_end_to_end(metadata: Mapping[str, str], shape: Shape, classes: int, extras: int) -> bool:
    """Decide by the shape, and by the words of the metadata only where the shape leaves it open."""
    raw, ended = shape[1] == 4 + classes + extras, shape[2] == 6 + extras
    if raw != ended:
        return ended
    arguments = ast.literal_eval(metadata.get("args", "{}"))
    return metadata.get("end2end") == "True" or bool(arguments.get("nms"))
