"""Recipes as an examiner has them: decks of one template, a few seconds a slide, everything that the task names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.lectures.decks import Grain, Lamp, Leaf, Room, RoomInset, Stroll, corrected, make_deck, make_leaf
from bench.lectures.draft import Draft
from bench.lectures.overlays import Bars
from bench.lectures.pages import Picture, words
from bench.lectures.shots import Scrolled, Still
from bench.lectures.sketches import PatternInset, sliding_photograph
from bench.lectures.subjects import Recipe


class Exam:
    """A draft, and the deck that its slides are from."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.rng, self.deck = draft, draft.rng, make_deck(draft.rng)
        rng = draft.rng
        fps = rng.choice([25, 30, 50, 60])
        draft.encoding = replace(
            draft.encoding,
            fps=fps,
            crf=rng.choice([28, 33, 38]),
            preset=rng.choice(["ultrafast", "veryfast"]),
            gop=rng.choice([250, 2 * fps, 10**5]),
            scene_cut=rng.random() < 0.7,
        )

    def leaf(self) -> Leaf:
        return make_leaf(self.rng, len(self.draft.shots) + 1)

    def picture(self, leaf: Leaf, shown: int | None = None) -> Picture:
        return leaf.drawn(self.deck, self.draft.width, self.draft.height, shown)

    def show(self, leaf: Leaf | None = None, seconds: float | None = None, fade: float = 0.0) -> int:
        scene = Still([self.picture(leaf or self.leaf())], [0.0])
        return self.draft.show(scene, seconds or self.rng.uniform(4, 15), fade)

    def show_builds(self, fade: float = 0.0) -> int:
        leaf = self.leaf()
        pictures = [self.picture(leaf, shown) for shown in range(1, len(leaf.lines) + 1)]
        times = [0.0]
        for _ in pictures[1:]:
            times.append(times[-1] + self.rng.uniform(2, 3))
        return self.draft.show(Still(pictures, times), times[-1] + self.rng.uniform(2, 4), fade)

    def fill(self, fade: float = 0.0) -> None:
        while not self.draft.full:
            (self.show_builds if self.rng.random() < 0.35 else self.show)(fade=fade)

    def camera(self, fade: float = 0.0) -> None:
        self.draft.show(Room(self.rng, self.draft.width, self.draft.height), self.rng.uniform(3, 8), fade)

    def stroll(self) -> None:
        self.draft.overlays.append(Stroll(self.rng, self.rng.randint(12, 24) * self.draft.height // 360))

    def inset(self) -> None:
        box = self.draft.box(self.rng.choice([0.2, 0.25]))
        size = (box[2] - box[0], box[3] - box[1])
        if self.rng.random() < 0.3:
            self.draft.overlays.append(PatternInset(sliding_photograph(self.rng, *size), box, border=False))
        else:
            self.draft.overlays.append(RoomInset(Room(self.rng, *size), box))

    def grain(self, least: float = 2, most: float = 8) -> None:
        self.draft.overlays.append(Grain(self.rng, self.rng.uniform(least, most)))

    def few_bits(self) -> None:
        kilobits = self.rng.uniform(100, 300) * (self.draft.height / 360) ** 1.5
        self.draft.encoding = replace(self.draft.encoding, bitrate=int(kilobits * 1000))


def _hard(exam: Exam) -> None:
    exam.show(seconds=1.2)
    exam.fill()


def _fades(exam: Exam) -> None:
    exam.stroll()
    while not exam.draft.full:
        exam.show(fade=exam.rng.uniform(0.5, 1))


def _builds(exam: Exam) -> None:
    while not exam.draft.full:
        exam.show_builds(exam.rng.choice([0.0, 0.7]))


def _cursor(exam: Exam) -> None:
    exam.stroll()
    exam.fill()


def _inset(exam: Exam) -> None:
    exam.inset()
    exam.stroll()
    exam.fill(exam.rng.choice([0.0, 0.8]))


def _camera(exam: Exam) -> None:
    """A camera between slides, after which the same slide comes back or another one."""
    exam.show()
    while not exam.draft.full:
        for _ in range(exam.rng.randint(1, 2)):
            before, scene = exam.show(), exam.draft.shots[-1].scene
        exam.camera(exam.rng.choice([0.0, 0.5]))
        if exam.rng.random() < 0.5:
            exam.draft.show(scene, exam.rng.uniform(4, 10), identity=before)
    exam.show()


def _scroll(exam: Exam) -> None:
    """A long page that goes by at 20 to 200 pixels a second and stays at its end."""
    draft, rng = exam.draft, exam.rng
    while not draft.full:
        exam.show()
        pages = [
            replace(exam.leaf(), lines=tuple(words(rng, 2, 4) for _ in range(6)), number=number) for number in range(3)
        ]
        tall = np.concatenate([exam.picture(page) for page in pages])
        speed = rng.uniform(20, 200) * draft.height / 360
        shift = int(min(2 * draft.height, speed * 12))
        lasts = shift / speed
        scene = Scrolled(tall, draft.height, rng.uniform(0, 2), lasts, shift)
        draft.show(scene, scene.begin + lasts + rng.uniform(2, 4))


def _bits(exam: Exam) -> None:
    exam.few_bits()
    exam.grain(1, 4)
    exam.stroll()
    exam.fill(exam.rng.choice([0.0, 0.7]))


def _mpeg4(exam: Exam) -> None:
    exam.draft.encoding = replace(exam.draft.encoding, codec="mpeg4", gop=exam.rng.choice([12, 50, 250]))
    exam.stroll()
    exam.fill()


def _grain(exam: Exam) -> None:
    exam.grain()
    exam.fill(exam.rng.choice([0.0, 0.7]))


def _lamp(exam: Exam) -> None:
    exam.draft.overlays.append(Lamp(exam.rng, exam.rng.uniform(0.01, 0.05)))
    exam.fill()


def _near(exam: Exam) -> None:
    """Slides of which each differs from the one before in one line."""
    while not exam.draft.full:
        leaf = exam.leaf()
        for _ in range(exam.rng.randint(2, 3)):
            exam.show(leaf, exam.rng.uniform(4, 8))
            leaf = corrected(leaf, exam.rng)


def _returns(exam: Exam) -> None:
    """Slides that come back, at once or later."""
    while not exam.draft.full:
        first, scene = exam.show(), exam.draft.shots[-1].scene
        for _ in range(exam.rng.randint(1, 3)):
            exam.show(fade=exam.rng.choice([0.0, 0.6]))
        exam.draft.show(scene, exam.rng.uniform(4, 9), exam.rng.choice([0.0, 0.6]), identity=first)


def _pillars(exam: Exam) -> None:
    exam.draft.overlays.append(Bars())
    exam.stroll()
    exam.fill(exam.rng.choice([0.0, 0.7]))


def _all(exam: Exam) -> None:
    """All of it in one film."""
    exam.inset()
    exam.stroll()
    exam.grain(1, 4)
    fade = exam.rng.choice([0.0, 0.7])
    first, scene = exam.show(), exam.draft.shots[-1].scene
    while not exam.draft.full:
        exam.show_builds(fade)
        leaf = exam.leaf()
        exam.show(leaf, fade=fade)
        exam.show(corrected(leaf, exam.rng), fade=fade)
        exam.camera()
        exam.draft.show(scene, exam.rng.uniform(4, 8), identity=first)
    if exam.rng.random() < 0.5:
        exam.few_bits()


def _set(paper: Callable[[Exam], None]) -> Recipe:
    return lambda draft: paper(Exam(draft))


EXAM_SUBJECTS: dict[str, Recipe] = {
    f"exam_{paper.__name__.strip('_')}": _set(paper)
    for paper in (
        _hard,
        _fades,
        _builds,
        _cursor,
        _inset,
        _camera,
        _scroll,
        _bits,
        _mpeg4,
        _grain,
        _lamp,
        _near,
        _returns,
        _pillars,
        _all,
    )
}
