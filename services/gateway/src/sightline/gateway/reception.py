"""Reception: submissions are checked, stored in one transaction, and published."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from sightline.common.errors import NotFound, Reason, SightlineError, TemporarilyAway
from sightline.common.queue import Message
from sightline.common.state.jobs import Jobs, Stored, Submission
from sightline.common.state.media import MediaFiles
from sightline.common.telemetry import Metrics
from sightline.gateway.fingerprints import KnownFingerprints
from sightline.gateway.names import MEDIA
from sightline.gateway.publication import Publication

log = structlog.get_logger()

Outcome = Stored | SightlineError
Further = Mapping[tuple[str, UUID], bytes]
"""The SHA-256 of media, by tenant and media id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A submission, and what must be so for it to be stored.

    Attributes:
        further_media_ids: the media that must exist beside its own, in the order in which they are used.
        open_max: how many jobs of the tenant may be open with it; None for any number.
    """

    submission: Submission
    further_media_ids: tuple[UUID, ...] = ()
    open_max: int | None = None


class Reception:
    """Takes in groups of submissions."""

    def __init__(
        self,
        jobs: Jobs,
        media: MediaFiles,
        publication: Publication,
        metrics: Metrics,
        *,
        fingerprints: KnownFingerprints,
    ) -> None:
        self._jobs = jobs
        self._media = media
        self._publication = publication
        self._metrics = metrics
        self._fingerprints = fingerprints

    async def take_group(self, group: Sequence[Asked]) -> list[Outcome]:
        """Take in submissions of different callers: what goes wrong with one is not told to the others."""
        try:
            return await self.take(group)
        except TemporarilyAway:
            raise
        except Exception as error:  # one of them has broken the statement: find out which
            if len(group) == 1:
                return [_alone(error)]
            log.warning("submissions_separated", submissions=len(group), error=type(error).__name__)
            middle = len(group) // 2
            return [*await self.take_group(group[:middle]), *await self.take_group(group[middle:])]

    async def take(self, asked: Sequence[Asked]) -> list[Outcome]:
        """Store submissions in one transaction, as far as no job does their work yet, and publish what was stored.

        Returns:
            For each, in order: what was stored or is shared, or why nothing was.

        Raises:
            TemporarilyAway: nothing was stored.
        """
        further = await self._further(asked)
        absent = await self._absent(asked, further)
        fingerprints = await self._fingerprints.current()
        present = [self._completed(one, further, fingerprints) for one in asked if one.submission.job_id not in absent]
        outcomes = dict(zip((s.job_id for s in present), await self._stored(present), strict=True))
        self._publish(s for s in present if _is_new(outcomes[s.job_id]))
        await self._follow(present, outcomes)
        return [outcomes.get(one.submission.job_id) or absent[one.submission.job_id] for one in asked]

    async def _stored(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        return await self._jobs.submit(submissions) if submissions else []

    async def _further(self, asked: Sequence[Asked]) -> Further:
        wanted = {(one.submission.tenant, media_id) for one in asked for media_id in one.further_media_ids}
        return await self._media.existing(wanted) if wanted else {}

    async def _absent(self, asked: Sequence[Asked], further: Further) -> dict[UUID, Outcome]:
        """Say, by job id, what those get whose further media is not there; a repeat gets its first job all the same."""
        missing = {one.submission.job_id: media_id for one in asked if (media_id := _missing(one, further))}
        if not missing:
            return {}
        refused: dict[UUID, Outcome] = {job_id: NotFound(f"{MEDIA}/{media_id}") for job_id, media_id in missing.items()}
        return refused | await self._jobs.repeats([o.submission for o in asked if o.submission.job_id in missing])

    def _completed(self, one: Asked, further: Further, fingerprints: Mapping[str, bytes]) -> Submission:
        """Add what the request does not know: with what the work is done, and whether there is room to publish it."""
        submission = one.submission
        # What may not run yet is published by housekeeping, when its time has come.
        published = submission.published and submission.run_time is None and self._publication.reserve(submission.queue)
        return replace(submission, published=published, work_sha256=_work(one, further, fingerprints))

    async def _follow(self, submissions: Sequence[Submission], outcomes: Mapping[UUID, Outcome]) -> None:
        """Count what is shared, and let the tasks of jobs that have become more urgent go to the front."""
        raised: set[tuple[str, UUID]] = set()
        for submission in submissions:
            outcome = outcomes[submission.job_id]
            if isinstance(outcome, Stored) and outcome.shared:
                self._metrics.jobs_shared.labels(submission.kind).inc()
                if outcome.raised:
                    raised.add((submission.tenant, outcome.job_id))
        for one in await self._jobs.hurry(raised) if raised else ():
            self._publication.offer(one.queue, [Message(one.task_id, one.priority, one.trace_context)])

    def _publish(self, submissions: Iterable[Submission]) -> None:
        messages: dict[str, list[Message]] = {}
        for submission in submissions:
            self._metrics.jobs_submitted.labels(submission.kind).inc()
            if submission.published:
                message = Message(submission.task_id, submission.priority, submission.trace_context)
                messages.setdefault(submission.queue, []).append(message)
            else:
                self._publication.missed(submission.queue)
        for queue, of_queue in messages.items():
            self._publication.offer(queue, of_queue)


def _alone(error: Exception) -> SightlineError:
    """Give what the one is told that has broken the statement; the others of its group have been taken in."""
    if isinstance(error, SightlineError):
        return error
    log.error("submission_failed", error=type(error).__name__, exc_info=error)
    return SightlineError(Reason.INTERNAL, "the job could not be stored for a reason that is in the log")


def _work(one: Asked, further: Further, fingerprints: Mapping[str, bytes]) -> bytes | None:
    """Add to what is done with what it is done, and what the further media is: equal work has an equal digest."""
    submission = one.submission
    if submission.work_sha256 is None:
        return None
    pieces = [further[submission.tenant, media_id] for media_id in one.further_media_ids]
    parts = [submission.work_sha256, *pieces, fingerprints.get(submission.kind, b"")]
    return hashlib.sha256(b"".join(parts)).digest()


def _missing(asked: Asked, there: Further) -> UUID | None:
    tenant = asked.submission.tenant
    return next((media_id for media_id in asked.further_media_ids if (tenant, media_id) not in there), None)


def _is_new(outcome: Outcome) -> bool:
    return isinstance(outcome, Stored) and outcome.new
