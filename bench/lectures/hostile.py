"""Recipes for what other people's lectures do: other encoders, layouts, changes and things that move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.lectures.draft import Draft
from bench.lectures.overlays import Clock, Flicker, Framed, Inset, Laser, Overlay, Person, Pointer, Wanderer
from bench.lectures.pages import Picture, photo, words
from bench.lectures.script import Way
from bench.lectures.shots import Blank, Camera, Looped, Still
from bench.lectures.subjects import Recipe


def _pointed(draft: Draft) -> None:
    """What most films have: some pages, some builds, a pointer."""
    draft.overlays.append(Pointer(draft.rng.randrange(10**6), draft.height // 40))
    draft.fill()


def _vp9(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, codec="libvpx-vp9", gop=draft.rng.choice([128, 250, 9999]))
    _pointed(draft)


def _vp9_inset(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, codec="libvpx-vp9", gop=128)
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(0.22)))
    _pointed(draft)


def _mpeg4(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, codec="mpeg4", gop=draft.rng.choice([12, 100, 250]))
    _pointed(draft)


def _mpeg4_inset(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, codec="mpeg4", gop=100, b_frames=False, crf=28)
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(0.22)))
    _pointed(draft)


def _h265(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, codec="libx265", scene_cut=draft.rng.random() < 0.5)
    _pointed(draft)


def _mjpeg(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, codec="mjpeg")
    _pointed(draft)


def _no_b_frames(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, b_frames=False, scene_cut=False, gop=draft.rng.choice([50, 600]))
    _pointed(draft)


def _long_groups_inset(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, gop=100_000, scene_cut=False, b_frames=draft.rng.random() < 0.5)
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(0.2)))
    draft.fill(draft.rng.choice([0.0, 0.5]))


def _varying_rate(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, varying_rate=True, fps=30)
    draft.overlays.append(Pointer(draft.rng.randrange(10**6), draft.height // 40))
    draft.fill()


def _varying_rate_bare(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, varying_rate=True, fps=30)
    draft.fill(draft.rng.choice([0.0, 0.5]))


def _low_rate(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, fps=draft.rng.choice([5, 8, 10, 15]))
    _pointed(draft)


def _one_word(draft: Draft) -> None:
    """Pages that differ in one word, or one number in a table."""
    while not draft.full:
        page = draft.page(draft.rng.choice(["bullets", "code"]), 5)
        draft.show_page(page)
        for _ in range(draft.rng.randint(1, 2)):
            lines = [line.split() for line in page.lines]
            line = draft.rng.choice([one for one in lines if one])
            line[draft.rng.randrange(len(line))] = words(draft.rng, 1, 1)
            said = tuple(" ".join(one) for one in lines)
            if said != page.lines:
                page = replace(page, lines=said)
                draft.show_page(page)


def _wandering_inset(draft: Draft) -> None:
    boxes = [draft.box(0.2, corner) for corner in draft.rng.sample(range(4), 3)]
    draft.overlays.append(Wanderer(draft.rng.randrange(10**6), boxes, draft.rng.uniform(12, 25)))
    draft.fill()


def _framed(draft: Draft) -> None:
    region = draft.rng.choice([(0.08, 0.1, 0.92, 0.9), (0.15, 0.0, 0.85, 1.0), (0.05, 0.05, 0.75, 0.75)])
    size = (draft.width, draft.height)
    ground = draft.rng.choice([0, 30, 128])
    draft.overlays.append(Framed(size, region, draft.rng.randrange(10**6), lecturer=False, ground=ground))
    draft.fill()


def _lecturer_beside(draft: Draft) -> None:
    region = draft.rng.choice([(0.0, 0.12, 0.74, 0.86), (0.03, 0.05, 0.7, 0.72)])
    size = (draft.width, draft.height)
    ground = draft.rng.choice([0, 60, 200])
    draft.overlays.append(Framed(size, region, draft.rng.randrange(10**6), lecturer=True, ground=ground))
    draft.fill(draft.rng.choice([0.0, 0.4]))


def _changes(draft: Draft) -> None:
    ways: list[Way] = ["wipe", "push", "cover", "black", "fade"]
    while not draft.full:
        draft.show_page(fade=draft.rng.uniform(0.3, 1.2), way=draft.rng.choice(ways))


def _changes_with_inset(draft: Draft) -> None:
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(0.2)))
    _changes(draft)


def _blank(draft: Draft) -> None:
    """Pages of nothing but their ground between the others."""
    blank = Blank(draft.width, draft.height, draft.theme.background, "slide")
    identity = None
    while not draft.full:
        draft.show_page()
        if draft.rng.random() < 0.5:
            identity = draft.show(blank, draft.rng.uniform(3, 6), identity=identity)


def _black_ends(draft: Draft) -> None:
    """Black before the first page and after the last one."""
    black = Blank(draft.width, draft.height, (0, 0, 0), "blank")
    fade = draft.rng.choice([0.0, 0.8])
    draft.show(black, draft.rng.uniform(2, 4))
    draft.show_page(fade=fade)
    draft.fill()
    draft.show(black, 3.0, fade)


def _short(draft: Draft) -> None:
    while not draft.full:
        draft.show_page(seconds=draft.rng.choice([1.4, 1.7, 2.0, 3.0, 9.0]))


def _long(draft: Draft) -> None:
    draft.overlays.append(Pointer(draft.rng.randrange(10**6), draft.height // 40))
    while not draft.full:
        draft.show_page(seconds=draft.rng.uniform(20, 50))


def _looped(draft: Draft) -> None:
    """An animated picture that repeats itself on a slide."""
    while not draft.full:
        draft.show_page()
        picture = draft.draw(draft.page("title"))
        side = int(draft.height * draft.rng.uniform(0.2, 0.35))
        left, top = int(draft.width * 0.55), int(draft.height * 0.5)
        draft.show(Looped(picture, (left, top, left + side, top + side), draft.rng.uniform(1, 3)), 10.0)


def _laser(draft: Draft) -> None:
    draft.overlays.append(Laser(draft.rng.randrange(10**6), max(6, draft.height // draft.rng.choice([45, 60]))))
    draft.fill()


def _clock(draft: Draft) -> None:
    draft.overlays.append(Clock(draft.rng.random() < 0.5, draft.rng.random() < 0.5))
    draft.fill()


def _flicker(draft: Draft) -> None:
    draft.overlays.append(Flicker(draft.rng.uniform(0.02, 0.05)))
    draft.fill()


def _photo_ground(draft: Draft) -> None:
    """Pages on a photograph, the same on all of them."""
    ground = photo(draft.rng.randrange(10**6), draft.width, draft.height)
    while not draft.full:
        page = draft.page(draft.rng.choice(["bullets", "title", "table"]))
        draft.show(Still([_on(ground, draft.draw(page), draft.theme.background)], [0.0]), draft.rng.uniform(4, 12))


def _on(ground: Picture, page: Picture, plain: tuple[int, int, int]) -> Picture:
    """Lay the ink of a page on a softened photograph."""
    ink = np.abs(page.astype(np.int16) - plain).max(2, keepdims=True) > 30
    soft = (ground // 4 + np.asarray(plain, np.uint8) // 4 * 3).astype(np.uint8)
    return np.where(ink, page, soft)


def _photos(draft: Draft) -> None:
    """Pages that are one picture from border to border, among others."""
    while not draft.full:
        draft.show_page()
        picture = photo(draft.rng.randrange(10**6), draft.width, draft.height)
        draft.show(Still([picture], [0.0]), draft.rng.uniform(4, 10))


def _camera_often(draft: Draft) -> None:
    """The editor cuts between the slides and the room; the same slides come back."""
    person = Person(draft.rng.randrange(10**6), draft.width, draft.height)
    while not draft.full:
        identity = draft.show_page(seconds=draft.rng.uniform(5, 10))
        draft.show(Camera(person, False), draft.rng.uniform(4, 8))
        draft.show(draft.pages[identity][1], draft.rng.uniform(4, 8), identity=identity)


def _builds_quick(draft: Draft) -> None:
    """Builds that fade in one after the other within a second or two, with the lecturer in the corner."""
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(0.2, 0)))
    while not draft.full:
        page = draft.page("bullets", draft.rng.randint(3, 6))
        pictures = [draft.draw(page, shown) for shown in range(1, len(page.lines) + 1)]
        times = [0.0]
        for _ in pictures[1:]:
            times.append(times[-1] + draft.rng.uniform(0.8, 2.5))
        draft.show(Still(pictures, times), times[-1] + draft.rng.uniform(1.5, 5))


def _everything_else(draft: Draft) -> None:
    rng = draft.rng
    draft.encoding = replace(
        draft.encoding,
        codec=rng.choice(["libx264", "libx264", "libvpx-vp9", "mpeg4"]),
        gop=rng.choice([48, 250, 1000]),
        scene_cut=rng.random() < 0.5,
        b_frames=rng.random() < 0.5,
    )
    if rng.random() < 0.5:
        draft.overlays.append(Inset(rng.randrange(10**6), draft.box(rng.uniform(0.15, 0.28))))
    pointers: list[Overlay] = [
        Pointer(rng.randrange(10**6), draft.height // 40),
        Laser(rng.randrange(10**6), draft.height // 50),
    ]
    draft.overlays.append(rng.choice(pointers))
    ways: list[Way] = ["fade", "wipe", "push", "black"]
    while not draft.full:
        if rng.random() < 0.3:
            draft.show_builds(rng.choice([0.0, 0.5]))
        else:
            draft.show_page(
                seconds=rng.choice([2.0, 5.0, 9.0, 15.0]), fade=rng.choice([0.0, 0.6]), way=rng.choice(ways)
            )


HOSTILE_SUBJECTS: dict[str, Recipe] = {
    "vp9": _vp9,
    "vp9_inset": _vp9_inset,
    "mpeg4": _mpeg4,
    "mpeg4_inset": _mpeg4_inset,
    "h265": _h265,
    "mjpeg": _mjpeg,
    "no_b_frames": _no_b_frames,
    "long_groups_inset": _long_groups_inset,
    "varying_rate": _varying_rate,
    "varying_rate_bare": _varying_rate_bare,
    "low_rate": _low_rate,
    "one_word": _one_word,
    "wandering_inset": _wandering_inset,
    "framed": _framed,
    "lecturer_beside": _lecturer_beside,
    "changes": _changes,
    "changes_with_inset": _changes_with_inset,
    "blank": _blank,
    "black_ends": _black_ends,
    "short": _short,
    "long": _long,
    "looped": _looped,
    "laser": _laser,
    "clock": _clock,
    "flicker": _flicker,
    "photo_ground": _photo_ground,
    "photos": _photos,
    "camera_often": _camera_often,
    "builds_quick": _builds_quick,
    "everything_else": _everything_else,
}
