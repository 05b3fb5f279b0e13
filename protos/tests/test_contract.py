"""The contract as a whole: what every file of it must keep to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api import annotations_pb2, field_behavior_pb2
from google.protobuf import descriptor_pb2

DESCRIPTORS = Path(__file__).parents[1] / "gen" / "sightline/v1/sightline.binpb"
# Streams of bytes and the methods of other people's protos have no place here.
PACKAGE = "sightline.v1"


@pytest.fixture(scope="module")
def files() -> list[descriptor_pb2.FileDescriptorProto]:
    everything = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    return [file for file in everything.file if file.package == PACKAGE]


def methods(
    files: list[descriptor_pb2.FileDescriptorProto],
) -> Iterator[tuple[str, descriptor_pb2.MethodDescriptorProto]]:
    for file in files:
        for service in file.service:
            yield from ((f"{service.name}/{method.name}", method) for method in service.method)


def test_every_method_has_a_rest_mapping_of_its_own(files: list[descriptor_pb2.FileDescriptorProto]) -> None:
    routes: dict[tuple[str, str], str] = {}
    for name, method in methods(files):
        rule = method.options.Extensions[annotations_pb2.http]
        verb = rule.WhichOneof("pattern")
        assert verb, f"{name} has no google.api.http"
        route = (verb, getattr(rule, verb))
        assert route not in routes, f"{name} and {routes[route]} share {route}"
        routes[route] = name


def test_every_request_field_says_whether_it_is_required(files: list[descriptor_pb2.FileDescriptorProto]) -> None:
    requests = {method.input_type.rpartition(".")[2] for _, method in methods(files)}
    for file in files:
        for message in file.message_type:
            if message.name not in requests or file.name.endswith("usage_service.proto"):
                continue
            for field in message.field:
                behaviour = field.options.Extensions[field_behavior_pb2.field_behavior]
                assert behaviour, f"{message.name}.{field.name} says neither"


def test_every_enum_begins_with_a_value_that_is_never_sent(files: list[descriptor_pb2.FileDescriptorProto]) -> None:
    enums = [enum for file in files for enum in file.enum_type]
    enums += [enum for file in files for message in file.message_type for enum in message.enum_type]
    assert enums
    assert all(enum.value[0].name.endswith("_UNSPECIFIED") for enum in enums)
