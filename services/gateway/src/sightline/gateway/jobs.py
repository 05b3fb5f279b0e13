"""JobService: durable work."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from uuid import UUID

from google.protobuf.empty_pb2 import Empty

from sightline.common.queue import Bus, Change
from sightline.common.rpc import Context, current_identity
from sightline.common.state import filters
from sightline.common.state.graphs import Graphs
from sightline.common.state.jobs import Job, Jobs
from sightline.common.state.pages import JobPages, Page
from sightline.common.state.records import Result
from sightline.gateway import names, page_tokens
from sightline.gateway.conversion import job_message, result_message
from sightline.gateway.creation import Creation
from sightline.gateway.dead_letters import DeadLetters
from sightline.gateway.reruns import Reruns
from sightline.gateway.watching import Watching
from sightline.v1 import job_pb2, job_service_pb2 as api, job_service_pb2_grpc

# What the server has to know of the methods when it adds the servicer.
ENDS_AT_DRAIN = ("WatchJob",)
# They are counted before they are validated: what is wrong takes from the limit of requests too.
UNVALIDATED = ("CreateJob", "BatchCreateJobs")

# A page of results ends before it becomes a message that clients refuse: gRPC takes 4 MiB by default.
_PAGE_BYTES = 2 * 2**20


class JobServicer(job_service_pb2_grpc.JobServiceServicer):
    """Translates calls into what the state does, and its rows into messages."""

    def __init__(
        self,
        *,
        creation: Creation,
        jobs: Jobs,
        graphs: Graphs,
        pages: JobPages,
        watching: Watching,
        reruns: Reruns,
        dead_letters: DeadLetters,
        bus: Bus,
    ) -> None:
        self._creation = creation
        self._jobs = jobs
        self._graphs = graphs
        self._pages = pages
        self._watching = watching
        self._reruns = reruns
        self._dead_letters = dead_letters
        self._bus = bus

    async def CreateJob(self, request: api.CreateJobRequest, _context: Context) -> job_pb2.Job:
        """Create a job."""
        return await self._creation.create(request, current_identity())

    async def BatchCreateJobs(
        self, request: api.BatchCreateJobsRequest, _context: Context
    ) -> api.BatchCreateJobsResponse:
        """Create many jobs in one transaction, with an outcome for each."""
        return api.BatchCreateJobsResponse(items=await self._creation.create_batch(request, current_identity()))

    async def GetJob(self, request: api.GetJobRequest, _context: Context) -> job_pb2.Job:
        """Read a job."""
        tenant, job_id = _tenant(), names.parse(names.JOBS, request.name)
        row = await self._jobs.get(tenant, job_id)
        stages = await self._graphs.stages(tenant, job_id) if row.planned else ()
        return job_message(row, stages)

    async def BatchGetJobs(self, request: api.BatchGetJobsRequest, _context: Context) -> api.BatchGetJobsResponse:
        """Read many jobs in the order that is asked for."""
        job_ids = [names.parse(names.JOBS, name) for name in request.names]
        rows = await self._jobs.get_many(_tenant(), job_ids)
        return api.BatchGetJobsResponse(jobs=map(job_message, rows))

    async def ListJobs(self, request: api.ListJobsRequest, _context: Context) -> api.ListJobsResponse:
        """Read a page of jobs."""
        tenant, count = _tenant(), page_tokens.page_size(request.page_size)
        newest_first = request.order_by not in ("create_time", "create_time asc")
        question = ("ListJobs", tenant, request.filter, str(newest_first))
        after = _position(request.page_token, *question)
        found = await self._pages.read(tenant, Page(filters.parse(request.filter), newest_first, after, count))
        token = page_tokens.issue(found.behind.bytes, *question) if found.behind else ""
        return api.ListJobsResponse(jobs=map(job_message, found.jobs), next_page_token=token)

    async def WatchJob(self, request: api.WatchJobRequest, _context: Context) -> AsyncIterator[job_pb2.JobEvent]:
        """Tell every change of a job until it has ended."""
        job_id = names.parse(names.JOBS, request.name)
        async with aclosing(self._watching.watch(_tenant(), job_id, request.after_sequence)) as events:
            async for event in events:
                yield event

    async def CancelJob(self, request: api.CancelJobRequest, _context: Context) -> job_pb2.Job:
        """End a job that has not ended."""
        row = await self._jobs.cancel(_tenant(), names.parse(names.JOBS, request.name), request.etag)
        await self._tell(row)
        return job_message(row)

    async def RetryJob(self, request: api.RetryJobRequest, _context: Context) -> job_pb2.Job:
        """Run a failed or cancelled job again."""
        return job_message(await self._reruns.run(_tenant(), names.parse(names.JOBS, request.name)))

    async def DeleteJob(self, request: api.DeleteJobRequest, _context: Context) -> Empty:
        """Delete a job that has ended."""
        await self._jobs.delete(_tenant(), names.parse(names.JOBS, request.name), request.etag)
        return Empty()

    async def ListJobResults(self, request: api.ListJobResultsRequest, _context: Context) -> api.ListJobResultsResponse:
        """Read a page of results."""
        tenant, job_id = _tenant(), names.parse(names.JOBS, request.parent)
        question = ("ListJobResults", tenant, str(job_id))
        position = page_tokens.redeem(request.page_token, *question)
        after, count = int.from_bytes(position or b"", "big") - 1, page_tokens.page_size(request.page_size)
        await self._jobs.get(tenant, job_id)
        rows = await self._jobs.results(tenant, job_id, after=after, count=count + 1)
        page = _fitting(rows[:count])
        more = len(page) < len(rows)
        token = page_tokens.issue((page[-1].ordinal + 1).to_bytes(4, "big"), *question) if more else ""
        results = (result_message(job_id, row) for row in page)
        return api.ListJobResultsResponse(results=results, next_page_token=token)

    async def ListDeadLetters(
        self, request: api.ListDeadLettersRequest, _context: Context
    ) -> api.ListDeadLettersResponse:
        """Read a page of the jobs that were given up."""
        return await self._dead_letters.page(_tenant(), request)

    async def ReplayDeadLetter(self, request: api.ReplayDeadLetterRequest, _context: Context) -> job_pb2.Job:
        """Run the job of a dead letter again."""
        return job_message(await self._dead_letters.replay(_tenant(), names.parse(names.JOBS, request.job)))

    async def ReplayDeadLetters(
        self, request: api.ReplayDeadLettersRequest, _context: Context
    ) -> api.ReplayDeadLettersResponse:
        """Run a page of the jobs that were given up again."""
        return await self._dead_letters.replay_page(_tenant(), request)

    async def _tell(self, row: Job) -> None:
        await self._bus.tell([Change(row.job_id, row.state, len(row.history), row.progress)])


def _tenant() -> str:
    return current_identity().tenant


def _position(token: str, *question: str) -> UUID | None:
    position = page_tokens.redeem(token, *question)
    return UUID(bytes=position) if position else None


def _fitting(rows: Sequence[Result]) -> list[Result]:
    page: list[Result] = []
    size_bytes = 0
    for row in rows:
        size_bytes += len(row.payload)
        if page and size_bytes > _PAGE_BYTES:
            break
        page.append(row)
    return page
