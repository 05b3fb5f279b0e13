"""Submits to Sightline over gRPC and waits by watching the job; knows how many results are stored from PostgreSQL."""

from __future__ import annotations

import os
import secrets

import grpc
import psycopg

from bench.jobs.drive_tasks import serve
from sightline.v1 import job_pb2, job_service_pb2 as api, job_service_pb2_grpc
from sightline.v1.face_pb2 import DetectFacesOptions

TERMINAL = job_pb2.Job.STATE_SUCCEEDED


class SightlineClient:
    """JobService, by its stub."""

    def __init__(self, target: str, key: str, media: str, postgres_url: str) -> None:
        self._target = target
        self._postgres_url = postgres_url
        self._metadata = (("authorization", f"Bearer {key}"),)
        self._media = media
        # Where this process begins, so that no other asks for the same work.
        self._asked = secrets.randbelow(2**23)

    async def open(self) -> None:
        self._channel = grpc.aio.insecure_channel(self._target)
        self._jobs = job_service_pb2_grpc.JobServiceStub(self._channel)
        self._database = await psycopg.AsyncConnection.connect(self._postgres_url, autocommit=True)

    async def submit(self, count: int) -> None:
        if count == 1:
            await self._jobs.CreateJob(self._request(), metadata=self._metadata, timeout=30)
            return
        request = api.BatchCreateJobsRequest(requests=[self._request() for _ in range(count)])
        response = await self._jobs.BatchCreateJobs(request, metadata=self._metadata, timeout=30)
        assert all(item.HasField("job") for item in response.items)

    async def submit_and_wait(self) -> None:
        job = await self._jobs.CreateJob(self._request(), metadata=self._metadata, timeout=30)
        watched = self._jobs.WatchJob(api.WatchJobRequest(name=job.name), metadata=self._metadata, timeout=30)
        async for event in watched:
            if event.job.state >= TERMINAL:
                assert event.job.state == TERMINAL, event
                return

    def _request(self) -> api.CreateJobRequest:
        """Ask for work that nobody else has asked for, as a user's pictures differ: it is looked for, and not found."""
        self._asked += 1
        options = DetectFacesOptions(min_score=self._asked / 2**24)
        return api.CreateJobRequest(job=job_pb2.Job(spec=job_pb2.JobSpec(media=self._media, detect_faces=options)))

    async def stored(self) -> int:
        cursor = await self._database.execute("SELECT count(*) FROM results")
        row = await cursor.fetchone()
        return int(row[0]) if row else 0


if __name__ == "__main__":
    environment = os.environ
    serve(
        SightlineClient(
            environment["BENCH_TARGET"],
            environment["BENCH_KEY"],
            environment["BENCH_MEDIA"],
            environment["BENCH_POSTGRES_URL"],
        )
    )
