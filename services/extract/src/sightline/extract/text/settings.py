"""How text is read: a section of the settings of the extract service."""

from __future__ import annotations

from pydantic import Field

from sightline.common.settings import SessionSettings


class TextSettings(SessionSettings):
    """Which models read text, and how they share the processor."""

    detector: str = Field("pp-ocrv6-small-detector", description="name of the model that finds lines of text")
    recogniser: str = Field("pp-ocrv6-small-recogniser", description="name of the model that reads a line")
    min_score: float = Field(0.5, ge=0, le=1, description="least confidence of a line where the request says none")
    side_px: int = Field(
        960, ge=320, le=4096, description="longer side of the picture as the detector sees it; more finds smaller text"
    )
    small_side_px: int = Field(
        1920,
        ge=320,
        le=4096,
        description="at most this for larger pictures in which small text was found; they are seen twice",
    )
    max_lines: int = Field(1000, ge=1, le=10_000, description="most lines of a picture")
