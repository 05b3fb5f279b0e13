"""Which fields an update names."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from sightline.common.errors import FieldViolation, InvalidRequest


def named(mask: FieldMask, message: Message, changeable: Sequence[str]) -> Sequence[str]:
    """Say which fields are to be changed: those in the mask, all for `*`, and without a mask those that are set.

    Source: AIP-134.

    Args:
        mask: of the request.
        message: the resource as the request has it.
        changeable: fields that can be changed.

    Raises:
        InvalidRequest: the mask has another field.
    """
    if list(mask.paths) == ["*"]:
        return changeable
    for path in mask.paths:
        if path not in changeable:
            message_text = f"can't change {path}; what can be changed is {', '.join(changeable)}"
            raise InvalidRequest(f"update_mask: {message_text}", [FieldViolation("update_mask", message_text)])
    return list(mask.paths) or [field.name for field, _ in message.ListFields() if field.name in changeable]
