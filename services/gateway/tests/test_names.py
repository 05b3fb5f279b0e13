"""A resource has one name."""

from __future__ import annotations

from uuid import UUID

import pytest

from sightline.common.errors import NotFound
from sightline.gateway.names import job_name, parse

JOB_ID = UUID("0192f0c1-2a3b-7c4d-8e5f-60718293a4b5")


def test_a_name_gives_back_its_identifier() -> None:
    assert parse("jobs", job_name(JOB_ID)) == JOB_ID


@pytest.mark.parametrize(
    "name",
    ["", "jobs", "jobs/", "jobs/xyz", f"media/{JOB_ID}", str(JOB_ID), f"jobs/{JOB_ID.hex}", f"jobs/{{{JOB_ID}}}",
     f"jobs/urn:uuid:{JOB_ID}", f"jobs/{str(JOB_ID).upper()}", f"jobs/{JOB_ID}/", f"jobs/{JOB_ID}\n"],
)  # fmt: skip
def test_any_other_spelling_is_not_found(name: str) -> None:
    with pytest.raises(NotFound) as missing:
        parse("jobs", name)
    assert missing.value.resource_name == name
