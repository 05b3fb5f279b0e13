"""Text as documents can hold it: one line, nothing invisible, times as people write them."""

from __future__ import annotations

import unicodedata


def one_line(text: str) -> str:
    """Give text in one line, without control characters and halves of characters; white space becomes one space."""
    kept = (
        letter if unicodedata.category(letter) not in {"Cc", "Cs", "Cn", "Co"} else " " if letter.isspace() else ""
        for letter in text
    )
    return " ".join("".join(kept).split())


def clock(seconds: float) -> str:
    """Give a time as 1:02:03, in whole seconds that have passed."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def heading(number: int, title: str) -> str:
    """Name a slide: its title, or its number where it has none."""
    return one_line(title) or f"Slide {number}"
