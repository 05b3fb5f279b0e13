"""How the chart's autoscalers behave, by the documented algorithm, with the numbers that are rendered."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Any

import pytest
from autoscaler import SYNC_SECONDS, Autoscaler, Direction, simulate
from rendering import objects


def rendered(mode: str) -> Autoscaler:
    """Give the autoscaler of the face service as the chart renders it."""
    kind = {"hpa": "HorizontalPodAutoscaler", "keda": "ScaledObject"}[mode]
    (one,) = [one for one in objects(mode) if one["kind"] == kind and one["metadata"]["name"].endswith("-face")]
    spec: dict[str, Any] = one["spec"]
    if mode == "hpa":
        least, most, behaviour = spec["minReplicas"], spec["maxReplicas"], spec["behavior"]
        target = spec["metrics"][0]["external"]["target"]["averageValue"]
    else:
        least, most = spec["minReplicaCount"], spec["maxReplicaCount"]
        behaviour = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        target = spec["triggers"][0]["metadata"]["target"]
    # From the first replica to none is KEDA's own doing, by activity and cool-down.
    up, down = Direction.read(behaviour["scaleUp"]), Direction.read(behaviour["scaleDown"])
    return Autoscaler(float(target), max(least, 1), most, up, down)


@pytest.mark.parametrize("mode", ["hpa", "keda"])
def test_a_thousand_waiting_tasks_are_drained_at_the_speed_that_the_replicas_allow(mode: str) -> None:
    scaler = rendered(mode)
    most = scaler.most
    seen = simulate(scaler, [1000], task_seconds=2, slots=2, start_seconds=20)
    assert seen.done == 1000
    assert max(seen.replicas) == most
    # One task a second for each replica, and the time until all of them are there.
    steps = math.ceil(math.log2(most))
    assert seen.seconds <= 1000 / most + steps * SYNC_SECONDS + 20


@pytest.mark.parametrize("mode", ["hpa", "keda"])
@pytest.mark.parametrize("seed", range(5))
def test_a_day_of_uneven_load_makes_no_flapping_and_loses_nothing(mode: str, seed: int) -> None:
    scaler, arrivals = rendered(mode), day(seed)
    seen = simulate(scaler, arrivals, task_seconds=2, slots=2, start_seconds=20)
    assert seen.done == sum(arrivals)
    turns = [after - before for before, after in pairwise(seen.replicas) if after != before]
    reversals = sum(one * other < 0 for one, other in pairwise(turns))
    # The window bounds it at 24 an hour. Bursts make four of them, and the wave and its noise a few more.
    assert reversals <= 10 * seen.seconds / 3600
    since_up = math.inf
    for before, after in pairwise(seen.replicas):
        since_up = 0 if after > before else since_up + SYNC_SECONDS
        assert after >= before or since_up >= scaler.down.window_seconds - SYNC_SECONDS


def test_within_ten_percent_of_the_target_nothing_moves() -> None:
    scaler = rendered("hpa")
    scaler.replicas = 5
    assert [scaler.sync(now * SYNC_SECONDS, 55) for now in range(40)] == [5] * 40


def test_the_first_steps_are_large_and_the_way_down_is_slow() -> None:
    scaler = rendered("hpa")
    up = [scaler.sync(now, 10_000) for now in range(0, 60, SYNC_SECONDS)]
    assert up == [5, 10, 10, 10]
    down = [scaler.sync(60 + now, 0) for now in range(0, 1200, SYNC_SECONDS)]
    assert down[: scaler.down.window_seconds // SYNC_SECONDS - 4] == [10] * (
        scaler.down.window_seconds // SYNC_SECONDS - 4
    )
    assert all(before - after <= 1 for before, after in pairwise(down))
    assert down[-1] == 1


def day(seed: int) -> list[int]:
    """Make two hours of tasks: a slow wave, noise, and a burst every half hour."""
    chance = random.Random(seed)
    arrivals = []
    for second in range(7200):
        rate = 3 + 2 * math.sin(2 * math.pi * second / 7200)
        count = int(rate) + (chance.random() < rate % 1)
        arrivals.append(count + (300 if second % 1800 == 900 else 0))
    return arrivals
