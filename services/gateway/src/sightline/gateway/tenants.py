"""Tenants as metrics: the largest by name and the others as one, since every name is a series that is kept for long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sightline.common.state.usage import TenantTasks, TenantUse, Usage
from sightline.common.telemetry import Metrics

OTHER = "other"
"""Whose figures are those of all that are not told by name; a tenant that is called so is among them."""

_HOURS = 24


class Tenants:
    """The gauges by tenant of the gateway that leads: the sums of the tables, under few names."""

    def __init__(self, usage: Usage, metrics: Metrics, kinds: Collection[str], *, named_max: int) -> None:
        """Prepare to tell.

        Args:
            usage: knows what is in the tables.
            metrics: has the gauges.
            kinds: of jobs.
            named_max: tenants that are told by name at most.
        """
        self._usage = usage
        self._metrics = metrics
        self._kinds = kinds
        self._named_max = named_max

    async def export(self) -> bool:
        """Set the gauges; there is never more to do."""
        this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        tasks = await self._usage.tasks_by_tenant()
        used = await self._usage.used_by_tenant(this_hour - timedelta(hours=_HOURS - 1), self._kinds)
        names = largest(tasks, used, self._named_max)
        # Nothing is awaited between the old figures and the new, so that nobody reads half of them.
        self.withdraw()
        self._metrics.tenants.set(len({one.tenant for one in tasks} | {one.tenant for one in used}))
        self._show_tasks(tasks, names)
        self._show_used(used, names)
        return False

    def withdraw(self) -> None:
        """Take the gauges away: what this process would go on showing is no longer so."""
        metrics = self._metrics
        metrics.tenants.set(0)
        metrics.tenant_tasks.clear()
        for gauge in (metrics.tenant_day_jobs, metrics.tenant_day_work_seconds, metrics.tenant_day_received_bytes):
            gauge.clear()

    def _show_tasks(self, tasks: Sequence[TenantTasks], names: Collection[str]) -> None:
        for one in tasks:
            tenant = _name(one.tenant, names)
            for state, count in (("waiting", one.waiting), ("running", one.running)):
                self._metrics.tenant_tasks.labels(tenant, one.queue, state).inc(count)

    def _show_used(self, used: Sequence[TenantUse], names: Collection[str]) -> None:
        for one in used:
            tenant = _name(one.tenant, names)
            self._metrics.tenant_day_jobs.labels(tenant).inc(one.jobs)
            self._metrics.tenant_day_work_seconds.labels(tenant).inc(one.work_seconds)
            self._metrics.tenant_day_received_bytes.labels(tenant).inc(one.received_bytes)


def largest(tasks: Sequence[TenantTasks], used: Sequence[TenantUse], count: int) -> frozenset[str]:
    """Choose who is told by name: whoever has the largest share of anything that is measured.

    Args:
        tasks: what waits and runs.
        used: what was used lately.
        count: how many are chosen at most.
    """
    shares: defaultdict[str, float] = defaultdict(float)
    for measure in (
        [(one.tenant, one.waiting + one.running) for one in tasks],
        [(one.tenant, one.jobs) for one in used],
        [(one.tenant, one.work_seconds) for one in used],
        [(one.tenant, one.received_bytes) for one in used],
    ):
        for tenant, share in _shares(measure).items():
            shares[tenant] = max(shares[tenant], share)
    shares.pop(OTHER, None)
    return frozenset(sorted(shares, key=lambda tenant: (-shares[tenant], tenant))[:count])


def _shares(measure: Iterable[tuple[str, float]]) -> dict[str, float]:
    sums: defaultdict[str, float] = defaultdict(float)
    for tenant, value in measure:
        sums[tenant] += value
    total = sum(sums.values())
    return {tenant: value / total for tenant, value in sums.items()} if total > 0 else {}


def _name(tenant: str, names: Collection[str]) -> str:
    return tenant if tenant in names else OTHER
