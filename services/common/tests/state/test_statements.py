"""What statements have to say in the same words."""

from __future__ import annotations

import re

from sightline.common.state.statements import statement


def asked(name: str) -> dict[str, str]:
    """What a statement makes of submissions: the work of each, the content of its media, and which it passes over."""
    text = re.sub(r"\s+", " ", re.sub(r"--.*", "", statement(name)))
    found = re.search(
        r"WITH asked AS \( SELECT \*, (?P<work>.*?) AS work_key FROM \( SELECT a\.\*, \((?P<content>.*?)\) AS content"
        r" FROM unnest\(.*?\) AS a \(.*?\) OFFSET 0 \) AS a WHERE (?P<rest>.*?) \), (?:stored|works) AS",
        text,
    )
    assert found, f"{name} does not begin with what is asked"
    return found.groupdict()


def test_what_is_stored_and_what_is_joined_are_known_by_the_same_key() -> None:
    """A submission whose key `submit` finds taken and `join` can't find would be placed again without end."""
    stored, joined = asked("jobs.submit"), asked("jobs.join")
    # Only what has a digest of its work is ever given to `join`.
    assert stored.pop("work") == f"CASE WHEN work_sha256 IS NOT NULL THEN {joined.pop('work')} END"
    assert stored == joined
    assert "coalesce(content, '')" in statement("jobs.submit")
    assert "request_id IS NULL" in stored["rest"]
