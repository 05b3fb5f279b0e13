"""Rules as Prometheus runs them: an alert fires when its expression has held for as long as it says."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from promql import Labels, Store
from promql_parser import parse_duration

_FIELD = re.compile(r"\{\{\s*(?:\$labels\.(?P<label>\w+)|\$value\s*\|\s*(?P<format>\w+))\s*\}\}")


@dataclass(frozen=True)
class Alert:
    """One that fires."""

    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]


def firing(rule: dict[str, Any], store: Store, at: float, *, every_seconds: float) -> set[Alert]:
    """Give the alerts of a rule that fire at a moment, looked at from 0 on."""
    held_seconds = seconds(rule.get("for", "0s"))
    since: dict[Labels, float] = {}
    values: dict[Labels, float] = {}
    for number in range(int(at // every_seconds) + 1):
        now = number * every_seconds
        values = store.evaluate(rule["expr"], now)
        since = {labels: since.get(labels, now) for labels in values}
    now = at // every_seconds * every_seconds
    return {_alert(rule, labels, values[labels]) for labels, began in since.items() if now - began >= held_seconds}


def seconds(duration: str) -> float:
    """Read a duration such as `5m`."""
    return float(parse_duration(duration).total_seconds()) if duration not in ("0", "0s") else 0.0


def _alert(rule: dict[str, Any], labels: Labels, value: float) -> Alert:
    known = dict(labels)
    known.pop("__name__", None)

    def fill(match: re.Match[str]) -> str:
        return known.get(match["label"], "") if match["label"] else FORMATS[match["format"]](value)

    annotations = {name: _FIELD.sub(fill, text) for name, text in rule["annotations"].items()}
    all_labels = {**known, **rule["labels"]}
    return Alert(tuple(sorted(all_labels.items())), tuple(sorted(annotations.items())))


def _humanized(value: float) -> str:
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{prefix}"
    return f"{value:.4g}"


def _duration(value: float) -> str:
    assert value >= 1, "shorter ones have other words"
    whole = math.floor(value)
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    if days:
        return f"{days}d {hours}h {minutes}m {left}s"
    if hours:
        return f"{hours}h {minutes}m {left}s"
    return f"{minutes}m {left}s" if minutes else f"{_humanized(value)}s"


FORMATS: dict[str, Callable[[float], str]] = {
    "humanize": _humanized,
    "humanizeDuration": _duration,
    "humanizePercentage": lambda value: f"{value * 100:.4g}%",
}
