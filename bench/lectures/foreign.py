"""Recipes as another hand would write them: bare cards, slow changes, a filmed screen, odd containers and rates."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cv2

from bench.lectures.cards import draw_card, draw_list, make_style
from bench.lectures.draft import Draft
from bench.lectures.overlays import Inset, Laser, Person, Pointer
from bench.lectures.pages import Picture, photo, words
from bench.lectures.room import ProgressBar, RoundInset, Screen
from bench.lectures.script import Way
from bench.lectures.shots import Blank, Camera, FlyingIn, Still, WithClip
from bench.lectures.subjects import Recipe
from bench.lectures.themes import Colour

_WAYS: list[Way] = ["wipe", "push", "push_up", "grow", "cover", "black", "fade"]


def _show_card(
    draft: Draft, seconds: float | None = None, fade: float = 0.0, way: Way = "fade", ground: Colour | None = None
) -> int:
    picture = draw_card(draft.rng, make_style(draft.rng, ground), draft.width, draft.height)
    return draft.show(Still([picture], [0.0]), seconds or draft.rng.uniform(4, 12), fade, way=way)


def _cards(draft: Draft) -> None:
    while not draft.full:
        _show_card(draft)


def _cards_one_ground(draft: Draft) -> None:
    ground = draft.rng.choice([(255, 255, 255), (30, 30, 30), (90, 40, 10)])
    while not draft.full:
        _show_card(draft, ground=ground, fade=draft.rng.choice([0.0, 0.5]))


def _cards_black(draft: Draft) -> None:
    """Little, thin and white, on nothing but black; black before the first of them."""
    draft.show(Blank(draft.width, draft.height, (0, 0, 0), "blank"), 3.0)
    while not draft.full:
        _show_card(draft, ground=(0, 0, 0), fade=draft.rng.choice([0.0, 0.6]))


def _cards_pale(draft: Draft) -> None:
    """Ink that is hardly darker than its ground."""
    ground = draft.rng.choice([(235, 235, 235), (60, 55, 50)])
    while not draft.full:
        style = make_style(draft.rng, ground, contrast=60)
        picture = draw_card(draft.rng, style, draft.width, draft.height)
        draft.show(Still([picture], [0.0]), draft.rng.uniform(4, 12))


def _slow_changes(draft: Draft) -> None:
    while not draft.full:
        way = draft.rng.choice(_WAYS)
        draft.show_page(seconds=draft.rng.uniform(6, 12), fade=draft.rng.uniform(0.5, 2.0), way=way)


def _slow_changes_of_cards(draft: Draft) -> None:
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(0.22)))
    while not draft.full:
        _show_card(draft, draft.rng.uniform(6, 12), draft.rng.uniform(0.5, 2.0), draft.rng.choice(_WAYS))


def _single_bullets(draft: Draft) -> None:
    """Cards to which one short line after the other comes, far apart in time."""
    while not draft.full:
        count = draft.rng.randint(3, 9)
        pictures = draw_list(draft.rng, make_style(draft.rng), draft.width, draft.height, count)
        first = draft.rng.choice([0, 1])
        times = [0.0]
        for _ in pictures[first + 1 :]:
            times.append(times[-1] + draft.rng.uniform(2, 9))
        draft.show(Still(pictures[first:], times), times[-1] + draft.rng.uniform(3, 8))


def _flying_bullets(draft: Draft) -> None:
    """Lines that fly in from the left or from below."""
    while not draft.full:
        count = draft.rng.randint(2, 5)
        pictures = draw_list(draft.rng, make_style(draft.rng), draft.width, draft.height, count)
        times = [0.0]
        for _ in pictures[1:]:
            times.append(times[-1] + draft.rng.uniform(2.5, 6))
        scene = FlyingIn(pictures, times, lasts=draft.rng.uniform(0.4, 0.9), from_left=draft.rng.random() < 0.5)
        draft.show(scene, times[-1] + draft.rng.uniform(4, 7))


def _ink(draft: Draft) -> None:
    """A pen that underlines, circles and writes on the page."""
    while not draft.full:
        drawn = draft.draw(draft.page())
        pictures, times = [drawn], [0.0]
        for _ in range(draft.rng.randint(2, 6)):
            drawn = drawn.copy()
            _stroke(draft, drawn)
            pictures.append(drawn)
            times.append(times[-1] + draft.rng.uniform(1.5, 5))
        draft.show(Still(pictures, times), times[-1] + draft.rng.uniform(3, 6))


def _stroke(draft: Draft, picture: Picture) -> None:
    rng, (height, width) = draft.rng, picture.shape[:2]
    x, y = int(rng.uniform(0.1, 0.7) * width), int(rng.uniform(0.15, 0.85) * height)
    colour, thick = rng.choice([(0, 0, 230), (0, 140, 0), (230, 80, 0)]), max(2, height // 200)
    if rng.random() < 0.5:
        cv2.line(picture, (x, y), (x + width // 5, y + height // 80), colour, thick, cv2.LINE_AA)
    else:
        cv2.ellipse(picture, (x, y), (width // 10, height // 14), 0, 0, 350, colour, thick, cv2.LINE_AA)


def _round_inset(draft: Draft) -> None:
    draft.overlays.append(RoundInset(draft.rng.randrange(10**6), draft.box(draft.rng.uniform(0.16, 0.24))))
    draft.fill(draft.rng.choice([0.0, 0.5]))


def _large_inset(draft: Draft) -> None:
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(draft.rng.uniform(0.3, 0.36))))
    draft.fill(draft.rng.choice([0.0, 0.5]))


def _filmed_screen(draft: Draft) -> None:
    """The room: a screen, a lecturer who walks in front of it, and a camera with a little noise."""
    region = draft.rng.choice([(0.08, 0.06, 0.92, 0.86), (0.2, 0.08, 0.95, 0.8)])
    noise = draft.rng.uniform(0.8, 2.0)
    draft.overlays.append(Screen((draft.width, draft.height), region, draft.rng.randrange(10**6), noise))
    while not draft.full:
        draft.show_page(seconds=draft.rng.uniform(8, 16))


def _calm_camera(draft: Draft) -> None:
    """Somebody who hardly moves, filmed without noise, between the slides."""
    while not draft.full:
        for _ in range(draft.rng.randint(1, 3)):
            draft.show_page()
        person = Person(draft.rng.randrange(10**6), draft.width, draft.height, noise=1.0)
        draft.show(Camera(person, False, pace=0.4), draft.rng.uniform(5, 14))


def _minutes(draft: Draft) -> None:
    """One page for minutes, then others."""
    draft.overlays.append(Pointer(draft.rng.randrange(10**6), draft.height // 40))
    draft.show_page(seconds=4 * draft.target)
    for _ in range(3):
        draft.show_page(seconds=draft.rng.uniform(3, 20))


def _broadcast_rate(draft: Draft) -> None:
    rate = draft.rng.choice([Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60000, 1001)])
    draft.encoding = replace(draft.encoding, fps=rate)
    draft.overlays.append(Laser(draft.rng.randrange(10**6), draft.height // 50))
    draft.fill(draft.rng.choice([0.0, 0.5]))


def _unsteady_rate(draft: Draft) -> None:
    """Frames that come early, late or not at all, as a conference records them."""
    draft.encoding = replace(draft.encoding, unsteady=True, container=".mkv")
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(0.2)))
    draft.fill()


def _transport_stream(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, container=".ts", codec=draft.rng.choice(["libx264", "mpeg2video"]))
    draft.fill()


def _vp8(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, codec="libvpx", container=".webm", gop=draft.rng.choice([128, 9999]))
    draft.overlays.append(Pointer(draft.rng.randrange(10**6), draft.height // 40))
    draft.fill()


def _av1(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, codec="libsvtav1", container=".mp4", gop=draft.rng.choice([150, 300]))
    draft.fill(draft.rng.choice([0.0, 0.5]))


def _open_groups(draft: Draft) -> None:
    draft.encoding = replace(draft.encoding, extra={"x264-params": "open-gop=1"}, gop=60)
    draft.fill(draft.rng.choice([0.0, 0.5]))


def _intra_refresh(draft: Draft) -> None:
    """No key frame but the first: a column of the picture is refreshed at a time, as live streams do."""
    draft.encoding = replace(draft.encoding, extra={"x264-params": "intra-refresh=1"}, gop=100, b_frames=False)
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(0.2)))
    draft.fill()


def _live_groups(draft: Draft) -> None:
    """A live stream: key frames every second or two, wherever the slides change, and the lecturer in a corner."""
    draft.encoding = replace(draft.encoding, gop=draft.rng.choice([25, 30, 50, 60]), scene_cut=False)
    draft.overlays.append(Inset(draft.rng.randrange(10**6), draft.box(draft.rng.uniform(0.16, 0.25))))
    draft.fill(draft.rng.choice([0.0, 0.5]))


def _progress_bar(draft: Draft) -> None:
    draft.overlays.append(ProgressBar(draft.target + 20))
    draft.fill()


def _alternates(draft: Draft) -> None:
    """Two slides that are shown in turns."""
    one, other = draft.show_page(), draft.show_page()
    while not draft.full:
        for identity in (one, other):
            draft.show(draft.pages[identity][1], draft.rng.uniform(2, 7), identity=identity)


def _large_clip(draft: Draft) -> None:
    """A film that fills most of a slide."""
    while not draft.full:
        draft.show_page()
        left, top, right, bottom = int(draft.width * 0.1), int(draft.height * 0.2), draft.width * 9 // 10, draft.height
        box = (left, top, right, bottom - draft.height // 10)
        person = Person(draft.rng.randrange(10**6), box[2] - box[0], box[3] - box[1])
        lasts = draft.rng.uniform(8, 15)
        picture = draft.draw(draft.page("title"))
        draft.show(WithClip(picture, box, draft.rng.uniform(0, 2), lasts, person), lasts)


def _captioned_photos(draft: Draft) -> None:
    """Photographs from border to border with a few words on them."""
    while not draft.full:
        picture = photo(draft.rng.randrange(10**6), draft.width, draft.height)
        text, at = words(draft.rng, 2, 4), (draft.width // 12, int(draft.height * draft.rng.uniform(0.2, 0.9)))
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_DUPLEX, draft.height / 400, (255, 255, 255), 2, cv2.LINE_AA)
        draft.show(Still([picture], [0.0]), draft.rng.uniform(4, 10), draft.rng.choice([0.0, 0.0, 0.8]))


FOREIGN_SUBJECTS: dict[str, Recipe] = {
    "cards": _cards,
    "cards_one_ground": _cards_one_ground,
    "cards_black": _cards_black,
    "cards_pale": _cards_pale,
    "slow_changes": _slow_changes,
    "slow_changes_of_cards": _slow_changes_of_cards,
    "single_bullets": _single_bullets,
    "flying_bullets": _flying_bullets,
    "ink": _ink,
    "round_inset": _round_inset,
    "large_inset": _large_inset,
    "filmed_screen": _filmed_screen,
    "calm_camera": _calm_camera,
    "minutes": _minutes,
    "broadcast_rate": _broadcast_rate,
    "unsteady_rate": _unsteady_rate,
    "transport_stream": _transport_stream,
    "vp8": _vp8,
    "av1": _av1,
    "open_groups": _open_groups,
    "intra_refresh": _intra_refresh,
    "live_groups": _live_groups,
    "progress_bar": _progress_bar,
    "alternates": _alternates,
    "large_clip": _large_clip,
    "captioned_photos": _captioned_photos,
}
