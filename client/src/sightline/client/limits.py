"""The bounds that the contract itself sets, so that they are written nowhere else."""

from __future__ import annotations

from buf.validate import validate_pb2
from google.protobuf.message import Message


def rules(message: type[Message], field: str) -> validate_pb2.FieldRules:
    """Give the validation rules that the protos write at a field."""
    return message.DESCRIPTOR.fields_by_name[field].GetOptions().Extensions[validate_pb2.field]
