"""Validation: the rules written in the protos, checked on every request before a servicer sees it."""

from __future__ import annotations

from collections.abc import Callable

import protovalidate
from google.protobuf.message import DecodeError, Message

from sightline.common.errors import FieldViolation, InvalidRequest


def validate(message: Message) -> None:
    """Check a message against the rules in its proto.

    Raises:
        InvalidRequest: one violation for each broken rule, with the path of the field.
    """
    found = protovalidate.collect_violations(message)
    if found:
        violations = [_violation(one) for one in found]
        raise InvalidRequest(_sentence(violations), violations)


def decoder(deserialize: Callable[[bytes], Message], *, validated: bool = True) -> Callable[[bytes], Message]:
    """Make a deserializer that refuses, with our errors, what does not decode or (if wanted) breaks a rule."""

    def decode(data: bytes) -> Message:
        try:
            message = deserialize(data)
        except DecodeError as error:
            raise InvalidRequest("The request is not a message of this method") from error
        if validated:
            validate(message)
        return message

    return decode


def _violation(found: protovalidate.Violation) -> FieldViolation:
    proto = found.proto
    path = ""
    for element in proto.field.elements if proto.field is not None else ():
        path += ("." if path else "") + element.field_name + _subscript(element)
    return FieldViolation(path, proto.message or f"breaks the rule {proto.rule_id}")


def _subscript(element: protovalidate.FieldPathElementPb) -> str:
    if element.subscript is None:
        return ""
    key = element.subscript.value
    return f'["{key}"]' if isinstance(key, str) else f"[{str(key).lower() if isinstance(key, bool) else key}]"


def _sentence(violations: list[FieldViolation]) -> str:
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return f"{first.field}: {first.description}{more}" if first.field else f"{first.description}{more}"
