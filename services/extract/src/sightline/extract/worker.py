"""The queue of the extract service: which kinds of job it does, in which stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sightline.common.errors import Reason, SightlineError
from sightline.common.worker import Handler, Outcome, Task

Stages = Mapping[tuple[str, str], Handler]
"""Handlers by the kind of the job and the name of the stage; the first or only stage has no name."""


class ExtractTasks:
    """Gives each task to the handler of its stage."""

    def __init__(self, *stages: Stages) -> None:
        """Take the stages of every kind; of two for the same, the later one counts."""
        self._stages = {name: handler for some in stages for name, handler in some.items()}

    def handlers(self) -> Mapping[str, Handler]:
        """Give the handlers by the kind of job, as in JobSpec."""
        return {kind: self.run for kind, _ in self._stages}

    async def run(self, task: Task) -> Sequence[bytes] | Outcome:
        """Do the work of one stage of a job."""
        handler = self._stages.get((task.claim.kind, task.claim.stage))
        if handler is None:
            stage = f"the stage {task.claim.stage} of {task.claim.kind}"
            raise SightlineError(Reason.KIND_NOT_SERVED, f"no worker of this version does {stage}")
        return await handler(task)
