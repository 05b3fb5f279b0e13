"""Counters of limits, shared by all gateways: all limits of a call are charged together, or none of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from sightline.common.settings import RedisSettings

log = structlog.get_logger()

_FOLDER = Path(__file__).parent
_PREFIX = "sightline:limit:"
_PEERS = "sightline:limiters"
# After a failure nobody waits for Redis again so soon.
_AWAY_SECONDS = 1.0
_PEER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Charge:
    """What one call takes of one limit.

    Attributes:
        key: whose limit and which, such as `key/7f3a/jobs_per_hour`.
        period_seconds: length of the window; windows begin at multiples of it since 1970.
        limit: how much is allowed in a window; None counts and never refuses.
        amount: how much is taken; below 0 gives back, 0 only looks.
    """

    key: str
    period_seconds: int
    limit: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of charges.

    Attributes:
        clock: the time by which windows are told, in seconds since 1970.
        used: what is used of each, with this charge if it was allowed.
        refusing: the place of the charge that did not fit; None: all were charged.
    """

    clock: float
    used: tuple[int, ...]
    refusing: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a process knows of a counter at the end of an outage.

    Attributes:
        told: what the server had last said; it may have lost it.
        spent: what was allowed here meanwhile.
    """

    key: str
    period_seconds: int
    window: int
    told: int
    spent: int


class Counters:
    """The counters in Redis; every answer may be None, which means that it is away."""

    def __init__(self, settings: RedisSettings, *, timeout_seconds: float) -> None:
        """Prepare to connect; nothing is asked yet.

        Args:
            settings: where Redis is.
            timeout_seconds: how long a call may be held up before it is decided without Redis.
        """
        self._redis = Redis.from_url(
            settings.url.get_secret_value(),
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            # A charge that was not answered may have been made: it is never sent twice.
            retry=Retry(NoBackoff(), 0),
        )
        self._charge = _Script("charge")
        self._restore = _Script("restore")
        self._away_until = 0.0
        self.peers = 1

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    @property
    def resting(self) -> bool:
        """Whether Redis has just failed, and is not asked for a moment."""
        return time.monotonic() < self._away_until

    async def charge(self, calls: Sequence[Sequence[Charge]]) -> list[Verdict] | None:
        """Charge several calls in one round trip, each by itself."""
        runs = [
            _Run([one.key for one in charges], [part for one in charges for part in _arguments(one)])
            for charges in calls
        ]
        answers = await self._run(self._charge, runs)
        return None if answers is None else [_verdict(answer) for answer in answers]

    async def restore(self, known: Sequence[Known]) -> bool:
        """Bring counters up to what this process knows; returns whether Redis took it."""
        arguments = [part for one in known for part in (one.period_seconds, one.window, one.told, one.spent)]
        return await self._run(self._restore, [_Run([one.key for one in known], arguments)]) is not None

    async def meet(self, name: str) -> None:
        """Say that this process is there, and learn in `peers` how many share the limits."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            now = time.time()
            pipeline.zadd(_PEERS, {name: now})
            pipeline.zremrangebyscore(_PEERS, 0, now - _PEER_SECONDS)
            pipeline.zcard(_PEERS)
            pipeline.expire(_PEERS, int(_PEER_SECONDS))
            answers = await self._execute(pipeline)
        if answers is not None and isinstance(answers[2], int):
            self.peers = max(1, answers[2])

    async def _run(self, script: _Script, runs: Sequence[_Run]) -> list[object] | None:
        answers = await self._send(script, runs)
        if answers is None:
            return None
        # A server that was restarted does not know the script: only what it did not run is sent again.
        unknown = [place for place, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:
            again = await self._send(script, [runs[place] for place in unknown], load=True)
            if again is None:
                return None
            for place, answer in zip(unknown, again, strict=True):
                answers[place] = answer
        failed = next((type(answer).__name__ for answer in answers if isinstance(answer, Exception)), None)
        if failed is not None:
            self._rest(failed)
            return None
        return answers

    async def _send(self, script: _Script, runs: Sequence[_Run], *, load: bool = False) -> list[object] | None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            if load:
                pipeline.script_load(script.text)
            for run in runs:
                keys = [_PREFIX + key for key in run.keys]
                pipeline.evalsha(script.sha, len(keys), *keys, *run.arguments)
            answers = await self._execute(pipeline)
        return answers[1:] if answers is not None and load else answers

    async def _execute(self, pipeline: Pipeline) -> list[object] | None:
        try:
            answers: list[object] = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError, TimeoutError) as error:
            self._rest(type(error).__name__)
            return None
        return answers

    def _rest(self, error: str) -> None:
        log.warning("counters_away", error=error)
        self._away_until = time.monotonic() + _AWAY_SECONDS


@dataclass(frozen=True, slots=True)
class _Run:
    keys: Sequence[str]
    arguments: Sequence[int]


class _Script:
    """A script, and the name that the server gives it."""

    def __init__(self, name: str) -> None:
        self.text = (_FOLDER / f"{name}.lua").read_text()
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


def _arguments(charge: Charge) -> tuple[int, int, int]:
    return charge.period_seconds, -1 if charge.limit is None else charge.limit, charge.amount


def _verdict(answer: object) -> Verdict:
    assert isinstance(answer, list)
    clock_ms, refusing, *used = (int(one) for one in answer)
    return Verdict(clock_ms / 1000, tuple(used), refusing - 1 if refusing else None)
