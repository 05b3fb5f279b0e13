"""Circuit breakers: whoever does not answer is left alone for a while, and asked again by one call at a time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from enum import Enum, IntEnum
from types import TracebackType

import structlog
from purgatory.domain.model import CLOSED, HALF_OPENED, Context, HalfOpenedState, OpenedState

from sightline.common.errors import Reason, TemporarilyAway
from sightline.common.telemetry import Metrics
from sightline.gateway.settings import BreakerSettings

log = structlog.get_logger()

_SHORTEST_SECONDS = 0.1
_HOSTS_MAX = 1000


class State(IntEnum):
    """What a breaker does; the number is what its metric shows."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Sign(Enum):
    """What the end of a call says of the other side."""

    ANSWERED = "answered"
    FAILED = "failed"
    HUNG = "hung"
    NONE = "none"


Judge = Callable[[BaseException | None, float], Sign]
"""(what the call raised, how many seconds it took) -> what that says."""


class Breaker:
    """Counts failures in a row; a success between them makes the count begin anew.

    The states and their changes are the library's. Its rule that any call may pass while half open is narrowed to
    one at a time, and of calls that broke off together, as all do when a process dies, the first counts.
    """

    def __init__(
        self, name: str, judge: Judge, settings: BreakerSettings, on_change: Callable[[Breaker], None]
    ) -> None:
        self.name = name
        self._judge = judge
        self._on_change = on_change
        self._context = Context(name, settings.failures, settings.open_seconds)
        self._open_seconds = settings.open_seconds
        self._failed_at = float("-inf")
        self._probe: Passage | None = None

    @property
    def state(self) -> State:
        """What it does now; an open one stays so until somebody calls, however long ago it opened."""
        state = self._context.state
        return State.CLOSED if state == CLOSED else State.HALF_OPEN if state == HALF_OPENED else State.OPEN

    def __call__(self) -> Passage:
        """Make what a call is made within."""
        return Passage(self)

    def enter(self, passage: Passage) -> None:
        """Let a call pass.

        Raises:
            TemporarilyAway: SERVICE_UNAVAILABLE, at once, with the time that is left.
        """
        # The library would raise one and the same error each time, and its traceback would grow with every call.
        if self._probe is not None or self._left_seconds() > 0:
            raise self._refusal()
        before = self.state
        try:
            self._context.handle_new_request()
        except OpenedState:
            raise self._refusal() from None
        if self.state is State.HALF_OPEN:
            self._probe = passage
        self._changed(before)

    def try_again(self) -> None:
        """Let one call try at once if it is open, since something else says that the other side is there."""
        before = self.state
        if before is State.OPEN:
            self._context.set_state(HalfOpenedState())
            self._context.messages.clear()
            self._changed(before)

    def leave(self, passage: Passage, error: BaseException | None) -> None:
        """Learn from the end of a call."""
        probing = self._probe is passage
        if probing:
            self._probe = None
        before = self.state
        # While it is tried again, only the trial says how it is now.
        if probing or before is not State.HALF_OPEN:
            self._learn(passage.began, self._judge(error, time.monotonic() - passage.began), error)
        self._context.messages.clear()
        self._changed(before)

    def _learn(self, began: float, sign: Sign, error: BaseException | None) -> None:
        if sign is Sign.ANSWERED:
            self._context.handle_end_request()
        elif error is not None and (sign is Sign.HUNG or (sign is Sign.FAILED and began > self._failed_at)):
            self._failed_at = time.monotonic()
            self._context.handle_exception(error)

    def _refusal(self) -> TemporarilyAway:
        return TemporarilyAway(
            Reason.SERVICE_UNAVAILABLE,
            f"{self.name} has not answered lately and is left alone for a moment",
            retry_after_seconds=max(self._left_seconds(), _SHORTEST_SECONDS),
        )

    def _left_seconds(self) -> float:
        opened_at = self._context.opened_at
        return 0.0 if opened_at is None else opened_at + self._open_seconds - time.time()

    def _changed(self, before: State) -> None:
        if self.state is not before:
            log.warning("breaker_changed", breaker=self.name, state=self.state.name)
            self._on_change(self)


class Passage:
    """One call through a breaker."""

    __slots__ = ("_breaker", "began")

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self.began = 0.0

    def __enter__(self) -> None:
        self.began = time.monotonic()
        self._breaker.enter(self)

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._breaker.leave(self, error)


class Breakers:
    """All breakers of a gateway; each gateway finds out for itself."""

    def __init__(self, settings: BreakerSettings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._named: dict[str, Breaker] = {}
        self._hosts: OrderedDict[tuple[str, str], Breaker] = OrderedDict()

    def named(self, name: str, judge: Judge) -> Breaker:
        """Give the breaker of a service or a provider, which is in metrics and in GetSystemStats."""
        if name not in self._named:
            self._named[name] = Breaker(name, judge, self._settings, self._show)
            self._show(self._named[name])
        return self._named[name]

    def of_host(self, tenant: str, host: str, judge: Judge) -> Breaker:
        """Give the breaker of a host that a client named: one for each tenant, lest one spoils it for the others."""
        breaker = self._hosts.get((tenant, host))
        if breaker is None:
            breaker = self._hosts[tenant, host] = Breaker(host, judge, self._settings, lambda _one: None)
            if len(self._hosts) > _HOSTS_MAX:
                self._hosts.popitem(last=False)
        self._hosts.move_to_end((tenant, host))
        return breaker

    def all_named(self) -> Collection[Breaker]:
        """Give the breakers that have names of ours."""
        return self._named.values()

    def _show(self, breaker: Breaker) -> None:
        self._metrics.breaker_state.labels(breaker.name).set(breaker.state)
