"""When a schedule comes next, also where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sightline.common.errors import InvalidRequest
from sightline.gateway.schedules.timetable import next_time


def test_the_next_time_is_the_first_that_the_expression_names() -> None:
    after = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    assert next_time("*/15 * * * *", "", after) == datetime(2026, 1, 31, 12, 15, tzinfo=UTC)
    assert next_time("0 3 1 * *", "UTC", after) == datetime(2026, 2, 1, 3, 0, tzinfo=UTC)


def test_a_time_is_read_in_its_zone_in_summer_and_in_winter() -> None:
    daily = "0 8 * * *"
    assert next_time(daily, "Europe/Vienna", datetime(2026, 1, 10, tzinfo=UTC)).hour == 7
    assert next_time(daily, "Europe/Vienna", datetime(2026, 7, 10, tzinfo=UTC)).hour == 6


def test_an_hour_that_a_clock_leaves_out_is_not_lost() -> None:
    # Clocks go from 2:00 to 3:00 on 29 March 2026.
    before = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert next_time("30 2 * * *", "Europe/Vienna", before) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "field"),
    [
        ("* * * *", "", "schedule.cron"),
        ("* * * * * *", "", "schedule.cron"),
        ("61 * * * *", "", "schedule.cron"),
        ("0 0 30 2 *", "", "schedule.cron"),
        ("0 0 * * *", "Mars/Olympus", "schedule.time_zone"),
        ("0 0 * * *", "../../etc/passwd", "schedule.time_zone"),
    ],
)
def test_what_can_not_be_read_is_refused_by_field(cron: str, zone: str, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        next_time(cron, zone, datetime(2026, 1, 1, tzinfo=UTC))
    assert refused.value.violations[0].field == field
