"""Runs the handler of one task inside its trace and says what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import structlog
from opentelemetry.trace import Tracer

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import to_status
from sightline.common.state.graphs import Step
from sightline.common.state.tasks import Claim, Failure, Success
from sightline.common.telemetry import span_from
from sightline.common.telemetry.metrics import Metrics
from sightline.common.worker.backoff import Backoff
from sightline.common.worker.handler import Handler, Outcome, Task

log = structlog.get_logger()


class Execution:
    """From a claimed task to its outcome; never raises, except when it is cancelled."""

    def __init__(
        self, handlers: Mapping[str, Handler], backoff: Backoff, metrics: Metrics, tracer: Tracer, queue: str
    ) -> None:
        self._handlers = handlers
        self._backoff = backoff
        self._metrics = metrics
        self._tracer = tracer
        self._queue = queue

    async def run(self, task: Task) -> Success | Failure | Step:
        """Run the task's handler to its end.

        Raises:
            asyncio.CancelledError: when the task was lost, or the drain has no more time.
        """
        claim, began = task.claim, time.perf_counter()
        with span_from(self._tracer, f"task {claim.kind}", {"traceparent": claim.trace_context}):
            outcome, word = await self._outcome(task)
        self._metrics.handler_seconds.labels(claim.kind, word).observe(time.perf_counter() - began)
        return outcome

    async def _outcome(self, task: Task) -> tuple[Success | Failure | Step, str]:
        claim = task.claim
        try:
            handler = self._handlers.get(claim.kind)
            if handler is None:
                raise SightlineError(Reason.KIND_NOT_SERVED, f"no worker of this version does {claim.kind}")
            if claim.tries > claim.max_attempts:
                raise SightlineError(Reason.ATTEMPTS_EXHAUSTED, "the worker of the last attempt went silent")
            outcome = await handler(task)
        except SightlineError as error:
            return self.failure(task, error), error.reason.value
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("task_crashed", task=str(claim.task_id), job=str(claim.job_id), kind=claim.kind)
            fault = SightlineError(Reason.INTERNAL, "the work failed for a reason that is in the log of the worker")
            return self.failure(task, fault), fault.reason.value
        return _done(claim, outcome if isinstance(outcome, Outcome) else Outcome(outcome)), "succeeded"

    def failure(self, task: Task, error: SightlineError) -> Failure | Step:
        """Say that an attempt failed, and when the next one may follow; an optional task that has none is given up."""
        claim = task.claim
        # Work that a shutdown broke off did not fail by itself: the next worker may take it at once.
        delay = 0.0 if error.reason is Reason.DRAINING else self._backoff.delay(claim.tries)
        delay = max(delay, error.retry_after_seconds or 0.0)
        again = error.retryable and claim.tries < claim.max_attempts
        counter = self._metrics.tasks_retried if again else self._metrics.tasks_failed
        counter.labels(self._queue, error.reason.value).inc()
        log.info(
            "task_retried" if again else "task_failed",
            task=str(claim.task_id), job=str(claim.job_id), reason=error.reason.value, tries=claim.tries,
        )  # fmt: skip
        status = to_status(error).SerializeToString()
        if claim.optional and not again:
            return Step(claim.task_id, claim.claim_id, given_up=True, error=status)
        return Failure(claim.task_id, claim.claim_id, error.retryable, delay, status)


def _done(claim: Claim, outcome: Outcome) -> Success | Step:
    if not claim.stage and not outcome.planned:
        return Success(claim.task_id, claim.claim_id, tuple(outcome.results))
    return Step(
        claim.task_id,
        claim.claim_id,
        payloads=tuple(outcome.results),
        output=outcome.output,
        planned=tuple(outcome.planned),
    )
