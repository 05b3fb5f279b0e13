"""Which stages a job about a film has, and how its film is divided among tasks; pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from uuid import UUID

from sightline.common.state.graphs import NewTask
from sightline.common.state.identifiers import uuid7
from sightline.extract.packing import pack

QUEUE = "extract"
SLIDES, PICTURES, TEXT, TRANSCRIPT, RESULT, DOCUMENT = "slides", "pictures", "text", "transcript", "result", "document"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a job is to give.

    Attributes:
        pictures: slides as files.
        text: what is on the slides.
        transcript: what is said.
        last: the stage that gives the result.
    """

    pictures: bool
    text: bool
    transcript: bool
    last: str


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a film, in seconds; the last part ends at infinity."""

    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Share:
    """One of several equal shares of a list of things, so that tasks can divide what is not known yet."""

    index: int
    count: int

    def of(self, length: int) -> slice:
        """Give the share of a list of this length; neighbours stay together."""
        return slice(self.index * length // self.count, (self.index + 1) * length // self.count)


def spans(duration_seconds: float, chunk_seconds: float) -> list[Span]:
    """Divide a film into parts of about `chunk_seconds` each; one whose length is not known stays whole."""
    count = max(1, round(duration_seconds / chunk_seconds))
    ends = [duration_seconds * index / count for index in range(1, count)]
    return [Span(start, end) for start, end in zip([0.0, *ends], [*ends, math.inf], strict=True)]


def plan(wanted: Wanted, parts: list[Span], info: bytes) -> list[NewTask]:
    """Plan the stages of a job.

    Args:
        wanted: what it is to give.
        parts: of its film.
        info: what is known of the film, the input of the stages that look at it as a whole.
    """
    searches = [NewTask(uuid7(), QUEUE, SLIDES, pack(part)) for part in parts]
    tasks = list(searches)
    if wanted.pictures:
        tasks.append(NewTask(uuid7(), QUEUE, PICTURES, info, needs=_ids(searches)))
    if wanted.text:
        seen = tasks[-1:] if wanted.pictures else searches
        shares = [pack(Share(index, len(parts))) for index in range(len(parts))]
        tasks += [NewTask(uuid7(), QUEUE, TEXT, share, needs=_ids(seen)) for share in shares]
    if wanted.transcript:
        tasks.append(NewTask(uuid7(), QUEUE, TRANSCRIPT, optional=True))
    if wanted.last != tasks[-1].stage:
        # What only the stages between need is not read again at the end.
        needed = [task for task in tasks if task.stage != SLIDES or not wanted.pictures]
        tasks.append(NewTask(uuid7(), QUEUE, wanted.last, info, needs=_ids(needed)))
    return tasks


def _ids(tasks: list[NewTask]) -> tuple[UUID, ...]:
    return tuple(task.task_id for task in tasks)
