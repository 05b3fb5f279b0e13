"""A lecture in the making."""

from __future__ import annotations

import random

from bench.lectures.overlays import Overlay
from bench.lectures.pages import Page, Picture, draw_page, make_page
from bench.lectures.script import Encoding, Lecture, Shot, Way
from bench.lectures.shots import Scene, Still
from bench.lectures.themes import Theme, make_theme


class Draft:
    """A lecture in the making: a theme, a size, and shots that are added one after the other."""

    def __init__(self, name: str, rng: random.Random, seconds: float, height: int | None) -> None:
        self.rng, self.name, self.target = rng, name, seconds
        self.height = height or rng.choice([360, 480, 720])
        self.width = {360: 640, 480: 854, 720: 1280, 1080: 1920}[self.height]
        self.theme: Theme = make_theme(rng)
        self.encoding = Encoding(fps=rng.choice([25, 25, 30]), crf=rng.choice([20, 23, 28]))
        self.shots: list[Shot] = []
        self.overlays: list[Overlay] = []
        self.pages: dict[int, tuple[Page, Scene]] = {}

    @property
    def seconds(self) -> float:
        return sum(shot.seconds for shot in self.shots)

    @property
    def full(self) -> bool:
        return self.seconds >= self.target

    def draw(self, page: Page, shown: int | None = None) -> Picture:
        return draw_page(page, self.theme, self.width, self.height, shown)

    def page(self, kind: str | None = None, lines: int | None = None) -> Page:
        return make_page(self.rng, len(self.pages) + 1, kind, lines)

    def show(
        self, scene: Scene, seconds: float, fade: float = 0.0, identity: int | None = None, way: Way = "fade"
    ) -> int:
        if identity is None:
            identity = max((shot.identity for shot in self.shots), default=-1) + 1
        self.shots.append(Shot(scene, seconds, identity, fade, way))
        return identity

    def show_page(
        self, page: Page | None = None, seconds: float | None = None, fade: float = 0.0, way: Way = "fade"
    ) -> int:
        page = page or self.page()
        scene = Still([self.draw(page)], [0.0])
        identity = self.show(scene, seconds or self.rng.uniform(4, 14), fade, way=way)
        self.pages[identity] = (page, scene)
        return identity

    def show_builds(self, fade: float = 0.0) -> int:
        page = self.page("bullets", self.rng.randint(3, 6))
        first = self.rng.choice([0, 1])
        pictures = [self.draw(page, shown) for shown in range(first, len(page.lines) + 1)]
        times = [0.0]
        for _ in pictures[1:]:
            times.append(times[-1] + self.rng.uniform(1.8, 5))
        scene = Still(pictures, times)
        identity = self.show(scene, times[-1] + self.rng.uniform(3, 7), fade)
        self.pages[identity] = (page, scene)
        return identity

    def fill(self, fade: float = 0.0) -> None:
        """Go on with pages and builds until the lecture is as long as it should be."""
        while not self.full:
            if self.rng.random() < 0.35:
                self.show_builds(fade)
            else:
                self.show_page(fade=fade)

    def box(self, share: float, corner: int | None = None) -> tuple[int, int, int, int]:
        wide, tall = int(self.width * share) // 2 * 2, int(self.height * share) // 2 * 2
        corner = self.rng.randrange(4) if corner is None else corner
        left = 0 if corner % 2 else self.width - wide
        top = 0 if corner // 2 else self.height - tall
        return left, top, left + wide, top + tall

    def lecture(self) -> Lecture:
        return Lecture(self.name, self.width, self.height, self.shots, self.overlays, self.encoding)
