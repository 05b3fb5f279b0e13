"""One recipe for each thing that happens in lectures; a seed draws the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bench.lectures.draft import Draft
from bench.lectures.overlays import Bars, Inset, Noise, Person, Pointer, Subtitles
from bench.lectures.pages import draw_page, words
from bench.lectures.shots import Camera, Scrolled, Still, WithClip, Zoomed

Recipe = Callable[[Draft], None]


def _plain(draft: Draft) -> None:
    draft.fill()


def _builds(draft: Draft) -> None:
    while not draft.full:
        draft.show_builds()


def _fades(draft: Draft) -> None:
    while not draft.full:
        draft.show_page(fade=draft.rng.choice([0.2, 0.4, 0.6, 1.0]))


def _slow_fades(draft: Draft) -> None:
    while not draft.full:
        draft.show_page(seconds=draft.rng.uniform(6, 14), fade=draft.rng.uniform(1.2, 2.0))


def _cursor(draft: Draft) -> None:
    draft.overlays.append(Pointer(draft.rng.randrange(10**6), draft.height // draft.rng.choice([36, 45])))
    draft.fill()


def _trails(draft: Draft) -> None:
    draft.overlays.append(Pointer(draft.rng.randrange(10**6), draft.height // 36, trail=True))
    draft.fill()


def _inset(draft: Draft) -> None:
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(draft.rng.uniform(0.16, 0.27))))
    draft.fill()


def _inset_comes_late(draft: Draft) -> None:
    since = draft.target * draft.rng.uniform(0.25, 0.5)
    box = draft.box(draft.rng.uniform(0.16, 0.25))
    draft.overlays.append(Inset(draft.rng.randrange(10**6), box, since, since + draft.target * 0.3))
    draft.fill()


def _clip(draft: Draft) -> None:
    while not draft.full:
        draft.show_page()
        picture = draft.draw(draft.page("title"))
        wide, tall = int(draft.width * 0.36), int(draft.height * 0.4)
        box = (
            int(draft.width * 0.5),
            int(draft.height * 0.42),
            int(draft.width * 0.5) + wide,
            int(draft.height * 0.42) + tall,
        )
        lasts = draft.rng.uniform(9, 16)
        person = Person(draft.rng.randrange(10**6), wide, tall)
        speed = draft.rng.choice([8.0, 25.0])
        draft.show(
            WithClip(picture, box, draft.rng.uniform(0, 2), lasts - draft.rng.uniform(0, 3), person, speed), lasts
        )


def _scrolling(draft: Draft) -> None:
    while not draft.full:
        draft.show_page()
        tall = draw_page(draft.page("code", 24), draft.theme, draft.width, draft.height * 2)
        begin, lasts = draft.rng.uniform(3, 6), draft.rng.uniform(1, 3)
        scene = Scrolled(tall, draft.height, begin, lasts, int(draft.height * draft.rng.uniform(0.25, 0.55)))
        draft.show(scene, begin + lasts + draft.rng.uniform(3, 7))


def _camera(draft: Draft) -> None:
    while not draft.full:
        for _ in range(draft.rng.randint(1, 3)):
            draft.show_page()
        person = Person(draft.rng.randrange(10**6), draft.width, draft.height)
        draft.show(
            Camera(person, draft.rng.random() < 0.5), draft.rng.uniform(5, 14), draft.rng.choice([0.0, 0.0, 0.6])
        )


def _returns(draft: Draft) -> None:
    while not draft.full:
        for _ in range(draft.rng.randint(2, 3)):
            draft.show_page()
        identity = draft.rng.choice(sorted(set(draft.pages) - {draft.shots[-1].identity}))
        draft.show(draft.pages[identity][1], draft.rng.uniform(4, 10), identity=identity)


def _low_bitrate(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, bitrate=int(draft.width * draft.height * 0.09))
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(0.2)))
    draft.fill()


def _coarse(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, crf=38)
    draft.fill(draft.rng.choice([0.0, 0.5]))


def _noise(draft: Draft) -> None:
    draft.overlays.append(Noise(draft.rng.randrange(10**6), draft.rng.uniform(2, 5), draft.width, draft.height))
    draft.fill()


def _near_identical(draft: Draft) -> None:
    while not draft.full:
        page = draft.page("bullets", 5)
        draft.show_page(page)
        for _ in range(draft.rng.randint(1, 2)):
            lines = list(page.lines)
            lines[draft.rng.randrange(5)] = words(draft.rng, 3, 6)
            page = replace(page, lines=tuple(lines), number=page.number + 1)
            draft.show_page(page)


def _number_only(draft: Draft) -> None:
    draft.theme = replace(draft.theme, numbered=True)
    while not draft.full:
        draft.show_page()
        page = draft.page()
        pictures = [draft.draw(page), draft.draw(page.numbered(page.number + 1))]
        draft.show(Still(pictures, [0.0, 5.0]), 9.0)


def _bars(draft: Draft) -> None:
    draft.overlays.append(Bars())
    draft.fill()


def _zoom(draft: Draft) -> None:
    while not draft.full:
        draft.show_page()
        begin = draft.rng.uniform(3, 5)
        end = begin + draft.rng.uniform(3, 6)
        centre = (draft.rng.random() * 0.4, draft.rng.random() * 0.5)
        picture = draft.draw(draft.page("bullets", 5))
        draft.show(Zoomed(picture, begin, end, 2.0, centre), end + draft.rng.uniform(3, 6))


def _subtitles(draft: Draft) -> None:
    draft.overlays.append(Subtitles(draft.rng.randrange(10**6), draft.target + 60, draft.height))
    draft.fill()


def _fast_frames(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, fps=draft.rng.choice([50, 60]))
    draft.overlays.append(Pointer(draft.rng.randrange(10**6), draft.height // 40))
    draft.fill()


def _short_groups(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, gop=30)
    draft.fill()


def _no_scene_cut(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, scene_cut=False)
    draft.fill()


def _one_group(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, scene_cut=False, gop=100_000)
    draft.fill()


def _everything(draft: Draft) -> None:
    rng = draft.rng
    if rng.random() < 0.6:
        draft.overlays.append(Inset(rng.randrange(10**6), draft.box(rng.uniform(0.16, 0.25))))
    if rng.random() < 0.6:
        draft.overlays.append(Pointer(rng.randrange(10**6), draft.height // 40, rng.random() < 0.3))
    draft.encoding = replace(
        draft.encoding, scene_cut=rng.random() < 0.5, gop=rng.choice([30, 60, 250, 250]), crf=rng.choice([20, 26, 32])
    )
    while not draft.full:
        rng.choices([_one_page, _one_build, _one_return, _one_camera], [5, 3, 1, 1])[0](draft)


def _one_page(draft: Draft) -> None:
    draft.show_page(fade=draft.rng.choice([0.0, 0.0, 0.5]))


def _one_build(draft: Draft) -> None:
    draft.show_builds(draft.rng.choice([0.0, 0.0, 0.5]))


def _one_return(draft: Draft) -> None:
    others = sorted(set(draft.pages) - {shot.identity for shot in draft.shots[-1:]})
    if others:
        identity = draft.rng.choice(others)
        scene = draft.pages[identity][1]
        assert isinstance(scene, Still)
        draft.show(Still(scene.pictures[-1:], [0.0]), draft.rng.uniform(3, 8), identity=identity)


def _one_camera(draft: Draft) -> None:
    if draft.shots and draft.shots[-1].scene.kind != "camera":
        person = Person(draft.rng.randrange(10**6), draft.width, draft.height)
        draft.show(Camera(person, draft.rng.random() < 0.5), draft.rng.uniform(4, 12))


def _ordinary(draft: Draft) -> None:
    """Paced as real lectures are: a slide stays for the better part of a minute; a pointer, a camera now and then."""
    rng = draft.rng
    draft.overlays.append(Pointer(rng.randrange(10**6), draft.height // 40))
    while not draft.full:
        kind = rng.random()
        if kind < 0.35:
            page = draft.page("bullets", rng.randint(3, 6))
            pictures = [draft.draw(page, shown) for shown in range(1, len(page.lines) + 1)]
            times = [0.0]
            for _ in pictures[1:]:
                times.append(times[-1] + rng.uniform(5, 20))
            draft.show(Still(pictures, times), times[-1] + rng.uniform(8, 30), rng.choice([0.0, 0.0, 0.4]))
        elif kind < 0.93 or not draft.shots:
            draft.show_page(seconds=rng.uniform(20, 80), fade=rng.choice([0.0, 0.0, 0.4]))
        else:
            person = Person(rng.randrange(10**6), draft.width, draft.height)
            draft.show(Camera(person, False), rng.uniform(15, 40))


def _ordinary_with_inset(draft: Draft) -> None:
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(0.2)))
    _ordinary(draft)


PLAIN_SUBJECTS: dict[str, Recipe] = {
    "plain": _plain,
    "builds": _builds,
    "fades": _fades,
    "slow_fades": _slow_fades,
    "cursor": _cursor,
    "trails": _trails,
    "inset": _inset,
    "inset_comes_late": _inset_comes_late,
    "clip": _clip,
    "scrolling": _scrolling,
    "camera": _camera,
    "returns": _returns,
    "low_bitrate": _low_bitrate,
    "coarse": _coarse,
    "noise": _noise,
    "near_identical": _near_identical,
    "number_only": _number_only,
    "bars": _bars,
    "zoom": _zoom,
    "subtitles": _subtitles,
    "fast_frames": _fast_frames,
    "short_groups": _short_groups,
    "no_scene_cut": _no_scene_cut,
    "one_group": _one_group,
    "everything": _everything,
    "ordinary": _ordinary,
    "ordinary_with_inset": _ordinary_with_inset,
}
