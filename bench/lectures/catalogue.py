"""Every subject that there is a recipe for."""

from __future__ import annotations

import random

from bench.lectures.crude import CRUDE_SUBJECTS
from bench.lectures.draft import Draft
from bench.lectures.exam import EXAM_SUBJECTS
from bench.lectures.foreign import FOREIGN_SUBJECTS
from bench.lectures.hostile import HOSTILE_SUBJECTS
from bench.lectures.script import Lecture
from bench.lectures.subjects import PLAIN_SUBJECTS, Recipe

SUBJECTS: dict[str, Recipe] = {
    **PLAIN_SUBJECTS,
    **HOSTILE_SUBJECTS,
    **FOREIGN_SUBJECTS,
    **CRUDE_SUBJECTS,
    **EXAM_SUBJECTS,
}


def make_lecture(subject: str, seed: int, seconds: float = 120.0, height: int | None = None) -> Lecture:
    """Draw a lecture about one subject; the same seed gives the same lecture.

    Args:
        subject: a key of SUBJECTS.
        seed: any number.
        seconds: how long at least.
        height: 360, 480, 720 or 1080; None lets the seed choose.
    """
    rng = random.Random(f"{subject}:{seed}")
    draft = Draft(f"{subject}-{seed}", rng, seconds, height)
    SUBJECTS[subject](draft)
    return draft.lecture()
