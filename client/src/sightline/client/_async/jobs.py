"""Durable work: jobs, their results, and those that were given up."""

from __future__ import annotations

import builtins
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import grpc
from google.protobuf import empty_pb2

from sightline.client import requests
from sightline.client._async.calls import AsyncCalls
from sightline.client._async.extract_jobs import AsyncExtractJobs
from sightline.client._async.media import AsyncMediaStore
from sightline.client._async.object_jobs import AsyncObjectJobs
from sightline.client._async.waiting import run_blocking, sleep
from sightline.client.content import FileLike
from sightline.client.creating import Create, told
from sightline.client.errors import Conflict, NotFound, SightlineError
from sightline.client.names import has_ended, is_media_name, job_name
from sightline.client.outputs import output_files
from sightline.client.status import from_status, of_job
from sightline.client.streams import cancelled_at_end
from sightline.v1 import job_service_pb2_grpc
from sightline.v1.face_pb2 import FaceVideoOptions
from sightline.v1.job_pb2 import Job, JobEvent, JobResult, JobSpec
from sightline.v1.job_service_pb2 import (
    CancelJobRequest,
    CreateJobRequest,
    DeleteJobRequest,
    GetJobRequest,
    ListJobResultsRequest,
    ListJobsRequest,
    RetryJobRequest,
    WatchJobRequest,
)
from sightline.v1.media_pb2 import Media

if TYPE_CHECKING:
    from sightline.v1.job_service_pb2_grpc import JobServiceAsyncStub


