"""Speech: what is said in a recording, when, and to which slide.

    transcriber = load_transcriber("whisper-tiny.en", store, MediaLimits(), threads=2)
    transcript = transcriber.transcribe(path, "en", progress)
    said = align(transcript.segments, [Shown(start, end, slide_number), ...])

How it works: `hearing` tells speech from everything else; `chunking` cuts it at silences into chunks of at most half a
minute; an engine (`whisper`, `sphinx`) writes each down; `transcribing` puts them together; `loading` builds it all.
"""

from sightline.extract.speech.aligning import Shown, align
from sightline.extract.speech.loading import DEFAULT_MODEL, load_transcriber
from sightline.extract.speech.transcribing import ChunkTranscriber
from sightline.extract.speech.transcript import EngineInfo, Segment, Transcriber, Transcript, Word

__all__ = [
    "DEFAULT_MODEL",
    "ChunkTranscriber",
    "EngineInfo",
    "Segment",
    "Shown",
    "Transcriber",
    "Transcript",
    "Word",
    "align",
    "load_transcriber",
]
