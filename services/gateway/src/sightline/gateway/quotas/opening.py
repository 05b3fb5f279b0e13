"""Puts the parts of limits together."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from sightline.common.queue import Counters
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs
from sightline.common.state.usage import Usage
from sightline.gateway.duties import Duty
from sightline.gateway.quotas.fullness import Fullness
from sightline.gateway.quotas.gate import Gate
from sightline.gateway.quotas.ledger import Ledger
from sightline.gateway.quotas.limits import Caller, caller_of
from sightline.gateway.quotas.metering import Meters
from sightline.gateway.quotas.providers import Providers
from sightline.gateway.quotas.quotas import Quotas
from sightline.gateway.quotas.recorder import Recorder
from sightline.gateway.reception import Reception
from sightline.gateway.settings import Settings

_BATCH = 5000


@dataclass(frozen=True, slots=True)
class QuotaParts:
    """What the gateway runs.

    Attributes:
        quotas: charges calls.
        meters: count the bytes of files.
        recorder: counts what is used and is no job.
        providers: know whose host is whose.
        usage: what was used.
        duties: what the leading gateway does.
        identify: makes the caller of a key.
    """

    quotas: Quotas
    meters: Meters
    recorder: Recorder
    providers: Providers
    usage: Usage
    duties: Sequence[Duty]
    identify: partial[Caller]


def open_quotas(settings: Settings, database: Database, stack: AsyncExitStack) -> QuotaParts:
    """Build what limits and counts; closed with the stack.

    Args:
        settings: of the gateway.
        database: with usage.
        stack: of whatever is open.
    """
    own, usage = settings.quotas, Usage(database)
    ledger = Ledger(Counters(settings.redis, timeout_seconds=own.redis_seconds))
    stack.push_async_callback(ledger.close)
    recorder = Recorder(usage, own.note_seconds)
    recorder.start()
    stack.push_async_callback(recorder.close)
    quotas = Quotas(ledger)

    async def roll_up() -> bool:
        return await usage.roll_up(_BATCH) == _BATCH

    async def purge() -> bool:
        count = settings.housekeeping.purge_max
        return await usage.purge(older_seconds=own.keep_seconds, count=count) == count

    return QuotaParts(
        quotas,
        Meters(quotas, recorder, own.uploads_in_flight_bytes),
        recorder,
        Providers(settings.providers),
        usage,
        [
            Duty("roll_up_usage", own.roll_up_seconds, roll_up),
            Duty("purge_usage", settings.housekeeping.purge_seconds, purge),
        ],
        partial(caller_of, of_key=own.key, of_tenant=own.tenant),
    )


def gate_before(reception: Reception, settings: Settings, database: Database) -> Gate:
    """Build the gate."""
    own, usage = settings.quotas, Usage(database)
    fullness = Fullness(usage, per_queue=own.waiting_per_queue, per_tenant=own.waiting_per_tenant)
    return Gate(reception, Jobs(database), usage, fullness)
