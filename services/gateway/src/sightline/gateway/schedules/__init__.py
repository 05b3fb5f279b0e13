"""Schedules: jobs that are created again and again."""

from __future__ import annotations

from sightline.gateway.schedules.firing import Firing
from sightline.gateway.schedules.servicer import ScheduleServicer

__all__ = ["Firing", "ScheduleServicer"]
