"""Make the synchronous client from the asynchronous one, so that the two never differ.

    python client/generate.py            write src/sightline/client/_sync
    python client/generate.py --check    fail when it is not what the asynchronous client says

The rules are few because the asynchronous client is written for them: whatever differs by more than
a word stands in `waiting.py`, once for each client.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent / "src/sightline/client"
SOURCE, TARGET = PACKAGE / "_async", PACKAGE / "_sync"
# How each client waits is the one thing that is written twice.
BY_HAND = "waiting.py"
NOTICE = "# Made from _async/{name} by client/generate.py; never edited.\n"
RULES = [
    (r"^import grpc\.aio\n", ""),
    (r"\bgrpc\.aio\.", "grpc."),
    (r"\(grace=None\)", "()"),
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\b__a(enter|exit)__\b", r"__\1__"),
    (r"\b_async\b", "_sync"),
    (r"\b(\w+)AsyncStub\b", r"\1Stub"),
    (r"\bAsync([A-Z]\w+)", r"\1"),
    (r"asynchronous client: the one source that `client/generate.py` makes the synchronous one from",
     "synchronous client, made from the asynchronous one by `client/generate.py`"),
]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Write the synchronous client, or say whether the one in place is stale."""
    made = {file.name: synchronous(file) for file in sorted(SOURCE.glob("*.py")) if file.name != BY_HAND}
    if arguments == ["--check"]:
        stale = [name for name, text in made.items() if not is_same(TARGET / name, text)]
        stale += [file.name for file in TARGET.glob("*.py") if file.name not in {*made, BY_HAND}]
        if stale:
            sys.stderr.write(f"stale, run 'python client/generate.py': {', '.join(stale)}\n")
        return 1 if stale else 0
    for name, text in made.items():
        (TARGET / name).write_text(text)
    return 0


def synchronous(file: Path) -> str:
    """Give a module of the asynchronous client as a synchronous one, formatted."""
    text = file.read_text()
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return formatted(NOTICE.format(name=file.name) + text)


def formatted(text: str) -> str:
    """Sort the imports and wrap the lines: names have become shorter."""
    for command in (["check", "--quiet", "--select", "I", "--fix"], ["format", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(TARGET / "made.py"), "-"]
        done = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True)  # noqa: S603
        text = done.stdout
    return text


def is_same(file: Path, text: str) -> bool:
    """Say whether a file holds a text."""
    return file.exists() and file.read_text() == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
