"""What must never be written to a log, and how it is taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "***"
# A field whose name says that its value is a secret. `key_id` and `page_token` style names are not secrets.
_SECRET_NAME = re.compile(
    r"(^|[_-])(password|passwd|secret|authorization|cookie|credentials?|api[_-]?key|access[_-]?key|private[_-]?key|bearer)($|[_-])",
    re.IGNORECASE,
)
# scheme://user:password@host, as in database and broker URLs.
_URL_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*):[^\s/@]+@", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)


def redacted(value: Any, name: str = "") -> Any:
    """Give the value with its secrets hidden, whether its name or its text tells them."""
    if name and _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        return _redacted_text(value)
    if isinstance(value, Mapping):
        return {key: redacted(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(inner) for inner in value]
    return value


def _redacted_text(text: str) -> str:
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    return _BEARER.sub(rf"\1 {HIDDEN}", text)
