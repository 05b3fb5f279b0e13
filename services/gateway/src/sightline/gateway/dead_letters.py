"""Jobs that were given up after their last attempt: looked at, and run again one by one or by a filter."""

from __future__ import annotations

from itertools import groupby
from uuid import UUID

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import to_status
from sightline.common.state import filters
from sightline.common.state.jobs import Job, Jobs, State
from sightline.common.state.pages import Found, JobPages, Page
from sightline.gateway import names, page_tokens
from sightline.gateway.conversion import dead_letter_message
from sightline.gateway.reruns import Reruns
from sightline.v1 import job_service_pb2 as api

Refusal = api.ReplayDeadLettersResponse.Refusal


class DeadLetters:
    """The dead letters of every tenant."""

    def __init__(self, jobs: Jobs, pages: JobPages, reruns: Reruns) -> None:
        self._jobs = jobs
        self._pages = pages
        self._reruns = reruns

    async def page(self, tenant: str, request: api.ListDeadLettersRequest) -> api.ListDeadLettersResponse:
        """Read a page of them, the latest first, each with its attempts."""
        found, token = await self._find("ListDeadLetters", tenant, request)
        attempts = await self._jobs.attempts(tenant, (row.job_id for row in found.jobs))
        of_job = {job_id: list(group) for job_id, group in groupby(attempts, key=lambda one: one.job_id)}
        letters = (dead_letter_message(row, of_job.get(row.job_id, ())) for row in found.jobs)
        return api.ListDeadLettersResponse(dead_letters=letters, next_page_token=token)

    async def replay(self, tenant: str, job_id: UUID) -> Job:
        """Run one of them again.

        Raises:
            NotFound: when the tenant has no such job.
            SightlineError: JOB_ENDED when it did not fail, JOB_NOT_ENDED when it runs.
        """
        state = State((await self._jobs.get(tenant, job_id)).state)
        if state.terminal and state is not State.FAILED:
            message = f"jobs/{job_id} is {state.name}, and so no dead letter"
            raise SightlineError(Reason.JOB_ENDED, message, metadata={"state": state.name})
        return await self._reruns.run(tenant, job_id)

    async def replay_page(self, tenant: str, request: api.ReplayDeadLettersRequest) -> api.ReplayDeadLettersResponse:
        """Run a page of those that pass a filter again; one that can't be is named, and keeps no other from it."""
        found, token = await self._find("ReplayDeadLetters", tenant, request)
        answer = api.ReplayDeadLettersResponse(next_page_token=token)
        for row in found.jobs:
            name = names.job_name(row.job_id)
            try:
                await self._reruns.run(tenant, row.job_id)
            except SightlineError as error:
                answer.refusals.append(Refusal(job=name, error=to_status(error)))
            else:
                answer.jobs.append(name)
        return answer

    async def _find(
        self, method: str, tenant: str, request: api.ListDeadLettersRequest | api.ReplayDeadLettersRequest
    ) -> tuple[Found, str]:
        question = (method, tenant, request.filter)
        after = page_tokens.redeem_id(request.page_token, *question)
        failed = "state = FAILED" + (f" AND {request.filter}" if request.filter.strip() else "")
        page = Page(
            filters.parse(failed),
            after=after,
            count=page_tokens.page_size(request.page_size),
        )
        found = await self._pages.read(tenant, page)
        return found, page_tokens.issue(found.behind.bytes, *question) if found.behind else ""
