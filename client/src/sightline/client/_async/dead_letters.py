"""Jobs that were given up after their last attempt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cached_property
from typing import TYPE_CHECKING

from sightline.client._async.calls import AsyncCalls
from sightline.client.names import job_name
from sightline.v1 import job_service_pb2_grpc
from sightline.v1.job_pb2 import DeadLetter, Job
from sightline.v1.job_service_pb2 import (
    ListDeadLettersRequest,
    ReplayDeadLetterRequest,
    ReplayDeadLettersRequest,
    ReplayDeadLettersResponse,
)

if TYPE_CHECKING:
    from sightline.v1.job_service_pb2_grpc import JobServiceAsyncStub


class AsyncDeadLetters:
    """Look at what was given up, and run it again when the cause is gone."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def _stub(self) -> JobServiceAsyncStub:
        return job_service_pb2_grpc.JobServiceStub(self._calls.channel)

    async def list(
        self,
        *,
        filter: str = "",  # noqa: A002 - the word of the contract
        page_size: int = 0,
        timeout: float | None = None,
    ) -> AsyncIterator[DeadLetter]:
        """Go through dead letters, the latest first; pages are fetched as they are needed.

        Args:
            filter: which, in the language of `jobs.list`, such as `kind = detect_faces AND labels.film = "b"`.

        Raises:
            InvalidRequest: the filter can't be read.
        """
        request = ListDeadLettersRequest(filter=filter, page_size=page_size)
        while True:
            page = await self._calls.unary(self._stub.ListDeadLetters, request, timeout)
            for letter in page.dead_letters:
                yield letter
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return

    async def replay(self, job: DeadLetter | Job | str, *, timeout: float | None = None) -> Job:
        """Run the job of a dead letter again, with a fresh count of attempts; tried once.

        Raises:
            NotFound: no such job was given up.
        """
        request = ReplayDeadLetterRequest(job=job_name(job))
        return await self._calls.once(self._stub.ReplayDeadLetter, request, timeout)

    async def replay_all(
        self,
        *,
        filter: str = "",  # noqa: A002 - the word of the contract
        page_size: int = 0,
        timeout: float | None = None,
    ) -> AsyncIterator[ReplayDeadLettersResponse]:
        """Run all that pass a filter again, a page with each call; what each page did is given as it is done.

        Raises:
            InvalidRequest: the filter can't be read.
        """
        request = ReplayDeadLettersRequest(filter=filter, page_size=page_size)
        while True:
            page = await self._calls.once(self._stub.ReplayDeadLetters, request, timeout)
            yield page
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return
