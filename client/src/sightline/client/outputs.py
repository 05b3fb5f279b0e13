"""The files that a job has made, wherever in its results they are named."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message

from sightline.v1.output_pb2 import OutputFile


def output_files(message: Message) -> Iterator[OutputFile]:
    """Go through the files that a result names, in the order of its fields."""
    if isinstance(message, OutputFile):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for one in (value,) if isinstance(value, Message) else value:
            yield from output_files(one)
