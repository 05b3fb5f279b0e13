"""Pictures that wait for a model together."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.errors import Reason, SightlineError
from sightline.common.models.sessions import SessionPool
from sightline.object.batching import Batching
from sightline.object.model import most_together
from sightline.object.settings import ObjectModelSettings


class Session:
    """Says of each picture its first number and its size; the first run waits until it may end."""

    def __init__(self) -> None:
        self.runs: list[int] = []
        self.busy, self.may_end = threading.Event(), threading.Event()

    def run(self, _outputs: None, inputs: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        tensor = inputs["images"]
        self.runs.append(len(tensor))
        self.busy.set()
        assert self.may_end.wait(20)
        if (tensor < 0).any():
            raise ValueError("nothing of this kind")
        return [tensor[:, 0, 0, :1], np.full((len(tensor), 1), tensor.shape[3], np.float32)]


class Watched(Batching):
    """Tells when a picture has got its place."""

    def __init__(self, session: Session, most: int, wait_seconds: float = 20) -> None:
        super().__init__(SessionPool([session], "object", wait_seconds), "images", most)
        self.joined = threading.Semaphore(0)

    def _join(self, tensor: NDArray[np.float32]) -> Any:
        found = super()._join(tensor)
        self.joined.release()
        return found


def picture(number: float, side: int = 4) -> NDArray[np.float32]:
    return np.full((1, 3, side, side), number, np.float32)


def behind_a_busy_one(
    session: Session, made: Watched, pictures: list[NDArray[np.float32]]
) -> list[Future[list[NDArray[np.float32]]]]:
    """Run pictures that come, one after the other, while the model looks at another one."""
    threads = ThreadPoolExecutor(len(pictures) + 1)
    first = threads.submit(made.run, picture(0))
    assert session.busy.wait(20)
    assert made.joined.acquire(timeout=20)
    answers = []
    for one in pictures:
        answers.append(threads.submit(made.run, one))
        assert made.joined.acquire(timeout=20)
    session.may_end.set()
    assert first.result(20)[0] == [0]
    threads.shutdown()
    return answers


@pytest.mark.parametrize(("most", "runs"), [(1, [1] * 6), (4, [1, 4, 1]), (8, [1, 5])])
def test_what_comes_while_the_model_is_busy_runs_together(most: int, runs: list[int]) -> None:
    session = Session()
    answers = behind_a_busy_one(session, Watched(session, most), [picture(number) for number in range(1, 6)])
    assert [answer.result()[0][0] for answer in answers] == [1, 2, 3, 4, 5]
    assert sorted(session.runs) == sorted(runs)


def test_pictures_of_other_sizes_run_by_themselves() -> None:
    session = Session()
    pictures = [picture(1), picture(2, side=8), picture(3), picture(4, side=8)]
    answers = behind_a_busy_one(session, Watched(session, 8), pictures)
    assert [[float(output[0]) for output in answer.result()] for answer in answers] == [[1, 4], [2, 8], [3, 4], [4, 8]]
    assert session.runs == [1, 2, 2]


def test_one_that_comes_alone_waits_for_nobody() -> None:
    session = Session()
    session.may_end.set()
    made = Watched(session, 8)
    assert [made.run(picture(number))[0][0] for number in range(3)] == [0, 1, 2]
    assert session.runs == [1, 1, 1]


def test_what_a_run_fails_with_is_told_to_each_and_the_next_run_is_none_the_worse() -> None:
    session = Session()
    made = Watched(session, 8)
    for answer in behind_a_busy_one(session, made, [picture(1), picture(-1)]):
        with pytest.raises(ValueError, match="nothing of this kind"):
            answer.result()
    assert made.run(picture(7))[0] == [7]


def test_those_who_wait_for_too_long_are_told_to_come_back() -> None:
    session = Session()
    made = Watched(session, 8, wait_seconds=0.1)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(made.run, picture(0))
        assert session.busy.wait(20)
        refused = [threads.submit(made.run, picture(number)).result for number in (1, 2)]
        for result in refused:
            with pytest.raises(SightlineError) as error:
                result()
            assert error.value.reason is Reason.OVERLOADED
        session.may_end.set()
        assert first.result(20)[0] == [0]


@pytest.mark.parametrize(
    ("batch", "given", "most"),
    [(1, {"device": "cuda"}, 1), ("batch", {}, 1), ("batch", {"device": "cuda"}, 8), ("batch", {"batch_max": 3}, 3)],
)
def test_what_was_exported_for_any_number_runs_together_on_a_gpu_or_where_it_is_asked_for(
    batch: int | str, given: dict[str, Any], most: int
) -> None:
    assert most_together(batch, ObjectModelSettings(**given)) == most
