"""Settings of the object service, read from `OBJECT_...`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from sightline.common.settings import AnalyserSettings, Device, Section, SessionSettings


class ObjectModelSettings(SessionSettings):
    """Which models see objects, and how they share the processor."""

    detectors: tuple[str, ...] = Field(
        ("people-falls",),
        min_length=1,
        description="names of the detection, pose and segmentation models that are loaded, as a JSON list; "
        "the first is the default of DetectObjects",
    )
    segmenter: str = Field(
        "spheroids-classical", description="default of SegmentImage: a loaded segmentation model or a classical engine"
    )
    device: Device = "cpu"
    min_score: float = Field(0.25, ge=0, le=1, description="least score of an object where the request says none")
    max_overlap: float = Field(
        0.7, ge=0, le=1, description="overlap (intersection over union) of two objects of one class where none is said"
    )
    max_objects: int = Field(300, ge=1, le=1000, description="most objects of a picture where none is said")
    batch_max: int | None = Field(
        None,
        ge=1,
        le=64,
        description="pictures that wait for a model and are run through it together, at most, if it was exported for "
        "any number; unset: 8 on a GPU, 1 on the processor, which gains next to nothing",
    )
    classical_side_px: int = Field(
        2048, ge=256, le=8192, description="longer side of the picture as the classical engines see it"
    )


class FilmSettings(Section):
    """How films are looked at."""

    every_seconds: float = Field(0.2, ge=0, description="time between two frames that are looked at where none is said")
    lost_seconds: float = Field(1.5, gt=0, description="how long an object may be hidden and keep its track")
    least_frames: int = Field(2, ge=1, description="frames in which an object must be seen to count as a track")
    checkpoint_seconds: float = Field(
        5.0, ge=0, description="time between two checkpoints: so much work is lost at most when a worker dies"
    )
    result_bytes: int = Field(900_000, ge=10_000, description="largest stored part of the result of a film")


class ObjectSettings(AnalyserSettings):
    """The object service: detect, segment, track."""

    model_config = SettingsConfigDict(env_prefix="OBJECT_")

    object: ObjectModelSettings = ObjectModelSettings()
    film: FilmSettings = FilmSettings()
