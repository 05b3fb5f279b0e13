"""Memory: what a service and its children may take is never more than what their container has."""

from __future__ import annotations

import pytest
from rendering import CHART, SETS, Pod, helm, objects, pods, values_of, variables

from sightline.common.settings import WorkerSettings

MIB = 2**20
ANALYSERS = ("face", "object", "extract")
UNITS = {"Mi": MIB, "Gi": 2**30}


def analysers(name: str, *more: str) -> dict[str, Pod]:
    return {pod.component: pod for pod in pods(objects(name, more)) if pod.component in ANALYSERS}


def size(quantity: str) -> int:
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


def account(pod: Pod) -> tuple[int, int, int, int]:
    """The container's limit, what the service may take of it, children at once, and what one may take."""
    given = {name.partition("_")[2]: value for name, value in variables(pod.main).items()}
    own, slots, child = (
        int(given[name]) for name in ("WORKER__MEMORY_LIMIT_BYTES", "WORKER__SLOTS", "CHILD__MEMORY_BYTES")
    )
    return size(pod.main["resources"]["limits"]["memory"]), own, slots, child


@pytest.mark.parametrize("name", SETS)
def test_every_service_has_room_for_itself_and_for_a_child_in_each_slot(name: str) -> None:
    found = analysers(name)
    assert found
    for component, pod in found.items():
        limit, own, slots, child = account(pod)
        assert own + slots * child <= limit, component
        # What face takes at most as measured, before it leaves by itself.
        assert own * float(WorkerSettings().memory_watermark) >= 900 * MIB, component
        assert size(pod.main["resources"]["requests"]["memory"]) <= limit, component


def test_without_a_limit_more_slots_make_a_larger_container() -> None:
    few, many = (analysers("minimal", "--set", f"analysers.slots={slots}")["face"] for slots in (1, 6))
    assert account(few) == (2048 * MIB, 1024 * MIB, 1, 1024 * MIB)
    assert account(many) == (7168 * MIB, 1024 * MIB, 6, 1024 * MIB)


def test_a_larger_limit_is_for_the_service_and_not_for_its_children() -> None:
    larger = analysers("minimal", "--set", "services.object.resources.limits.memory=8Gi")
    assert account(larger["object"]) == (8192 * MIB, 6144 * MIB, 2, 1024 * MIB)
    assert account(larger["face"])[0] == 3072 * MIB


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("services.face.resources.limits.memory=2Gi", "leaves 0 MiB beside 2 children"),
        ("services.face.memory.childMiB=4096,services.face.resources.limits.memory=3Gi", "leaves -5120 MiB"),
        ("analysers.resources.limits.memory=3G", "in whole Mi or Gi"),
        ("analysers.settings.WORKER__SLOTS=4", "WORKER__SLOTS of extract follows from `slots`"),
        ("services.face.settings.CHILD__MEMORY_BYTES=1", "CHILD__MEMORY_BYTES of face follows"),
        ("analysers.memory.childMB=5", "additional properties 'childMB' not allowed"),
    ],
)
def test_an_account_that_does_not_come_out_is_refused(value: str, reason: str) -> None:
    done = helm("template", "media", str(CHART), *values_of("minimal"), "--set", value)
    assert done.returncode != 0
    assert reason in done.stderr
