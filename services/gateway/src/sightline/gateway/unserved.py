"""Unserved: what the methods of a service answer that is not configured here."""

from __future__ import annotations

from typing import Any, NoReturn

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from sightline.common.rpc import Context, RpcServer
from sightline.gateway.kinds import not_served


def add_unserved(server: RpcServer, service: ServiceDescriptor, name: str) -> None:
    """Offer the methods of a service, each of which says KIND_NOT_SERVED.

    Args:
        server: where they are offered, so that reflection and clients find the whole contract.
        service: its description.
        name: what operators call it, such as `face`.
    """
    handlers = {method.name: _refusing(method, name) for method in service.methods}
    server.add_methods(service.full_name, handlers)


def _refusing(method: MethodDescriptor, name: str) -> Any:
    async def refuse(_request: Any, _context: Context) -> NoReturn:
        raise not_served(name, f"{method.name} needs the service '{name}', which is not configured here")

    match method.client_streaming, method.server_streaming:
        case False, False:
            return grpc.unary_unary_rpc_method_handler(refuse)
        case True, False:
            return grpc.stream_unary_rpc_method_handler(refuse)
        case False, True:
            return grpc.unary_stream_rpc_method_handler(refuse)
    return grpc.stream_stream_rpc_method_handler(refuse)
