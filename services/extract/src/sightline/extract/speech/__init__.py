"""Speech: what is said in a recording, when, and to which slide.

transcriber = SpeechWriter(WhisperEngine.load(WhisperFiles.of(store, "whisper-tiny.en"), threads=2), detector)
transcript = transcriber.transcribe(path, "en", progress)
said = align(transcript.segments, [Shown(start, end, slide_number), ...])
"""

from sightline.extract.speech.aligning import Shown, align
from sightline.extract.speech.transcript import Segment, Transcriber, Transcript, Word

__all__ = ["Segment", "Shown", "Transcriber", "Transcript", "Word", "align"]
