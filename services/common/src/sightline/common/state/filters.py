"""The filter language of ListJobs: terms joined by AND, turned into SQL with parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sightline.common.errors import FieldViolation, InvalidRequest, Reason
from sightline.common.state.identifiers import first_uuid7
from sightline.common.state.jobs import State

_TERM = re.compile(
    r"""\s*(?P<field>[a-z_]+(?:\.[a-z][a-z0-9_-]*)?)\s*(?P<operator><=|>=|!=|=|<|>)\s*
        (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"]+))\s*""",
    re.VERBOSE,
)
_AND = re.compile(r"AND\b\s*")
_TIMES = {"create_time", "end_time"}
# Identifiers are made by the clock of a gateway, the time of creation by the database's; they differ by less.
_SKEW_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Condition:
    """A WHERE clause and its parameters.

    Attributes:
        sql: the whole clause.
        served: that part of it which an index serves in the order of the pages.
        exact: whether that part is the whole.
        labelled: whether it asks for a label, which an index serves in no order.
    """

    sql: str
    parameters: dict[str, Any]
    served: str = "TRUE"
    exact: bool = True
    labelled: bool = False


def parse(text: str) -> Condition:
    """Turn a filter into a condition.

    Args:
        text: such as `state = FAILED AND labels.film = "b" AND create_time > "2026-01-31T12:00:00Z"`;
            empty for no condition.

    Raises:
        InvalidRequest: INVALID_FILTER, saying where and what.

    Source: the subset of AIP-160 that keyset pages can serve from an index.
    """
    clauses, served, parameters = ["TRUE"], ["TRUE"], dict[str, Any]()
    exact, labelled = True, False
    for number, (field, operator, value) in enumerate(_terms(text)):
        name = f"filter_{number}"
        sql, parameters[name] = _clause(field, operator, value, name)
        clauses.append(sql)
        if (field, operator) == ("state", "="):
            served.append(sql)
            continue
        exact = False
        labelled = labelled or (field.startswith("labels.") and operator == "=")
        if field == "create_time":
            for bound, identifier in _bounds(operator, parameters[name]):
                parameters[f"{name}_{len(served)}"] = identifier
                served.append(f"job_id {bound} %({name}_{len(served)})s")
                clauses.append(served[-1])
    return Condition(" AND ".join(clauses), parameters, " AND ".join(served), exact, labelled)


def _bounds(operator: str, time: datetime) -> Iterator[tuple[str, UUID]]:
    """Give the bounds that a time of creation sets to the identifiers, which begin with theirs."""
    if operator in (">", ">=", "="):
        yield ">=", first_uuid7(time.timestamp() - _SKEW_SECONDS)
    if operator in ("<", "<=", "="):
        yield "<", first_uuid7(time.timestamp() + _SKEW_SECONDS)


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
        # An index has the labels of those that have any.
        some = "" if negation else "labels <> '{}' AND "
        return f"{some}{negation}labels @> %({name})s::jsonb", json.dumps({field.removeprefix("labels."): value})
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
