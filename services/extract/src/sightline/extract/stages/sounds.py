"""Jobs about sound: taken out of a film, or mixed from pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from sightline.common.errors import Reason, SightlineError
from sightline.common.media.outputs import Outputs
from sightline.common.media.saying import duration
from sightline.common.media.sources import VideoSource, media_id
from sightline.common.settings import MediaLimits
from sightline.common.state.media import MediaFiles
from sightline.common.worker import Handler, Task
from sightline.common.worker.child import Nursery
from sightline.extract import sound_messages as messages
from sightline.extract.sound import LocalSounds, extract_sound, mix
from sightline.v1.extract_pb2 import ExtractAudioResult, MixAudioResult
from sightline.v1.job_pb2 import JobResult, JobSpec
from sightline.v1.output_pb2 import OutputFile


class Sounds:
    """Each is a job of one stage; sound is decoded in child processes."""

    def __init__(
        self, files: MediaFiles, films: VideoSource, outputs: Outputs, nursery: Nursery, *, limits: MediaLimits
    ) -> None:
        """Take what the stages need.

        Args:
            files: the rows of the pieces of a mix.
            films: where films and recordings come from.
            outputs: keeps what is made.
            nursery: where they are decoded.
            limits: which of them are refused.
        """
        self._files = files
        self._films = films
        self._outputs = outputs
        self._nursery = nursery
        self._limits = limits

    def handlers(self) -> Mapping[tuple[str, str], Handler]:
        """Give the handlers by kind and stage."""
        return {("extract_audio", ""): self.extract, ("mix_audio", ""): self.mix}

    async def extract(self, task: Task) -> Sequence[bytes]:
        """Write the sound of a film or a recording to a file; one result."""
        options = messages.extract_options(JobSpec.FromString(task.claim.spec).extract_audio)
        with TemporaryDirectory(prefix="sightline-") as folder:
            out = Path(folder) / f"audio.{options.format}"
            async with self._films.of_task(task.claim) as path:
                sound = await self._nursery.run(extract_sound, path, out, options, self._limits, task=task)
            result = ExtractAudioResult(
                audio=await self._kept(task, out),
                duration=duration(sound.duration_seconds),
                sample_rate_hz=sound.sample_rate_hz,
                channels=sound.channels,
            )
        return [JobResult(extract_audio=result).SerializeToString()]

    async def mix(self, task: Task) -> Sequence[bytes]:
        """Mix pieces on one time line; one result."""
        message = JobSpec.FromString(task.claim.spec).mix_audio
        options = messages.mix_options(message)
        async with AsyncExitStack() as stack:
            out = Path(stack.enter_context(TemporaryDirectory(prefix="sightline-"))) / f"mix.{options.format}"
            paths = await self._pieces(task, {piece.media for piece in message.pieces}, stack)
            pieces = [messages.piece(piece, paths[piece.media]) for piece in message.pieces]
            mixed = await self._nursery.run(mix, pieces, LocalSounds(), out, options, self._limits, task=task)
            result: MixAudioResult = messages.mix_result(mixed, await self._kept(task, out))
        return [JobResult(mix_audio=result).SerializeToString()]

    async def _pieces(self, task: Task, names: set[str], stack: AsyncExitStack) -> dict[str, Path]:
        """Bring each recording to a local file for as long as the stack is open, by its name."""
        ids = {name: media_id(name) for name in names}
        found = {media.media_id: media for media in await self._files.find(task.claim.tenant, ids.values())}
        if gone := sorted(name for name, one in ids.items() if one not in found):
            raise SightlineError(Reason.MEDIA_GONE, f"{gone[0]} was deleted before it was read")
        return {name: await stack.enter_async_context(self._films.of_media(found[one])) for name, one in ids.items()}

    async def _kept(self, task: Task, out: Path) -> OutputFile:
        return await self._outputs.keep(task.claim, out.name, messages.CONTENT_TYPES[out.suffix], out)
