"""One readable log of all processes."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Literal, TextIO

OURSELVES = "standalone"
COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
NAME_WIDTH = 10


class Log:
    """Writes each line behind the name of the process that said it.

    Args:
        stream: where to; a terminal gets colours, unless NO_COLOR is set.
        style: console puts the name before the line; json passes JSON on as it is and wraps anything else.
    """

    def __init__(self, stream: TextIO | None = None, style: Literal["console", "json"] = "console") -> None:
        self._stream = sys.stdout if stream is None else stream
        self._style = style
        self._coloured = self._stream.isatty() and "NO_COLOR" not in os.environ
        self._colours: dict[str, int] = {}

    def say(self, text: str) -> None:
        """Write a line of the supervisor itself."""
        self.line(OURSELVES, text)

    def line(self, name: str, text: str) -> None:
        """Write a line that a process has said."""
        self.write((self._json(name, text) if self._style == "json" else self._console(name, text)) + "\n")

    def write(self, text: str) -> None:
        """Write text as it is. A reader that went away (`make up | head`) must not stop the system."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            return

    def _console(self, name: str, text: str) -> str:
        label = name.ljust(NAME_WIDTH)
        if self._coloured:
            colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
            label = f"\x1b[{colour}m{label}\x1b[0m"
        return f"{label} | {text}"

    @staticmethod
    def _json(name: str, text: str) -> str:
        if text.startswith("{"):
            return text
        return json.dumps({"timestamp": datetime.now(UTC).isoformat(), "service": name, "event": text})
