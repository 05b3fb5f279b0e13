"""protovalidate's bounds as keywords of JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_NUMBERS = ("float", "double", "int32", "uint32", "sint32", "fixed32", "sfixed32")
# These are strings in JSON, for which JSON Schema has no bounds: they are said in words.
_WRITTEN_AS_STRINGS = ("int64", "uint64", "sint64", "fixed64", "sfixed64")
_BOUNDS = {"gte": "minimum", "gt": "exclusiveMinimum", "lte": "maximum", "lt": "exclusiveMaximum"}
_WORDS = {"gte": "at least", "gt": "more than", "lte": "at most", "lt": "less than"}
_STRING = {"min_len": "minLength", "max_len": "maxLength", "pattern": "pattern"}
# Called the same in both.
_FORMATS = ("uuid", "uri", "email", "hostname")


def keywords(rules: Any) -> Schema:
    """Translate the rules of one field.

    Args:
        rules: a `buf.validate.FieldRules`.

    Returns:
        The keywords; empty for rules that JSON Schema has no word for.
    """
    kind = rules.WhichOneof("type")
    if kind is None:
        return {}
    given = {field.name: value for field, value in getattr(rules, kind).ListFields()}
    if kind in _WRITTEN_AS_STRINGS:
        bounds = [f"{_WORDS[name]} {value}" for name, value in given.items() if name in _WORDS]
        return {"description": f"Range: {', '.join(bounds)}."} if bounds else {}
    if kind in _NUMBERS:
        return _number(given)
    translate = {"string": _string, "bytes": _bytes, "repeated": _repeated, "map": _map, "enum": _enum}.get(kind)
    return translate(given) if translate else {}


def _number(given: Mapping[str, Any]) -> Schema:
    found = {word: _short(given[name]) for name, word in _BOUNDS.items() if name in given}
    return {**found, **_choice(given)}


def _short(bound: float) -> float:
    """Write 0.1 of 32 bits as 0.1, not as 0.10000000149."""
    return float(f"{bound:.7g}") if isinstance(bound, float) else bound


def _string(given: Mapping[str, Any]) -> Schema:
    found: Schema = {word: given[name] for name, word in _STRING.items() if name in given}
    form = next((name for name in _FORMATS if given.get(name)), None)
    return {**found, **({"format": form} if form else {}), **_choice(given)}


def _bytes(given: Mapping[str, Any]) -> Schema:
    # Four characters of base64 for three bytes.
    return {"maxLength": -(-given["max_len"] // 3) * 4} if "max_len" in given else {}


def _repeated(given: Mapping[str, Any]) -> Schema:
    found = {
        word: given[name]
        for name, word in {"min_items": "minItems", "max_items": "maxItems", "unique": "uniqueItems"}.items()
        if name in given
    }
    items = keywords(given["items"]) if "items" in given else {}
    return {**found, **({"items": items} if items else {})}


def _map(given: Mapping[str, Any]) -> Schema:
    found: Schema = {
        word: given[name]
        for name, word in {"min_pairs": "minProperties", "max_pairs": "maxProperties"}.items()
        if name in given
    }
    if "keys" in given:
        found["propertyNames"] = keywords(given["keys"])
    if "values" in given:
        found["additionalProperties"] = keywords(given["values"])
    return found


def _enum(_given: Mapping[str, Any]) -> Schema:
    return {}  # the names are listed anyway, and the rules speak of numbers


def _choice(given: Mapping[str, Any]) -> Schema:
    if "const" in given:
        return {"const": given["const"]}
    return {"enum": list(given["in"])} if "in" in given else {}
