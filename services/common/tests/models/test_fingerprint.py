"""What a service makes its results with, in one digest."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from sightline.common.models import ModelStore, fingerprint
from sightline.common.settings import AnalyserSettings, ModelSettings, RpcSettings, Section, WorkerSettings


class Seeing(Section):
    threshold: float = 0.5


class Settings(AnalyserSettings):
    model_config = SettingsConfigDict(env_prefix="TEST_")
    seeing: Seeing = Seeing()


def test_the_same_service_elsewhere_and_faster_makes_the_same(tmp_path: Path) -> None:
    here = Settings(models=ModelSettings(folder=tmp_path))
    elsewhere = Settings(
        models=ModelSettings(folder=tmp_path / "other"), rpc=RpcSettings(port=4), worker=WorkerSettings(slots=9)
    )
    assert fingerprint("face", "1", here) == fingerprint("face", "1", elsewhere)
    assert len(fingerprint("face", "1", here)) == 32


def test_another_service_version_or_threshold_makes_something_else(tmp_path: Path) -> None:
    models = ModelSettings(folder=tmp_path)
    settings = Settings(models=models)
    others = {
        fingerprint("face", "1", settings),
        fingerprint("object", "1", settings),
        fingerprint("face", "2", settings),
        fingerprint("face", "1", Settings(models=models, seeing=Seeing(threshold=0.4))),
    }
    assert len(others) == 4


def test_another_file_under_the_name_of_a_model_makes_something_else(tmp_path: Path) -> None:
    settings = Settings(models=ModelSettings(folder=tmp_path / "models"))
    seen = set()
    for content in (b"first", b"second"):
        (tmp_path / "own.onnx").write_bytes(content)
        ModelStore(settings.models).add(tmp_path / "own.onnx", "own", version="1", licence="MIT", commercial=True)
        seen.add(fingerprint("face", "1", settings))
    assert len(seen) == 2
