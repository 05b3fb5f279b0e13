"""Every metric of the product, defined once; a process makes one `Metrics` and hands it to its parts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

# From a forwarded call on one machine to the longest statement or synchronous analysis.
CALL_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# From one small picture to an hour of video.
TASK_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)


class Metrics:
    """The counters, gauges and histograms of one process, in a registry of its own.

    A metric that a process never touches is still listed, so that dashboards and the tests of rules
    can be checked against any process.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self._define_rpc()
        self._define_jobs()
        self._define_tasks()
        self._define_tenants()
        self._define_state()
        self._define_housekeeping()
        self._define_webhooks()
        self._define_work()

    def observe_process(self, service: str, version: str) -> None:
        """Add memory, CPU, file descriptors and garbage collection of this process, and what it is."""
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._gauge("sightline_build_info", "What runs here; always 1", "service", "version").labels(
            service, version
        ).set(1)

    @contextmanager
    def model_run(self, model: str, operation: str) -> Iterator[None]:
        """Count the block as a run of a model, and note its time; one that raises is not noted.

        Args:
            model: its name, as in results.
            operation: what it is run for, such as `detect`.
        """
        began = time.perf_counter()
        yield
        self.model_seconds.labels(model, operation).observe(time.perf_counter() - began)

    def _define_rpc(self) -> None:
        self.rpc_seconds = self._histogram(
            "sightline_rpc_seconds", "Calls answered and how long each took", CALL_BUCKETS, "method", "code"
        )
        self.rpc_in_flight = self._gauge("sightline_rpc_in_flight", "Calls being answered now", "method")
        self.forwarded_errors = self._counter(
            "sightline_forwarded_errors_total", "Forwarded calls that the service behind did not answer well",
            "service", "code",
        )  # fmt: skip
        self.breaker_state = self._gauge(
            "sightline_breaker_state", "Circuit breakers: 0 closed, 1 half open, 2 open", "name"
        )

    def _define_jobs(self) -> None:
        self.jobs_submitted = self._counter("sightline_jobs_submitted_total", "Jobs acknowledged", "kind")
        self.jobs_shared = self._counter(
            "sightline_jobs_shared_total", "Submissions that share a job which was there", "kind"
        )

    def _define_tasks(self) -> None:
        self.tasks_published = self._counter("sightline_tasks_published_total", "Task messages sent", "queue")
        self.tasks_claimed = self._counter("sightline_tasks_claimed_total", "Tasks claimed by this process", "queue")
        self.tasks_completed = self._counter("sightline_tasks_completed_total", "Tasks that succeeded", "queue")
        self.tasks_failed = self._counter(
            "sightline_tasks_failed_total", "Tasks that failed for good", "queue", "reason"
        )
        self.tasks_retried = self._counter(
            "sightline_tasks_retried_total", "Tasks sent back to be tried again", "queue", "reason"
        )
        self.tasks_lost = self._counter(
            "sightline_tasks_lost_total", "Tasks whose lease ran out, found by housekeeping", "queue"
        )
        self.tasks_refused = self._counter(
            "sightline_tasks_refused_total",
            "Messages whose claim was refused: duplicates, cancelled tasks, and lost ones that wait for their turn",
            "queue",
        )
        self.lease_renewals = self._counter("sightline_lease_renewals_total", "Leases renewed", "queue", "outcome")
        self.queue_depth = self._gauge("sightline_queue_depth", "Tasks waiting and in flight", "queue")
        self.queue_oldest_seconds = self._gauge(
            "sightline_queue_oldest_waiting_seconds", "Age of the oldest waiting task", "queue"
        )
        self.tasks_in_flight = self._gauge("sightline_tasks_in_flight", "Tasks that this process runs now", "queue")

    def _define_tenants(self) -> None:
        """Told by the gateway that leads, for few tenants by name and the rest as one: see the gateway's `tenants`."""
        self.tenants = self._gauge("sightline_tenants", "Tenants with work now or in the last day")
        self.tenant_tasks = self._gauge(
            "sightline_tenant_tasks", "Tasks of a tenant that wait or run", "tenant", "queue", "state"
        )
        self.tenant_day_jobs = self._gauge("sightline_tenant_day_jobs", "Jobs that ended in the last day", "tenant")
        self.tenant_day_work_seconds = self._gauge(
            "sightline_tenant_day_work_seconds", "Time that workers spent in the last day", "tenant"
        )
        self.tenant_day_received_bytes = self._gauge(
            "sightline_tenant_day_received_bytes", "Bytes sent or fetched in the last day", "tenant"
        )

    def _define_state(self) -> None:
        self.db_pool_size = self._gauge("sightline_db_pool_size", "Connections of the pool")
        self.db_pool_idle = self._gauge("sightline_db_pool_idle", "Connections of the pool that are free")
        self.db_pool_waiting = self._gauge("sightline_db_pool_waiting", "Calls that wait for a connection")
        self.db_pool_refusals = self._counter(
            "sightline_db_pool_refusals_total", "Calls that got no connection in time"
        )
        self.db_connections_lost = self._counter("sightline_db_connections_lost_total", "Connections found dead")
        self.db_slow_queries = self._counter(
            "sightline_db_slow_queries_total", "Statements slower than the limit", "query"
        )
        self.db_query_seconds = self._histogram(
            "sightline_db_query_seconds", "Statements and how long each took", CALL_BUCKETS, "query"
        )

    def _define_housekeeping(self) -> None:
        self.duty_seconds = self._histogram(
            "sightline_duty_seconds",
            "Runs of housekeeping duties and how long each took",
            CALL_BUCKETS,
            "duty",
            "outcome",
        )
        self.persons_erased = self._counter("sightline_persons_erased_total", "People erased to the last file", "cause")
        self.leads = self._gauge("sightline_leads", "1 while this process leads the housekeeping")

    def _define_webhooks(self) -> None:
        self.webhook_seconds = self._histogram(
            "sightline_webhook_attempt_seconds",
            "Attempts at deliveries and how long each took",
            CALL_BUCKETS,
            "outcome",
        )
        self.webhooks_in_flight = self._gauge(
            "sightline_webhook_attempts_in_flight", "Deliveries that this process makes now"
        )
        self.webhook_backlog = self._gauge(
            "sightline_webhook_deliveries", "Deliveries that wait, told by the process that leads", "state"
        )
        self.webhook_oldest_seconds = self._gauge(
            "sightline_webhook_oldest_due_seconds", "For how long the delivery due longest has been due", "state"
        )

    def _define_work(self) -> None:
        self.handler_seconds = self._histogram(
            "sightline_handler_seconds", "Work on one task, without waiting", TASK_BUCKETS, "kind", "outcome"
        )
        self.model_seconds = self._histogram(
            "sightline_model_seconds", "One run of a model", CALL_BUCKETS, "model", "operation"
        )
        self.blob_bytes = self._counter(
            "sightline_blob_bytes_total", "Bytes moved to and from the blob store", "direction"
        )
        self.blob_errors = self._counter("sightline_blob_errors_total", "Blob operations that failed", "operation")

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(name, what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(name, what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, what, labels, buckets=buckets, registry=self.registry)
