"""The queue, for the wake-up and the order only: what is lost here is found again in PostgreSQL."""

from __future__ import annotations

from sightline.common.queue.bus import Bus, Change, Course, sequence
from sightline.common.queue.consumer import Consumer
from sightline.common.queue.counters import Charge, Counters, Known, Verdict
from sightline.common.queue.publisher import Publisher
from sightline.common.queue.wire import Message

__all__ = [
    "Bus",
    "Change",
    "Charge",
    "Consumer",
    "Counters",
    "Course",
    "Known",
    "Message",
    "Publisher",
    "Verdict",
    "sequence",
]
