"""Messages and enums as JSON Schema, as protobuf's JSON form writes them."""

from __future__ import annotations

from typing import Any

from openapi import rules
from openapi.contract import PACKAGE, Contract, Described
from openapi.rules import Schema

_REQUIRED, _OUTPUT_ONLY, _IMMUTABLE, _IDENTIFIER = 2, 3, 5, 8
_REPEATED = 3
_MESSAGE, _ENUM = 11, 14

# By the number of the type in descriptor.proto. Whole numbers of 64 bits are strings: JSON's are too small.
_INT64: Schema = {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"}
_SCALARS: dict[int, Schema] = {
    1: {"type": "number", "format": "double"},
    2: {"type": "number", "format": "float"},
    3: _INT64, 4: _INT64, 6: _INT64, 16: _INT64, 18: _INT64,
    5: {"type": "integer", "format": "int32"},
    13: {"type": "integer", "format": "int64", "minimum": 0},
    8: {"type": "boolean"},
    9: {"type": "string"},
    12: {"type": "string", "contentEncoding": "base64"},
}  # fmt: skip
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$", "examples": ["1.5s"]},
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.FieldMask": {"type": "string", "examples": ["displayName,disabled"]},
    "google.protobuf.Any": {"type": "object", "required": ["@type"], "properties": {"@type": {"type": "string"}}},
}


class Schemas:
    """Makes schemas and remembers which messages they speak of."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.components: dict[str, Schema] = {}

    def reference(self, type_name: str) -> Schema:
        """Point to a message or an enum, and describe it among the components."""
        name = type_name.lstrip(".")
        if name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[name])
        short = name.removeprefix(f"{PACKAGE}.")
        if short not in self.components:
            self.components[short] = {}  # before its fields are looked at: a message may hold itself
            described = self._contract.messages.get(name)
            self.components[short] = self._message(described) if described else self._enum(name)
        return {"$ref": f"#/components/schemas/{short}"}

    def field(self, field: Described) -> Schema:
        """Describe one field: its form, its bounds, its comment, and who may write it."""
        form = self._form(field.proto)
        bounds = self._contract.option(field.proto, "buf.validate.field")
        behaviors = self._contract.option(field.proto, "google.api.field_behavior")
        schema = _merge(form, rules.keywords(bounds) if bounds is not None else {})
        words = [field.comment, schema.pop("description", "")]
        if _IMMUTABLE in behaviors:
            words.append("Can't be changed later.")
        schema["description"] = " ".join(word for word in words if word)
        if {_OUTPUT_ONLY, _IDENTIFIER} & set(behaviors):
            schema["readOnly"] = True
        return schema

    def is_required(self, field: Described) -> bool:
        """Say whether a request without the field is refused."""
        return _REQUIRED in self._contract.option(field.proto, "google.api.field_behavior")

    def _form(self, field: Any) -> Schema:
        if field.label != _REPEATED:
            return self._single(field)
        if self._contract.is_map(field):
            entry = self._contract.messages[field.type_name.lstrip(".")]
            return {"type": "object", "additionalProperties": self._single(entry.proto.field[1])}
        return {"type": "array", "items": self._single(field)}

    def _single(self, field: Any) -> Schema:
        if field.type in (_MESSAGE, _ENUM):
            return self.reference(field.type_name)
        return dict(_SCALARS[field.type])

    def _message(self, message: Described) -> Schema:
        schema: Schema = {"type": "object", "description": self._words(message)}
        schema["properties"] = {field.proto.json_name: self.field(field) for field in message.parts}
        required = [field.proto.json_name for field in message.parts if self.is_required(field)]
        if required:
            schema["required"] = required
        choices = [choice for n in range(len(message.proto.oneof_decl)) if (choice := self._choice(message, n))]
        if choices:
            schema["allOf"] = choices
        return schema

    def _words(self, message: Described) -> str:
        bounds = self._contract.option(message.proto, "buf.validate.message")
        rules_in_words = [f"Rule: {rule.message}." for rule in bounds.cel] if bounds is not None else []
        return " ".join([message.comment, *rules_in_words])

    def _choice(self, message: Described, number: int) -> Schema | None:
        """Say that at most one field of a oneof is set, or exactly one where the contract asks for it."""
        names = [
            field.proto.json_name
            for field in message.parts
            if field.proto.HasField("oneof_index")
            and field.proto.oneof_index == number
            and not field.proto.proto3_optional
        ]
        if not names:
            return None
        one = [{"required": [name]} for name in names]
        bounds = self._contract.option(message.proto.oneof_decl[number], "buf.validate.oneof")
        if bounds is not None and bounds.required:
            return {"oneOf": one}
        return {"oneOf": [*one, {"not": {"anyOf": one}}]}

    def _enum(self, name: str) -> Schema:
        enum = self._contract.enums[name]
        values = "".join(f"\n- `{value.name}`: {value.comment}" for value in enum.parts)
        return {
            "type": "string",
            "description": f"{enum.comment}\n{values}",
            "enum": [value.name for value in enum.parts],
        }


def _merge(form: Schema, bounds: Schema) -> Schema:
    """Lay bounds over a form, also where both speak of the items."""
    merged = {**form, **bounds}
    for inner in ("items", "additionalProperties"):
        if inner in form and inner in bounds:
            merged[inner] = {**form[inner], **bounds[inner]}
    return merged
