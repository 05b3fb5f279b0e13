"""What media are called by people: one line of text, without what moves cursors and rings bells."""

from __future__ import annotations

import re

from sightline.common.errors import FieldViolation, InvalidRequest

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def checked(text: str) -> str:
    """Give a display name as it was said.

    Raises:
        InvalidRequest: it has control characters.
    """
    if _CONTROL.search(text):
        violation = FieldViolation("display_name", "must not have control characters")
        raise InvalidRequest("The display name has control characters", [violation])
    return text


def cleaned(text: str) -> str:
    """Leave the control characters out of what a stranger calls a file."""
    return _CONTROL.sub("", text)
