"""Keep the table of values in a chart's README, made from the comments that begin with `# --`.

python charts/values_table.py CHART
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

BEGIN, END = "<!-- values: made by `make chart` -->", "<!-- end of values -->"
_LINE = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z]+):")
_COMMENT = re.compile(r"^ *# -- (?P<text>.*)$")


def main(chart: Path) -> None:
    """Write the table into the README between its two marks."""
    readme = chart / "README.md"
    readme.write_text(with_table(readme.read_text(), (chart / "values.yaml").read_text()))


def with_table(readme: str, values: str) -> str:
    """Give a README with the table of the values as they are."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(values)}\n{END}{after}"


def table(text: str) -> str:
    """Give the table of the values."""
    values = yaml.safe_load(text)
    rows = ["| value | default | meaning |", "|---|---|---|"]
    for path, meaning in described(text):
        rows.append(f"| `{'.'.join(path)}` | `{json.dumps(default(values, path))}` | {meaning} |")
    return "\n".join(rows) + "\n"


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
