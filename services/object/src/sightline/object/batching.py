"""Pictures that come while a model is busy are looked at together, where that takes no longer than one of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.common.models.sessions import SessionPool

Tensor = NDArray[np.float32]


@dataclass(eq=False)
class _Batch:
    """Pictures of one size on their way through the model.

    Attributes:
        tensors: 1 x 3 x height x width each; the caller with the first one runs them all.
        done: set when there are outputs, or an error.
    """

    tensors: list[Tensor] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    outputs: list[NDArray[Any]] = field(default_factory=list)
    error: BaseException | None = None

    def of(self, place: int) -> list[Tensor]:
        """Give what the model said of one picture, without the batch."""
        if self.error is not None:
            raise self.error
        return [np.asarray(output[place], np.float32) for output in self.outputs]


class Batching:
    """Gathers for as long as no session is free: a caller that comes alone waits for nobody."""

    def __init__(self, pool: SessionPool[Any], input_name: str, most: int) -> None:
        """Prepare to gather.

        Args:
            pool: lends the sessions of one model.
            input_name: of the model.
            most: pictures in one run at most; 1 where each runs by itself.
        """
        self._pool = pool
        self._input = input_name
        self._most = most
        self._lock = threading.Lock()
        # Those that others may join, by the shape of their pictures.
        self._open: dict[tuple[int, ...], _Batch] = {}

    def run(self, tensor: Tensor) -> list[Tensor]:
        """Run one picture, together with others of its size that wait.

        Args:
            tensor: 1 x 3 x height x width.

        Returns:
            Each output, without the batch.

        Raises:
            SightlineError: OVERLOADED where no session comes free in time.
        """
        batch, place = self._join(tensor)
        if place == 0:
            self._lead(batch)
        batch.done.wait()
        return batch.of(place)

    def _join(self, tensor: Tensor) -> tuple[_Batch, int]:
        with self._lock:
            batch = self._open.setdefault(tensor.shape, _Batch())
            batch.tensors.append(tensor)
            if len(batch.tensors) == self._most:
                del self._open[tensor.shape]
            return batch, len(batch.tensors) - 1

    def _lead(self, batch: _Batch) -> None:
        try:
            with self._pool.session() as session:
                tensors = self._closed(batch)
                together = np.concatenate(tensors) if len(tensors) > 1 else tensors[0]
                batch.outputs = session.run(None, {self._input: together})
        except BaseException as error:
            self._closed(batch)
            batch.error = error
        finally:
            batch.done.set()

    def _closed(self, batch: _Batch) -> list[Tensor]:
        """Let nobody join any more; give those who have."""
        with self._lock:
            if self._open.get(batch.tensors[0].shape) is batch:
                del self._open[batch.tensors[0].shape]
            return batch.tensors
