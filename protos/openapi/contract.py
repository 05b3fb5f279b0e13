"""The descriptor set with its options and comments, looked up by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "sightline.v1"

# Numbers of fields in descriptor.proto, of which the paths of comments are made.
_FILE_MESSAGE, _FILE_ENUM, _FILE_SERVICE = 4, 5, 6
_MESSAGE_FIELD, _MESSAGE_NESTED, _MESSAGE_ENUM = 2, 3, 4
_ENUM_VALUE, _SERVICE_METHOD = 2, 2


@dataclass(frozen=True, slots=True)
class Described:
    """A part of the contract.

    Attributes:
        name: with its package, such as `sightline.v1.Job`.
        proto: its descriptor.
        comment: what the proto says about it, as one text.
        parts: fields, values or methods in their order.
    """

    name: str
    proto: Any
    comment: str
    parts: tuple[Described, ...] = ()


class Contract:
    """Everything that the protos say.

    Attributes:
        messages: by name without a leading dot; those of other packages have no comments.
        enums: likewise.
        services: our own, in the order of their names.
    """

    def __init__(self, descriptor_set: bytes) -> None:
        self._pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(descriptor_set).file:
            self._pool.Add(file)
        # Parsed again by the types of this very set: so the options of google.api and buf.validate are
        # known without any generated code.
        kind = self._pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet")
        files: Any = message_factory.GetMessageClass(kind).FromString(descriptor_set)
        self.messages: dict[str, Described] = {}
        self.enums: dict[str, Described] = {}
        services: list[Described] = []
        for file in files.file:
            reader = _Reader(file)
            self.messages.update((d.name, d) for d in reader.messages())
            self.enums.update((d.name, d) for d in reader.enums())
            services += reader.services() if file.package == PACKAGE else []
        self.services = tuple(sorted(services, key=lambda service: service.name))

    def option(self, part: Any, name: str) -> Any:
        """Give the value of an option such as `google.api.http`; None if it is not set."""
        extension = self._pool.FindExtensionByName(name)
        options = part.options
        if extension.is_repeated:
            return list(options.Extensions[extension])
        return options.Extensions[extension] if options.HasExtension(extension) else None

    def is_map(self, field: Any) -> bool:
        """Say whether a repeated field is written as a JSON object."""
        message = self.messages.get(field.type_name.lstrip("."))
        return message is not None and message.proto.options.map_entry


class _Reader:
    """One file: its parts, each with its comment."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._comments = {
            tuple(where.path): _text(where.leading_comments)
            for where in file.source_code_info.location
            if where.leading_comments
        }

    def messages(self) -> Iterator[Described]:
        for number, message in enumerate(self._file.message_type):
            yield from self._message(message, (_FILE_MESSAGE, number), self._file.package)

    def enums(self) -> Iterator[Described]:
        for number, enum in enumerate(self._file.enum_type):
            yield self._enum(enum, (_FILE_ENUM, number), self._file.package)
        for number, message in enumerate(self._file.message_type):
            yield from self._nested_enums(message, (_FILE_MESSAGE, number), self._file.package)

    def services(self) -> Iterator[Described]:
        for number, service in enumerate(self._file.service):
            path = (_FILE_SERVICE, number)
            name = f"{self._file.package}.{service.name}"
            yield self._with_parts(name, service, path, _SERVICE_METHOD, service.method)

    def _message(self, message: Any, path: tuple[int, ...], scope: str) -> Iterator[Described]:
        name = f"{scope}.{message.name}"
        yield self._with_parts(name, message, path, _MESSAGE_FIELD, message.field)
        for number, nested in enumerate(message.nested_type):
            yield from self._message(nested, (*path, _MESSAGE_NESTED, number), name)

    def _nested_enums(self, message: Any, path: tuple[int, ...], scope: str) -> Iterator[Described]:
        name = f"{scope}.{message.name}"
        for number, enum in enumerate(message.enum_type):
            yield self._enum(enum, (*path, _MESSAGE_ENUM, number), name)
        for number, nested in enumerate(message.nested_type):
            yield from self._nested_enums(nested, (*path, _MESSAGE_NESTED, number), name)

    def _enum(self, enum: Any, path: tuple[int, ...], scope: str) -> Described:
        return self._with_parts(f"{scope}.{enum.name}", enum, path, _ENUM_VALUE, enum.value)

    def _with_parts(self, name: str, proto: Any, path: tuple[int, ...], kind: int, parts: Any) -> Described:
        described = tuple(
            Described(part.name, part, self._comments.get((*path, kind, number), ""))
            for number, part in enumerate(parts)
        )
        return Described(name, proto, self._comments.get(path, ""), described)


def _text(comment: str) -> str:
    return " ".join(comment.split())
