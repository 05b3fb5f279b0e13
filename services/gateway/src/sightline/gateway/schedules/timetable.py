"""When a schedule comes next."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from sightline.common.errors import FieldViolation, InvalidRequest

_FIELDS = 5


def next_time(cron: str, time_zone: str, after: datetime) -> datetime:
    """Give the first time that a cron expression names after another one.

    Args:
        cron: five fields, read as Debian's cron reads them, also where clocks are put forward or back.
        time_zone: an IANA name; empty for UTC.
        after: with a time zone.

    Raises:
        InvalidRequest: the expression or the zone can't be read, or the expression never comes.
    """
    if len(cron.split()) != _FIELDS:
        raise _invalid("schedule.cron", f"must have {_FIELDS} fields: minute, hour, day of month, month, day of week")
    try:
        return next(CronSim(cron, after.astimezone(_zone(time_zone)))).astimezone(UTC)
    except CronSimError as error:
        raise _invalid("schedule.cron", f"can't be read: {error}") from None
    except StopIteration:
        raise _invalid("schedule.cron", "names a time that never comes") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _invalid("schedule.time_zone", f"{name} is no IANA time zone, such as Europe/Vienna") from None


def _invalid(field: str, description: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {description}", [FieldViolation(field, description)])
