"""Short lectures with known truth, each encoded once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.lectures import Lecture, make_lecture, suffix, write_film

Filmed = tuple[Lecture, Path]
Film = Callable[..., Filmed]


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Give a lecture about a subject and its film: `film("builds", seed=3)`; 360 lines, about 25 seconds."""
    folder = tmp_path_factory.mktemp("lectures")

    def filmed(subject: str, seed: int = 3, seconds: float = 24.0) -> Filmed:
        lecture = make_lecture(subject, seed, seconds, 360)
        path = folder / f"{lecture.name}{suffix(lecture.encoding)}"
        if not path.exists():
            write_film(lecture, path)
        return lecture, path

    return filmed
