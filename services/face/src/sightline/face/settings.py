"""Settings of the face service, read from `FACE_...`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from sightline.common.settings import AnalyserSettings, Device, Section, SessionSettings


class FaceModelSettings(SessionSettings):
    """Which models see faces, and how they share the processor."""

    detector: str = Field("scrfd-2.5g", description="name of the face detector in the model catalogue")
    embedder: str = Field("faceplugin-512", description="name of the face embedder in the model catalogue")
    attributes: str = Field(
        "", description="name of the model that tells age and sex, such as buffalo_l-attributes; empty: nothing does"
    )
    device: Device = "cpu"
    input_side_px: int = Field(
        640, ge=64, le=2560, multiple_of=32, description="longer side of the picture as the detector sees it"
    )
    near_side_px: int = Field(
        192, ge=0, le=640, multiple_of=32, description="longer side of a second look for faces that fill it; 0: none"
    )
    score_threshold: float = Field(0.5, ge=0, le=1, description="least detection score of a face that is returned")
    nms_iou: float = Field(
        0.4, ge=0, le=1, description="overlap (intersection over union) at which two boxes count as one face"
    )


class FilmSettings(Section):
    """How films are looked at."""

    every_seconds: float = Field(0.2, ge=0, description="time between two frames that are looked at where none is said")
    lost_seconds: float = Field(1.5, gt=0, description="how long a face may be hidden and keep its track")
    least_frames: int = Field(
        2, ge=1, description="frames in which a face must be seen to count, where frames are less than a second apart"
    )
    describe_seconds: float = Field(
        2.0, gt=0, description="time between two embeddings of a face that is followed by its place and gets no better"
    )
    shot_side_px: int = Field(256, ge=64, le=256, description="longer side of the best shot of a track")
    shots_bytes: int = Field(
        200_000_000, ge=0, description="best shots of one film; those of the worst faces are left out beyond it"
    )
    checkpoint_seconds: float = Field(
        5.0, ge=0, description="time between two checkpoints: so much work is lost at most when a worker dies"
    )
    result_bytes: int = Field(900_000, ge=10_000, description="largest stored part of the result of a film")


class FaceSettings(AnalyserSettings):
    """The face service: detect, embed, compare."""

    model_config = SettingsConfigDict(env_prefix="FACE_")

    face: FaceModelSettings = FaceModelSettings()
    film: FilmSettings = FilmSettings()
