"""A damaged packet is passed over, many refuse a file, and want of memory is not taken for damage."""

from __future__ import annotations

import errno

import av
import pytest

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.damage import Damage

DAMAGED = av.error.InvalidDataError(errno.EINVAL, "invalid data")


def test_a_hundred_damaged_packets_are_passed_over_and_one_more_refuses_the_file() -> None:
    damage = Damage("film")
    for _ in range(100):
        damage.meet(DAMAGED)
    with pytest.raises(MediaRejected, match="too much of the film is damaged") as refused:
        damage.meet(DAMAGED)
    assert refused.value.reason is Reason.MEDIA_CORRUPT
    assert refused.value.__cause__ is DAMAGED


def test_a_decoder_that_gets_no_memory_says_so_at_once() -> None:
    with pytest.raises(MemoryError):
        Damage("film").meet(av.error.MemoryError(errno.ENOMEM, "cannot allocate memory"))
