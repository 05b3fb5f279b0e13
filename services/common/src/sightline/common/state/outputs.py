"""Files that jobs make: rows of `media` that belong to a job, and are written by the one who holds the task."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from sightline.common.state.database import Database
from sightline.common.state.identifiers import version7
from sightline.common.state.media import Media


@dataclass(frozen=True, slots=True)
class NewOutput:
    """A file whose bytes are stored and that is to belong to the job of a task.

    Attributes:
        claim_id: the fencing token of the one who has made it.
    """

    task_id: UUID
    claim_id: UUID
    media_id: UUID
    display_name: str
    content_type: str
    size_bytes: int
    sha256: bytes
    width_px: int | None
    height_px: int | None
    blob_key: str


class OutputFiles:
    """The files of every job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, output: NewOutput) -> Media | None:
        """Make a stored file known, in the place of what an earlier attempt has stored under its name.

        Returns:
            The file; None when the task is no longer this worker's, and the blob stays loose.
        """
        parameters = {name: getattr(output, name) for name in NewOutput.__slots__}
        rows = await self._database.fetch(Media, "outputs.keep", parameters)
        return rows[0] if rows else None


def output_id(task_id: UUID, name: str) -> UUID:
    """Give the id of a file, the same for every attempt: a UUID of version 7, of the time when the task was planned.

    Args:
        task_id: the task that makes it.
        name: of the file, no other of the task has it.
    """
    return version7(task_id.int >> 80, hashlib.sha256(task_id.bytes + name.encode()).digest()[:10])
