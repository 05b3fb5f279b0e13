"""The stages that write down what is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sightline.common.media.outputs import Outputs
from sightline.common.worker import Handler, Outcome, Task
from sightline.extract import speech_messages as messages
from sightline.extract.document import Speech, captions_vtt
from sightline.extract.listening import Listening
from sightline.extract.packing import pack
from sightline.extract.stages.planning import TRANSCRIPT
from sightline.v1.job_pb2 import JobSpec


class Transcripts:
    """A job of its own, or beside the slides of a document."""

    def __init__(self, listening: Listening, outputs: Outputs, result_bytes: int) -> None:
        """Take what the stages need.

        Args:
            listening: writes speech down.
            outputs: keeps the captions.
            result_bytes: largest part of a result.
        """
        self._listening = listening
        self._outputs = outputs
        self._result_bytes = result_bytes

    def handlers(self) -> Mapping[tuple[str, str], Handler]:
        """Give the handlers by kind and stage."""
        return {("transcribe", ""): self.transcribe, ("make_document", TRANSCRIPT): self.beside}

    async def transcribe(self, task: Task) -> Sequence[bytes]:
        """Write down what is said, with captions as a file; one result in parts."""
        options = JobSpec.FromString(task.claim.spec).transcribe
        transcript = await self._listening.listen(task, options)
        captions = captions_vtt([Speech(one.start, one.end, one.text) for one in transcript.segments])
        file = await self._outputs.keep(task.claim, "captions.vtt", "text/vtt", captions.encode())
        model = self._listening.engine(options.model).model
        return messages.transcript_results(transcript, model, file, self._result_bytes)

    async def beside(self, task: Task) -> Outcome:
        """Write down what is said in a lecture; leaves the transcript."""
        options = JobSpec.FromString(task.claim.spec).make_document.transcribe
        # Words are what a sentence is divided by between two slides.
        options.include_words = True
        return Outcome(output=pack(await self._listening.listen(task, options)))
