"""The filter language: what it reads, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from sightline.common.errors import InvalidRequest, Reason
from sightline.common.state.filters import parse


def test_no_filter_is_no_condition() -> None:
    assert parse("") == parse("   ")
    assert parse("").parameters == {}


def test_terms_are_joined_and_their_values_are_parameters() -> None:
    condition = parse('state = FAILED AND labels.film = "a \\"b\\""')
    assert condition.parameters == {"filter_0": 4, "filter_1": '{"film": "a \\"b\\""}'}
    assert condition.sql.count("%(") == 2


@pytest.mark.parametrize(
    "text",
    [
        "state",
        "state =",
        "state = SLEEPING",
        "colour = red",
        "state > FAILED",
        "state = FAILED AND",
        "state = FAILED OR state = QUEUED",
        "state = FAILED state = QUEUED",
        'create_time > "yesterday"',
        'create_time > "2026-01-31T12:00:00"',
        "'; DROP TABLE jobs; --",
    ],
)
def test_what_can_not_be_read_is_refused_with_its_reason(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(text)
    assert refused.value.reason is Reason.INVALID_FILTER
    assert refused.value.violations[0].field == "filter"


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        condition = parse(text)
    except InvalidRequest:
        return
    # Whatever was in the text is in the parameters, never in the SQL.
    assert all(f"%({name})s" in condition.sql for name in condition.parameters)
