"""As much of Prometheus as the alerts need: series over time, the value of an expression, and alerts that fire.

It reads promtool's own files (series such as `0+5x20`) and does what Prometheus documents and does: 5 minutes of
looking back, rates that are extrapolated to the ends of their range, vectors that are matched by their labels. promtool
is the judge of it: `make alerts PROMTOOL=...` runs the same cases through the real one.

Source: Prometheus documentation, querying/operators, querying/functions and configuration/unit_testing_rules; the
extrapolation is `extrapolatedRate` of promql/functions.go.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import promql_parser as grammar

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
NAME = "__name__"
LOOKBACK_SECONDS = 300.0

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "/": lambda one, other: one / other if other else (math.nan if one == 0 or math.isnan(one) else math.inf),
}  # fmt: skip
AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum, "max": max, "min": min, "count": lambda values: float(len(values)),
}  # fmt: skip


@dataclass(frozen=True)
class Series:
    """One series: its labels and, for each sample, the seconds and the value."""

    labels: Labels
    samples: tuple[tuple[float, float], ...]

    @classmethod
    def read(cls, name: str, values: str, interval_seconds: float) -> Series:
        """Read promtool's notation."""
        selector = grammar.parse(name)
        assert isinstance(selector, grammar.VectorSelector)
        labels = {one.name: one.value for one in selector.matchers.matchers} | {NAME: str(selector.name)}
        found = [*_values(values)]
        samples = ((at * interval_seconds, value) for at, value in enumerate(found) if value is not None)
        return cls(frozenset(labels.items()), tuple(samples))


def _values(text: str) -> list[float | None]:
    found: list[float | None] = []
    for word in text.split():
        if match := re.fullmatch(r"(-?[\d.]+)([+-][\d.]+)?x(\d+)", word):
            start, step, count = float(match[1]), float(match[2] or 0), int(match[3])
            found += [start + step * number for number in range(count + 1)]
        elif match := re.fullmatch(r"_(?:x(\d+))?", word):
            found += [None] * int(match[1] or 1)
        else:
            found.append(float(word))
    return found


class Store:
    """Series, asked at moments."""

    def __init__(self, series: Sequence[Series]) -> None:
        self._series = series

    def evaluate(self, expression: str, at: float) -> Vector:
        """Give the value of an expression that is a vector."""
        found = self._value(grammar.parse(expression), at)
        assert isinstance(found, dict), f"{expression} is no vector"
        return found

    def _value(self, node: Any, at: float) -> Vector | float:
        match node:
            case grammar.NumberLiteral():
                return float(node.val)
            case grammar.ParenExpr():
                return self._value(node.expr, at)
            case grammar.VectorSelector():
                return {one.labels: value for one, value in self._instant(node, at)}
            case grammar.Call():
                return self._call(node, at)
            case grammar.AggregateExpr():
                return self._aggregate(node, at)
            case grammar.BinaryExpr():
                return self._binary(node, at)
        raise NotImplementedError(f"{type(node).__name__}: {node}")

    def _matching(self, selector: Any) -> list[Series]:
        wanted = list(selector.matchers.matchers)
        found = []
        for one in self._series:
            labels = dict(one.labels)
            if labels[NAME] == selector.name and all(_matches(labels.get(each.name, ""), each) for each in wanted):
                found.append(one)
        return found

    def _instant(self, selector: Any, at: float) -> list[tuple[Series, float]]:
        found = []
        for one in self._matching(selector):
            recent = [value for seconds, value in one.samples if at - LOOKBACK_SECONDS < seconds <= at]
            if recent:
                found.append((one, recent[-1]))
        return found

    def _call(self, node: Any, at: float) -> Vector:
        (argument,) = node.args
        if node.func.name == "absent":
            if self._value(argument, at):
                return {}
            equal = [one for one in argument.matchers.matchers if one.op == grammar.MatchOp.Equal]
            return {frozenset((one.name, one.value) for one in equal): 1.0}
        assert node.func.name in ("rate", "increase"), node.func.name
        seconds, found = argument.range.total_seconds(), {}
        for one in self._matching(argument.vector_selector):
            within = [sample for sample in one.samples if at - seconds < sample[0] <= at]
            if len(within) > 1:
                grown = _increase(within, at - seconds, at)
                found[_without_name(one.labels)] = grown / seconds if node.func.name == "rate" else grown
        return found

    def _aggregate(self, node: Any, at: float) -> Vector:
        names = set(node.modifier.labels) if node.modifier else set()
        groups: dict[Labels, list[float]] = {}
        inner = self._value(node.expr, at)
        assert isinstance(inner, dict)
        for labels, value in inner.items():
            groups.setdefault(frozenset(one for one in labels if one[0] in names), []).append(value)
        word = str(node.op).split()[0]
        return {labels: AGGREGATES[word](values) for labels, values in groups.items()}

    def _binary(self, node: Any, at: float) -> Vector:
        word = str(node.op)
        left, right = self._value(node.lhs, at), self._value(node.rhs, at)
        assert isinstance(left, dict), f"{node}: a number on the left"
        if isinstance(right, float):
            return _kept(word, left, dict.fromkeys(left, right))
        key = _key(node.modifier)
        keyed = {key(labels): value for labels, value in right.items()}
        if word == "or":
            known = {key(labels) for labels in left}
            return left | {labels: value for labels, value in right.items() if key(labels) not in known}
        if word in ("and", "unless"):
            return {labels: value for labels, value in left.items() if (key(labels) in keyed) == (word == "and")}
        return _kept(word, left, {labels: keyed[key(labels)] for labels in left if key(labels) in keyed})


def _kept(word: str, left: Vector, right: Mapping[Labels, float]) -> Vector:
    if word in COMPARISONS:
        return {labels: left[labels] for labels, other in right.items() if COMPARISONS[word](left[labels], other)}
    return {_without_name(labels): ARITHMETIC[word](left[labels], other) for labels, other in right.items()}


def _key(modifier: Any) -> Callable[[Labels], Labels]:
    if modifier is None or modifier.matching is None:
        return _without_name
    names = set(modifier.matching.labels)
    assert modifier.matching.type == grammar.LabelModifierType.Include, "only `on` is known here"
    return lambda labels: frozenset(one for one in labels if one[0] in names)


def _matches(value: str, matcher: Any) -> bool:
    if matcher.op in (grammar.MatchOp.Equal, grammar.MatchOp.NotEqual):
        return (value == matcher.value) == (matcher.op == grammar.MatchOp.Equal)
    return (re.fullmatch(matcher.value, value) is not None) == (matcher.op == grammar.MatchOp.Re)


def _without_name(labels: Labels) -> Labels:
    return frozenset(one for one in labels if one[0] != NAME)


def _increase(samples: Sequence[tuple[float, float]], start: float, end: float) -> float:
    """How much a counter grew in a range, with resets, extrapolated to its ends as Prometheus does."""
    (first, first_value), (last, last_value) = samples[0], samples[-1]
    grown = last_value - first_value
    for (_, before), (_, after) in pairwise(samples):
        grown += before if after < before else 0
    spacing = (last - first) / (len(samples) - 1)
    to_start, to_end = first - start, end - last
    if grown > 0 and first_value >= 0:
        to_start = min(to_start, (last - first) * first_value / grown)
    before = to_start if to_start < 1.1 * spacing else spacing / 2
    after = to_end if to_end < 1.1 * spacing else spacing / 2
    return grown * ((last - first + before + after) / (last - first))
