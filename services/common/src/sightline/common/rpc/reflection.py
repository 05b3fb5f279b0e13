"""Server reflection, v1 and v1alpha: how grpcurl and its like learn what a server offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import _async, reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.reflection import SERVICE_NAME as V1ALPHA

V1 = V1ALPHA.replace(".v1alpha", ".v1")
_V1_FILE = "grpc/reflection/v1/reflection.proto"
_METHOD = "ServerReflectionInfo"


def reflection_servicer(services: Iterable[str]) -> Any:
    """Make the servicer that lists the services, itself among them."""
    _describe_v1()
    return _async.ReflectionServicer([*services, V1, V1ALPHA])


def add_reflection(servicer: Any, server: Any) -> None:
    """Offer the servicer under both names: v1 has the same messages, and grpcio-reflection only v1alpha."""
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_registered_method_handlers(V1, {_METHOD: handler})


def _describe_v1() -> None:
    """Put v1's own description, v1alpha's under another package, where reflection looks things up."""
    pool = descriptor_pool.Default()
    try:
        pool.FindFileByName(_V1_FILE)
    except KeyError:
        pool.AddSerializedFile(_v1_description().SerializeToString())


def _v1_description() -> FileDescriptorProto:
    file = FileDescriptorProto.FromString(reflection_pb2.DESCRIPTOR.serialized_pb)
    file.name, file.package = _V1_FILE, _as_v1(file.package)
    for message in file.message_type:
        for field in message.field:
            if field.HasField("type_name"):
                field.type_name = _as_v1(field.type_name)
    for method in file.service[0].method:
        method.input_type, method.output_type = _as_v1(method.input_type), _as_v1(method.output_type)
    return file


def _as_v1(name: str) -> str:
    return name.replace(".v1alpha", ".v1")