class AsyncJobs(AsyncObjectJobs, AsyncExtractJobs):
    """Create jobs and follow them. A job that was acknowledged is never lost, whatever dies on the way."""

    def __init__(self, calls: AsyncCalls, media: AsyncMediaStore) -> None:
        self._calls = calls
        self._media = media

    @cached_property
    def _stub(self) -> JobServiceAsyncStub:
        return job_service_pb2_grpc.JobServiceStub(self._calls.channel)

    async def create(
        self,
        spec: JobSpec,
        *,
        priority: int = 0,
        labels: Mapping[str, str] | None = None,
        force: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> Job:
        """Create a job of any kind; answers as soon as it is stored.

        Args:
            spec: what is to be done, on which media.
            priority: how urgent it is, 1 to 10, 10 the most; 0 means 5.
            labels: words of your own, to find the job by.
            force: whether to run the work even if the same work is running or was done.
            request_id: a UUID that makes the call safe to repeat; None makes one, which lasts for this call.
            timeout: how many seconds the call may take; None allows the client's own.

        Raises:
            SightlineError: nothing was stored.
        """
        request = requests.create_job(spec, priority, labels, force, request_id)
        return await self._calls.unary(self._stub.CreateJob, request, timeout)

    async def detect_faces(
        self,
        source: FileLike | Media,
        *,
        min_score: float | None = None,
        max_faces: int = 0,
        embeddings: bool = False,
        video: FaceVideoOptions | None = None,
        **create: Unpack[Create],
    ) -> Job:
        """Create a job that finds the faces in a picture or a video, which is uploaded first if need be.

        The result of a picture is `detect_faces`; that of a video is `detect_faces_video`, in one or more
        results that are to be merged in their order (`MergeFrom`).

        Args:
            source: the path of a file, its bytes, a file that was opened to read bytes, media or its name.
            min_score: least score of a face that is returned, 0 to 1; None leaves it to the model.
            max_faces: most faces of a picture or frame, the largest first; 0 means all.
            embeddings: whether each face, and each person of a video, carries its embedding.
            video: which frames of a video are looked at, and who is taken for one person.
            create: how the job is created.

        Returns:
            The job; read what it found with `results`.

        Raises:
            JobNotSucceeded: it was waited for, and failed or was cancelled.
            SightlineError: nothing was stored.
        """
        spec = JobSpec(detect_faces=requests.face_options(min_score, max_faces, embeddings, video))
        return await self._submit(source, spec, **told(create))

    async def batch_create(
        self, jobs: Sequence[JobSpec | CreateJobRequest], *, timeout: float | None = None
    ) -> Sequence[Job | SightlineError]:
        """Create many jobs in few transactions.

        Args:
            jobs: what is to be done; a CreateJobRequest where priority or labels matter.
            timeout: how many seconds each call may take; None allows the client's own.

        Returns:
            For each item, in order, the job, or the error that says why nothing was stored for it.
        """
        outcomes: builtins.list[Job | SightlineError] = []
        for request in requests.create_in_batches(jobs):
            answer = await self._calls.unary(self._stub.BatchCreateJobs, request, timeout)
            outcomes += [item.job if item.HasField("job") else from_status(item.error) for item in answer.items]
        return outcomes

    async def get(self, job: Job | str, *, timeout: float | None = None) -> Job:
        """Get a job as it is now.

        Raises:
            NotFound: it does not exist for this key.
        """
        return await self._calls.unary(self._stub.GetJob, GetJobRequest(name=job_name(job)), timeout)

    async def batch_get(self, jobs: Sequence[Job | str], *, timeout: float | None = None) -> Sequence[Job]:
        """Get many jobs, in the order they are asked for.

        Raises:
            NotFound: one of them does not exist for this key.
        """
        found: builtins.list[Job] = []
        for request in requests.read_in_batches([job_name(job) for job in jobs]):
            found += (await self._calls.unary(self._stub.BatchGetJobs, request, timeout)).jobs
        return found

    async def list(
        self,
        *,
        filter: str = "",  # noqa: A002 - the word of the contract
        order_by: str = "",
        page_size: int = 0,
        timeout: float | None = None,
    ) -> AsyncIterator[Job]:
        """Go through all jobs, the newest first; pages are fetched as they are needed.

        Args:
            filter: which jobs, such as `state = FAILED AND labels.film = "b"`; empty means all.
            order_by: `create_time` for the oldest first; empty means the newest first.
            page_size: most jobs fetched at once, up to 1000; 0 leaves it to the server.
            timeout: how many seconds each page may take; None allows the client's own.
        """
        request = ListJobsRequest(filter=filter, order_by=order_by, page_size=page_size)
        while True:
            page = await self._calls.unary(self._stub.ListJobs, request, timeout)
            for job in page.jobs:
                yield job
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return

    async def watch(
        self, job: Job | str, *, after_sequence: int = 0, timeout: float | None = None
    ) -> AsyncIterator[JobEvent]:
        """Tell every change of a job until it has ended, without gap or repeat when the connection is lost.

        Args:
            job: the job or its name.
            after_sequence: only changes after this one; 0 begins with the job as it is.
            timeout: how many seconds it may take; None allows as long as it takes.

        Raises:
            DeadlineExceeded: the job has not ended in time; it goes on.
            NotFound: it does not exist for this key.
        """
        attempts = self._calls.stream_attempts(timeout)
        request = WatchJobRequest(name=job_name(job), after_sequence=after_sequence)
        while True:
            call = self._stub.WatchJob(request, timeout=attempts.remaining_seconds(), metadata=self._calls.metadata())
            try:
                with cancelled_at_end(call):
                    async for event in call:
                        request.after_sequence = event.sequence
                        attempts.note_progress()
                        yield event
                        if has_ended(event.job):
                            return
                delay = attempts.delay_after_end()
            except grpc.RpcError as failure:
                delay = attempts.delay_after(failure)
            await sleep(delay)

    async def wait(
        self,
        job: Job | str,
        *,
        on_change: Callable[[Job], None] | None = None,
        must_succeed: bool = True,
        timeout: float | None = None,
    ) -> Job:
        """Wait until a job has ended.

        Args:
            job: the job or its name.
            on_change: is told the job at every change.
            must_succeed: whether a job that failed or was cancelled is an error.
            timeout: how many seconds to wait; None waits as long as it takes.

        Raises:
            JobFailed: the job failed.
            JobCancelled: the job was cancelled.
            DeadlineExceeded: the job has not ended in time; it goes on.
        """
        ended = Job()
        async for event in self.watch(job, timeout=timeout):
            ended = event.job
            if on_change:
                on_change(ended)
        if must_succeed and ended.state != Job.STATE_SUCCEEDED:
            raise of_job(ended)
        return ended

    async def cancel(self, job: Job | str, *, etag: str = "", timeout: float | None = None) -> Job:
        """Cancel a job; with an `etag`, only if it is still as it was read.

        Raises:
            Conflict: it has ended already, or has changed.
        """
        request = CancelJobRequest(name=job_name(job), etag=etag)
        try:
            return await self._calls.unary(self._stub.CancelJob, request, timeout)
        except Conflict as error:
            return await self._as_changed(job, error)

    async def retry(self, job: Job | str, *, timeout: float | None = None) -> Job:
        """Run a failed or cancelled job again under the same name.

        Raises:
            Conflict: it has not ended, or has succeeded.
        """
        try:
            return await self._calls.unary(self._stub.RetryJob, RetryJobRequest(name=job_name(job)), timeout)
        except Conflict as error:
            return await self._as_changed(job, error)

    async def delete(self, job: Job | str, *, etag: str = "", timeout: float | None = None) -> None:
        """Delete a job that has ended, with its results.

        Raises:
            Conflict: it has not ended, or has changed.
            NotFound: it does not exist for this key.
        """
        request = DeleteJobRequest(name=job_name(job), etag=etag)
        try:
            _: empty_pb2.Empty = await self._calls.unary(self._stub.DeleteJob, request, timeout)
        except NotFound as error:
            # An earlier attempt whose answer was lost has done it.
            if error.attempts == 1:
                raise

    async def results(
        self, job: Job | str, *, page_size: int = 0, timeout: float | None = None
    ) -> AsyncIterator[JobResult]:
        """Go through the results of a job in their order; pages are fetched as they are needed."""
        request = ListJobResultsRequest(parent=job_name(job), page_size=page_size)
        while True:
            page = await self._calls.unary(self._stub.ListJobResults, request, timeout)
            for result in page.results:
                yield result
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return

    async def download_files(
        self, job: Job | str, folder: str | os.PathLike[str], *, timeout: float | None = None
    ) -> builtins.list[Path]:
        """Write the files that a job has made into a folder, each by its own name.

        Args:
            job: the job or its name.
            folder: where to; it is made if it is not there, and files of these names are replaced.
            timeout: how many seconds each of the steps may take.

        Returns:
            The paths, in the order of the results.

        Raises:
            NotFound: the job or one of its files was deleted.
            OSError: a file can't be written.
        """
        await run_blocking(lambda: Path(folder).mkdir(parents=True, exist_ok=True))
        written = {}
        async for result in self.results(job, timeout=timeout):
            for file in output_files(result):
                if file.media not in written:
                    # Only the last part of a name is taken: the answer must not choose the folder.
                    to = Path(folder) / Path(file.file_name).name
                    written[file.media] = await self._media.download(file.media, to, timeout=timeout)
        return [*written.values()]

    async def _as_changed(self, job: Job | str, error: Conflict) -> Job:
        """Read a job that refuses a change because an earlier attempt, whose answer was lost, has made it."""
        if error.attempts == 1:
            raise error
        return await self.get(job)

    async def _submit(
        self, source: FileLike | Media, spec: JobSpec, wait: bool, timeout: float | None, **create: Any
    ) -> Job:
        spec.media = await self._uploaded(source, timeout)
        return await self._made(spec, wait, timeout, **create)

    async def _made(self, spec: JobSpec, wait: bool, timeout: float | None, **create: Any) -> Job:
        job = await self.create(spec, timeout=timeout, **create)
        return await self.wait(job, timeout=timeout) if wait else job

    async def _uploaded(self, source: FileLike | Media, timeout: float | None) -> str:
        if isinstance(source, Media):
            return source.name
        if isinstance(source, str) and is_media_name(source):
            return source
        return (await self._media.upload(source, timeout=timeout)).name
