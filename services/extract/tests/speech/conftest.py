"""Engines, and read speech of which the words are known."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.models import ModelStore
from sightline.common.settings import MediaLimits
from sightline.extract.speech import ChunkTranscriber, load_transcriber

RATE_HZ = 16_000
Save = Callable[[NDArray[np.float32]], Path]


@pytest.fixture(scope="session")
def speech_store(model_store: ModelStore) -> ModelStore:
    """The store of all tests, with what speech needs in it."""
    model_store.fetch(["speech", "speech-samples"])
    return model_store


@pytest.fixture(scope="session")
def whisper(speech_store: ModelStore) -> ChunkTranscriber:
    return load_transcriber("whisper-tiny.en", speech_store, MediaLimits())


@pytest.fixture(scope="session")
def sphinx(speech_store: ModelStore) -> ChunkTranscriber:
    return load_transcriber("pocketsphinx", speech_store, MediaLimits())


@pytest.fixture(scope="session")
def sentences(speech_store: ModelStore) -> list[NDArray[np.float32]]:
    """The recordings, one channel at 16000 Hz."""
    sounds = []
    for number in range(1, 6):
        with wave.open(str(speech_store.path(f"austen-{number}"))) as file:
            sounds.append((np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768).astype(np.float32))
    return sounds


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write samples at 16000 Hz to a file."""

    def saved(samples: NDArray[np.float32]) -> Path:
        path = tmp_path / "sound.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(np.clip(np.rint(samples * 32_768), -32_768, 32_767).astype("<i2").tobytes())
        return path

    return saved
