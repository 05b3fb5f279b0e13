"""The same work served by BentoML: a process for each core, pictures as the body of a POST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bentoml

from bench.serving.faces import detect, load


@bentoml.service(workers=2, traffic={"timeout": 60}, metrics={"enabled": True})
class Faces:
    def __init__(self) -> None:
        _, self._analyzer = load(sessions=1)

    @bentoml.api(route="/detect")  # type: ignore[untyped-decorator]
    def detect(self, picture: Path, /) -> list[dict[str, Any]]:
        return detect(self._analyzer, picture.read_bytes())
