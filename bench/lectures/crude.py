"""Recipes as an afternoon's generator has them: bare text, patterns for cameras, a cursor that never rests."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.lectures.draft import Draft
from bench.lectures.overlays import Framed, Noise
from bench.lectures.pages import WORDS, words
from bench.lectures.shots import Scrolled, Still
from bench.lectures.sketches import PATTERNS, Pattern, PatternCamera, PatternInset, Sketch, Wisp, make_sketch
from bench.lectures.subjects import Recipe

PatternMaker = Callable[[random.Random, int, int], Pattern]


def _encode(draft: Draft) -> None:
    """What one writes without much thought: x264 by its defaults or its quickest, or what OpenCV writes."""
    rng = draft.rng
    preset = rng.choice(["ultrafast", "veryfast", "medium"])
    draft.encoding = replace(
        draft.encoding,
        fps=rng.choice([25, 30, 50, 60]),
        crf=rng.choice([23, 28, 35]),
        preset=preset,
        scene_cut=preset != "ultrafast" and rng.random() < 0.6,
        bitrate=draft.height * rng.choice([400, 800]) if rng.random() < 0.3 else None,
    )


def _sketch(draft: Draft) -> Sketch:
    return make_sketch(draft.rng, len(draft.shots) + 1)


def _show(draft: Draft, sketch: Sketch, seconds: float | None = None, fade: float = 0.0) -> int:
    scene = Still([sketch.drawn(draft.width, draft.height)], [0.0])
    return draft.show(scene, seconds or draft.rng.uniform(3, 9), fade)


def _show_builds(draft: Draft, sketch: Sketch, fade: float = 0.0) -> int:
    pictures = [sketch.drawn(draft.width, draft.height, shown) for shown in range(1, len(sketch.lines) + 1)]
    times = [0.0]
    for _ in pictures[1:]:
        times.append(times[-1] + draft.rng.uniform(2, 6))
    return draft.show(Still(pictures, times), times[-1] + draft.rng.uniform(2.5, 6), fade)


def _fill(draft: Draft, fade: float = 0.0) -> None:
    while not draft.full:
        (_show_builds if draft.rng.random() < 0.3 else _show)(draft, _sketch(draft), fade=fade)


def _cursor(draft: Draft) -> None:
    colour = draft.rng.choice([(0, 0, 255), (128, 128, 128), (0, 200, 255)])
    size = draft.height // draft.rng.choice([24, 36])
    draft.overlays.append(Wisp(draft.rng.uniform(0, 6), size, draft.rng.random() < 0.5, colour))


def _inset(draft: Draft, maker: PatternMaker, since: float = 0.0) -> None:
    box = draft.box(draft.rng.choice([0.15, 0.2, 0.25, 0.3]))
    if draft.rng.random() < 0.5:  # a little away from the border
        right, down = (draft.height // 36 if at == 0 else -(draft.height // 36) for at in box[:2])
        box = (box[0] + right, box[1] + down, box[2] + right, box[3] + down)
    pattern = maker(draft.rng, box[2] - box[0], box[3] - box[1])
    draft.overlays.append(PatternInset(pattern, box, draft.rng.random() < 0.5, since))


def _pages(draft: Draft) -> None:
    _encode(draft)
    _fill(draft)


def _fades(draft: Draft) -> None:
    _encode(draft)
    while not draft.full:
        _show(draft, _sketch(draft), fade=draft.rng.uniform(0.3, 1.5))


def _builds(draft: Draft) -> None:
    _encode(draft)
    _cursor(draft)
    while not draft.full:
        _show_builds(draft, _sketch(draft), draft.rng.choice([0.0, 0.5]))


def _pointed(draft: Draft) -> None:
    _encode(draft)
    _cursor(draft)
    _fill(draft)


def _with_inset(maker: PatternMaker) -> Recipe:
    def recipe(draft: Draft) -> None:
        _encode(draft)
        _inset(draft, maker)
        _fill(draft, draft.rng.choice([0.0, 0.0, 0.6]))

    return recipe


def _inset_comes_late(draft: Draft) -> None:
    """An inset that comes in the middle of a slide, or at the very change."""
    _encode(draft)
    for _ in range(2):
        _show(draft, _sketch(draft))
    since = draft.seconds + draft.rng.choice([0.0, 2.0])
    _inset(draft, PATTERNS[draft.rng.choice(list(PATTERNS))], since)
    _fill(draft)


def _with_camera(maker: PatternMaker) -> Recipe:
    def recipe(draft: Draft) -> None:
        _encode(draft)
        while not draft.full:
            for _ in range(draft.rng.randint(1, 3)):
                _show(draft, _sketch(draft))
            fade = draft.rng.choice([0.0, 0.0, 0.6])
            draft.show(PatternCamera(maker(draft.rng, draft.width, draft.height)), draft.rng.uniform(3, 9), fade)
        _show(draft, _sketch(draft))

    return recipe


def _scroll(draft: Draft) -> None:
    """A page of two to three heights that goes by, and stays at its end."""
    _encode(draft)
    while not draft.full:
        _show(draft, _sketch(draft))
        tall = int(draft.height * draft.rng.uniform(1.6, 3))
        scene = _scrolled(draft, tall)
        draft.show(scene, scene.begin + scene.lasts + draft.rng.uniform(2, 5))


def _scrolled(draft: Draft, tall: int) -> Scrolled:
    sketch = _sketch(draft)
    lines = [f"{number} {words(draft.rng, 3, 6)}" for number in range(tall * 9 // draft.height)]
    parts = [
        replace(sketch, title=lines[at], lines=lines[at + 1 : at + 7], figure=None).drawn(draft.width, draft.height)
        for at in range(0, len(lines), 7)
    ]
    page = np.concatenate(parts)[:tall]
    shift = page.shape[0] - draft.height
    lasts = shift / draft.height * draft.rng.uniform(1.5, 5)
    return Scrolled(page, draft.height, draft.rng.uniform(2, 4), lasts, shift)


def _returns(draft: Draft) -> None:
    _encode(draft)
    while not draft.full:
        first, scene = _show(draft, _sketch(draft)), draft.shots[-1].scene
        for _ in range(draft.rng.randint(1, 2)):
            _show(draft, _sketch(draft))
        draft.show(scene, draft.rng.uniform(3, 8), draft.rng.choice([0.0, 0.5]), identity=first)


def _one_word(draft: Draft) -> None:
    """Pages that differ in one word or one number."""
    _encode(draft)
    while not draft.full:
        sketch = _sketch(draft)
        _show(draft, sketch)
        row = draft.rng.randrange(len(sketch.lines))
        kept = sketch.lines[row].split()
        other = draft.rng.choice([word for word in WORDS if word != kept[-1]])
        kept[-1] = other if draft.rng.random() < 0.5 else str(draft.rng.randrange(10, 100))
        _show(draft, replace(sketch, lines=[*sketch.lines[:row], " ".join(kept), *sketch.lines[row + 1 :]]))


def _short_and_long(draft: Draft) -> None:
    _encode(draft)
    while not draft.full:
        for _ in range(draft.rng.randint(2, 5)):
            _show(draft, _sketch(draft), draft.rng.uniform(2, 3))
        _show(draft, _sketch(draft), draft.rng.uniform(12, 25))


def _grain(draft: Draft) -> None:
    _encode(draft)
    draft.overlays.append(Noise(draft.rng.randrange(10**6), draft.rng.uniform(1, 5), draft.width, draft.height))
    _fill(draft, draft.rng.choice([0.0, 0.5]))


def _letterboxed(draft: Draft) -> None:
    _encode(draft)
    bar = draft.rng.choice([0.1, 0.125])
    draft.overlays.append(Framed((draft.width, draft.height), (0.0, bar, 1.0, 1 - bar), 1, lecturer=False, ground=0))
    _fill(draft)


def _by_opencv(draft: Draft) -> None:
    """What cv2.VideoWriter makes of "mp4v": MPEG-4 with key frames every twelve frames."""
    draft.encoding = replace(draft.encoding, codec="mpeg4", gop=12, b_frames=False, crf=draft.rng.choice([15, 25, 40]))
    _cursor(draft)
    _inset(draft, PATTERNS[draft.rng.choice(list(PATTERNS))])
    _fill(draft, draft.rng.choice([0.0, 0.5]))


def _all(draft: Draft) -> None:
    """All of it in one film."""
    _encode(draft)
    _cursor(draft)
    _inset(draft, PATTERNS[draft.rng.choice(list(PATTERNS))], draft.rng.choice([0.0, 7.0]))
    fade = draft.rng.choice([0.0, 0.3, 0.8])
    first, scene = _show(draft, _sketch(draft)), draft.shots[-1].scene
    while not draft.full:
        _show_builds(draft, _sketch(draft), fade)
        _show(draft, _sketch(draft), fade=fade)
        maker = PATTERNS[draft.rng.choice(list(PATTERNS))]
        draft.show(PatternCamera(maker(draft.rng, draft.width, draft.height)), draft.rng.uniform(4, 8))
        draft.show(scene, draft.rng.uniform(3, 8), identity=first)


CRUDE_SUBJECTS: dict[str, Recipe] = {
    "crude_pages": _pages,
    "crude_fades": _fades,
    "crude_builds": _builds,
    "crude_cursor": _pointed,
    "crude_scroll": _scroll,
    "crude_returns": _returns,
    "crude_one_word": _one_word,
    "crude_short_and_long": _short_and_long,
    "crude_grain": _grain,
    "crude_letterbox": _letterboxed,
    "crude_opencv": _by_opencv,
    "crude_inset_comes_late": _inset_comes_late,
    **{f"crude_{name}_inset": _with_inset(maker) for name, maker in PATTERNS.items()},
    **{f"crude_{name}_camera": _with_camera(maker) for name, maker in PATTERNS.items()},
    "crude_all": _all,
}
