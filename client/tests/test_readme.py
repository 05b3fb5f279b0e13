"""The page of the client names what the client has."""

from __future__ import annotations

import re
from pathlib import Path

from sightline import client
from sightline.client import Sightline

PAGE = (Path(__file__).parent.parent / "README.md").read_text()
ROWS = dict(re.findall(r"^\| `(\w+)` \| (`.*`) \|$", PAGE, re.MULTILINE))


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def test_every_part_of_the_client_is_in_the_table_with_its_methods():
    with Sightline("127.0.0.1:1") as sightline:
        parts = {name: getattr(sightline, name) for name in public(sightline)}
        has = {name: public(part) for name, part in parts.items() if not callable(part)}
    assert {name: set(re.findall(r"`(\w+)`", methods)) for name, methods in ROWS.items()} == has


def test_every_error_of_the_tree_can_be_imported_from_the_client():
    tree = PAGE.split("### Errors", 1)[1].split("```")[1]
    named = re.findall(r"^[|`\- ]*([A-Z]\w+)", tree, re.MULTILINE)
    assert len(named) > 10
    assert [name for name in named if not hasattr(client, name)] == []
