"""Build the transcriber that an operator names: a model of the catalogue, a folder of one's own, or PocketSphinx."""

from __future__ import annotations

from pathlib import Path

from sightline.common.models import ModelStore
from sightline.common.models.store import sha256_of
from sightline.common.settings import MediaLimits
from sightline.extract.speech.engine import Engine
from sightline.extract.speech.hearing import SpeechModel
from sightline.extract.speech.transcribing import ChunkTranscriber
from sightline.extract.speech.transcript import EngineInfo

DEFAULT_MODEL = "whisper-tiny.en"
SPHINX = "pocketsphinx"
_SPEECH_MODEL = "silero-vad"
# A model of the catalogue is several entries: the weights by its name, the rest by its name and these.
_PARTS = ("", "-config", "-tokenizer", "-vocabulary")


def load_transcriber(name: str, store: ModelStore, limits: MediaLimits, *, threads: int = 1) -> ChunkTranscriber:
    """Load an engine with its model, and what tells speech from silence. Nothing is fetched.

    Args:
        name: a Whisper model of the catalogue (`whisper-tiny.en`), the path of a folder with a Whisper model in the
            format of CTranslate2, or `pocketsphinx`.
        store: where models are.
        limits: what is accepted of recordings.
        threads: how many compute.

    Raises:
        SightlineError: MODEL_UNAVAILABLE where a model is missing, altered or refused by its licence.
    """
    speech = SpeechModel(store.path(_SPEECH_MODEL))
    return ChunkTranscriber(_load_engine(name, store, threads), speech, limits)


def _load_engine(name: str, store: ModelStore, threads: int) -> Engine:
    # Each engine is a library of its own, and large: only the one that is wanted is imported.
    if name == SPHINX:
        from sightline.extract.speech.sphinx import SphinxEngine  # noqa: PLC0415

        return SphinxEngine()
    from sightline.extract.speech.whisper import WhisperEngine, folder_files  # noqa: PLC0415

    folder = Path(name)
    if folder.is_absolute() and folder.is_dir():
        files = folder_files(folder)
        info = EngineInfo(folder.name, "own", sha256_of(files["model.bin"]) if "model.bin" in files else "")
    else:
        files = {store.entry(name + part).file: store.path(name + part) for part in _PARTS}
        weights = store.entry(name)
        info = EngineInfo(name, weights.version, weights.sha256)
    return WhisperEngine.load(files, info, threads=threads)
