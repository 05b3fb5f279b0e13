"""Make the table of a chart's values from the comments that begin with `# --`: python charts/values_table.py VALUES."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_LINE = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z]+):")
_COMMENT = re.compile(r"^ *# -- (?P<text>.*)$")


def main(file: Path) -> None:
    """Print the table."""
    text = file.read_text()
    values = yaml.safe_load(text)
    rows = ["| value | default | meaning |", "|---|---|---|"]
    for path, meaning in described(text):
        rows.append(f"| `{'.'.join(path)}` | `{json.dumps(default(values, path))}` | {meaning} |")
    sys.stdout.write("\n".join(rows) + "\n")


def described(text: str) -> Iterator[tuple[list[str], str]]:
    """Give the path and the meaning of every value that has a comment, in their order."""
    path: list[str] = []
    meaning = ""
    for line in text.splitlines():
        if comment := _COMMENT.match(line):
            meaning = comment["text"]
        elif key := _LINE.match(line):
            path = [*path[: len(key["indent"]) // 2], key["key"]]
            if meaning:
                yield path, meaning
            meaning = ""


def default(values: Any, path: list[str]) -> Any:
    """Look a value up."""
    for key in path:
        values = values[key]
    return values


if __name__ == "__main__":
    main(Path(sys.argv[1]))
