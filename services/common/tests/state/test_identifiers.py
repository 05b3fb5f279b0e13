"""Identifiers sort by the time they were made."""

from __future__ import annotations

import time

from sightline.common.state.identifiers import uuid7


def test_identifiers_are_of_version_7_and_unique() -> None:
    made = [uuid7() for _ in range(1000)]
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == 1000


def test_a_later_identifier_is_greater() -> None:
    first = uuid7()
    time.sleep(0.002)
    assert first < uuid7()


def test_the_time_can_be_read_from_it() -> None:
    assert abs((uuid7().int >> 80) / 1000 - time.time()) < 1
