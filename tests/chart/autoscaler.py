"""The HorizontalPodAutoscaler's algorithm over a queue, step by step, with the behaviour that the chart renders.

Source: the Kubernetes documentation of the HPA (algorithm, tolerance, stabilisation window, scaling policies), v2.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SYNC_SECONDS = 15
TOLERANCE = 0.1


@dataclass(frozen=True)
class Direction:
    """What the autoscaler may do one way.

    Attributes:
        window_seconds: the stabilisation window.
        policies: (type, value, period in seconds).
    """

    window_seconds: int
    policies: tuple[tuple[str, int, int], ...]

    @classmethod
    def read(cls, behaviour: dict[str, Any]) -> Direction:
        """Read a block of `behavior`."""
        policies = tuple((one["type"], one["value"], one["periodSeconds"]) for one in behaviour["policies"])
        return cls(behaviour["stabilizationWindowSeconds"], policies)


@dataclass
class Autoscaler:
    """One autoscaler on an External metric with an average value."""

    target: float
    least: int
    most: int
    up: Direction
    down: Direction
    replicas: int = 1
    _recommended: deque[tuple[int, int]] = field(default_factory=deque)
    _changes: list[tuple[int, int]] = field(default_factory=list)

    def sync(self, now: int, depth: float) -> int:
        """Look at the metric and give the new number of replicas."""
        wanted = self._stable(now, self._raw(depth))
        if wanted > self.replicas:
            wanted = min(wanted, self._bound(now, self.up, 1))
        elif wanted < self.replicas:
            wanted = max(wanted, self._bound(now, self.down, -1))
        wanted = min(max(wanted, self.least), self.most)
        if wanted != self.replicas:
            self._changes.append((now, wanted - self.replicas))
            self.replicas = wanted
        return wanted

    def _raw(self, depth: float) -> int:
        if abs(depth / (self.target * self.replicas) - 1) <= TOLERANCE + 1e-9:
            return self.replicas
        return min(max(math.ceil(depth / self.target), self.least), self.most)

    def _stable(self, now: int, raw: int) -> int:
        """Take the highest recommendation of the window for going down, the lowest for going up."""
        self._recommended.append((now, raw))
        while self._recommended[0][0] < now - max(self.up.window_seconds, self.down.window_seconds):
            self._recommended.popleft()
        upward = min(one for at, one in self._recommended if at >= now - self.up.window_seconds)
        downward = max(one for at, one in self._recommended if at >= now - self.down.window_seconds)
        return max(self.replicas, upward) if upward > self.replicas else min(self.replicas, downward)

    def _bound(self, now: int, direction: Direction, sign: int) -> int:
        """Give how far the most generous policy lets it go."""
        bounds = []
        for kind, value, period in direction.policies:
            changed = sum(change for at, change in self._changes if at > now - period and change * sign > 0)
            before = self.replicas - changed
            step = math.ceil(before * value / 100) if kind == "Percent" else value
            bounds.append(before + sign * step)
        return max(bounds) if sign > 0 else min(bounds)


@dataclass
class Outcome:
    """What a run showed.

    Attributes:
        replicas: at each look.
        depths: at each look.
        done: tasks completed.
        seconds: until nothing was left.
    """

    replicas: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    done: int = 0
    seconds: int = 0


def simulate(
    autoscaler: Autoscaler, arrivals: Sequence[int], *, task_seconds: int, slots: int, start_seconds: int
) -> Outcome:
    """Let tasks come and replicas work until all is done.

    Args:
        autoscaler: decides.
        arrivals: tasks that come in each second.
        task_seconds: how long one takes.
        slots: tasks that a replica does at once.
        start_seconds: from a replica's creation to its first task.
    """
    seen, waiting, pods = Outcome(), 0, [_Replica(0)]
    second = 0
    while second < len(arrivals) or waiting or any(pod.remaining for pod in pods):
        waiting += arrivals[second] if second < len(arrivals) else 0
        for pod in pods:
            seen.done += pod.work()
            if second >= pod.ready:
                waiting -= pod.fill(min(waiting, slots - len(pod.remaining)), task_seconds)
        if second % SYNC_SECONDS == 0:
            depth = waiting + sum(len(pod.remaining) for pod in pods)
            wanted = autoscaler.sync(second, depth)
            while len(pods) < wanted:
                pods.append(_Replica(second + start_seconds))
            while len(pods) > wanted:
                # What it was at is given back: the drain returns what was begun and what was not.
                waiting += len(pods.pop().remaining)
            seen.replicas.append(wanted)
            seen.depths.append(depth)
        second += 1
    seen.seconds = second
    return seen


@dataclass
class _Replica:
    ready: int
    remaining: list[int] = field(default_factory=list)

    def fill(self, count: int, seconds: int) -> int:
        self.remaining += [seconds] * count
        return count

    def work(self) -> int:
        before = len(self.remaining)
        self.remaining = [left - 1 for left in self.remaining if left > 1]
        return before - len(self.remaining)
