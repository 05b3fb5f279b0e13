"""The filter language of ListJobs: terms joined by AND, turned into SQL with parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sightline.common.errors import FieldViolation, InvalidRequest, Reason
from sightline.common.state.jobs import State

_TERM = re.compile(
    r"""\s*(?P<field>[a-z_]+(?:\.[a-z][a-z0-9_-]*)?)\s*(?P<operator><=|>=|!=|=|<|>)\s*
        (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"]+))\s*""",
    re.VERBOSE,
)
_AND = re.compile(r"AND\b\s*")
_TIMES = {"create_time", "end_time"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A WHERE clause and its parameters."""

    sql: str
    parameters: dict[str, Any]


def parse(text: str) -> Condition:
    """Turn a filter into a condition.

    Args:
        text: such as `state = FAILED AND labels.film = "b" AND create_time > "2026-01-31T12:00:00Z"`;
            empty for no condition.

    Raises:
        InvalidRequest: INVALID_FILTER, saying where and what.

    Source: the subset of AIP-160 that keyset pages can serve from an index.
    """
    clauses, parameters = ["TRUE"], dict[str, Any]()
    for number, (field, operator, value) in enumerate(_terms(text)):
        name = f"filter_{number}"
        sql, parameters[name] = _clause(field, operator, value, name)
        clauses.append(sql)
    return Condition(" AND ".join(clauses), parameters)


def _terms(text: str) -> Iterator[tuple[str, str, str]]:
    position = 0
    while position < len(text.rstrip()):
        term = _TERM.match(text, position)
        if not term:
            raise _invalid(f"can't read the filter from character {position + 1} on")
        quoted = term["quoted"]
        yield (
            term["field"],
            term["operator"],
            term["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted),
        )
        position = term.end()
        if position < len(text):
            joint = _AND.match(text, position)
            if not joint or joint.end() == len(text):
                raise _invalid(f"expected AND and another term at character {position + 1}")
            position = joint.end()


def _clause(field: str, operator: str, value: str, name: str) -> tuple[str, Any]:
    if field in _TIMES:
        return f"{field} {'<>' if operator == '!=' else operator} %({name})s::timestamptz", _time(field, value)
    if operator not in ("=", "!="):
        raise _invalid(f"{field} can only be compared with = and !=")
    negation = "NOT " if operator == "!=" else ""
    if field == "state":
        return f"{negation}state = %({name})s", _state(value)
    if field == "kind":
        return f"{negation}kind = %({name})s", value
    if field.startswith("labels."):
        return f"{negation}labels @> %({name})s::jsonb", json.dumps({field.removeprefix("labels."): value})
    raise _invalid(f"unknown field {field}; known are state, kind, create_time, end_time and labels.KEY")


def _state(value: str) -> int:
    try:
        return int(State[value.removeprefix("STATE_")])
    except KeyError:
        raise _invalid(f"unknown state {value}; known are {', '.join(State.__members__)}") from None


def _time(field: str, value: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise _invalid(f'{field} wants a time such as "2026-01-31T12:00:00Z", not {value}') from None
    if time.tzinfo is None:
        raise _invalid(f"{field} wants a time zone, such as Z for UTC, behind {value}")
    return time


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(message, [FieldViolation("filter", message)], Reason.INVALID_FILTER)
