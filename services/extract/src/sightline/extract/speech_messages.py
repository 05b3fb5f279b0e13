"""Speech as messages: what is said, when, and to which slide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sightline.common.media.saying import duration, filled, time_range
from sightline.extract.speech import Segment, Transcript, Word
from sightline.v1 import extract_pb2
from sightline.v1.job_pb2 import JobResult
from sightline.v1.model_pb2 import ModelInfo
from sightline.v1.output_pb2 import OutputFile


def segment_message(segment: Segment, *, words: bool = True) -> extract_pb2.TranscriptSegment:
    """Say what is said in one segment, with its words where they are wanted and known."""
    return extract_pb2.TranscriptSegment(
        range=time_range(segment.start, segment.end),
        text=segment.text,
        score=segment.score,
        words=[_word(word) for word in segment.words if words],
    )


def slide_speech(number: int, segments: Sequence[Segment], *, words: bool) -> extract_pb2.SlideSpeech:
    """Say what is said to a slide, with the times of the words where they are wanted."""
    said = [segment_message(segment, words=words) for segment in segments]
    return extract_pb2.SlideSpeech(slide_number=number, segments=said)


def segment_messages(segments: Iterable[Segment]) -> list[extract_pb2.TranscriptSegment]:
    """Say what is said, in order."""
    return [segment_message(segment) for segment in segments]


def transcript_results(transcript: Transcript, model: ModelInfo, captions: OutputFile, most_bytes: int) -> list[bytes]:
    """Give a transcript as the results of a job, each of about this size at most."""
    first = extract_pb2.TranscribeResult(
        language_code=transcript.language, model=model, duration=duration(transcript.duration), captions=captions
    )
    segments = segment_messages(transcript.segments)
    parts = filled(first, (("segments", segment) for segment in segments), most_bytes)
    first.part_count = len(parts)
    return [JobResult(transcribe=part).SerializeToString() for part in parts]


def _word(word: Word) -> extract_pb2.TranscriptWord:
    return extract_pb2.TranscriptWord(range=time_range(word.start, word.end), text=word.text, score=word.score)
