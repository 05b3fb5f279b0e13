"""Who is told by name: the largest share of anything counts."""

from __future__ import annotations

from sightline.common.state.usage import TenantTasks, TenantUse
from sightline.gateway.tenants import largest


def use(tenant: str, jobs: int = 0, work: float = 0.0, received: int = 0) -> TenantUse:
    return TenantUse(tenant, jobs, work, received)


def test_a_tenant_that_is_first_in_one_measure_alone_is_named() -> None:
    used = [use("many", jobs=1000, work=1.0), use("long", jobs=1, work=900.0), use("large", received=2**40)]
    used += [use(f"small-{number}", jobs=2, work=1.0, received=10) for number in range(30)]
    tasks = [TenantTasks("now", "face", 500, 2), TenantTasks("many", "face", 1, 0)]
    assert largest(tasks, used, 4) == {"many", "long", "large", "now"}


def test_the_tasks_of_all_queues_count_together() -> None:
    tasks = [TenantTasks("both", "face", 3, 0), TenantTasks("both", "object", 0, 3), TenantTasks("one", "face", 5, 0)]
    assert largest(tasks, [], 1) == {"both"}


def test_of_equal_ones_the_first_by_name_are_named_so_that_the_choice_stays() -> None:
    used = [use(name, jobs=1) for name in ("d", "b", "c", "a")]
    assert largest([], used, 2) == largest([], used[::-1], 2) == {"a", "b"}


def test_a_tenant_that_is_called_other_is_one_of_the_others() -> None:
    assert largest([], [use("other", jobs=9), use("a", jobs=1)], 5) == {"a"}


def test_nothing_used_and_no_names_allowed_name_nobody() -> None:
    assert largest([], [], 5) == largest([], [use("a", jobs=1)], 0) == frozenset()
    assert largest([], [use("a")], 5) == frozenset()
