"""The forwarder: passes the calls of whole services on as bytes, by method name, without decoding them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from sightline.common.errors import SightlineError
from sightline.common.rpc.calls import REQUEST_ID, Context, current_call
from sightline.common.rpc.failures import ForwardedStatus
from sightline.common.rpc.outgoing import outgoing_metadata, outgoing_timeout
from sightline.common.rpc.received import as_pairs, bare_error, was_told
from sightline.common.rpc.server import RpcServer
from sightline.common.telemetry import Metrics

Handler = Callable[[Any, Context], Awaitable[Any]]
Guard = Callable[[], AbstractContextManager[None]]
"""Makes what each call is made within: it may refuse to begin, and sees how the call ends."""

# Trailers that belong to one hop.
_OWN_TRAILERS = frozenset({REQUEST_ID})


class Forwarder:
    """Forwards one service over one channel: deadline, cancellation, metadata and the status go through.

    A status that carries its details is passed untouched. A bare one was made by gRPC on the way (nobody
    listens there, the deadline passed) and gets the reason of its code, so that UNAVAILABLE tells the client
    when to come back.
    """

    def __init__(
        self,
        service: ServiceDescriptor,
        channel: grpc.aio.Channel,
        metrics: Metrics,
        *,
        timeout_seconds: float | None = None,
        guard: Guard = nullcontext,
    ) -> None:
        """Prepare one handler for each method of the service.

        Args:
            service: such as `face_service_pb2.DESCRIPTOR.services_by_name["FaceService"]`.
            channel: leads to the service.
            metrics: counts what the service behind did not answer well.
            timeout_seconds: the longest a call may take, also when the client set no deadline.
            guard: such as a circuit breaker; sees the error as gRPC raised it.
        """
        self.service_name: str = service.full_name
        self._channel: Any = channel
        self._timeout_seconds = timeout_seconds
        self._guard = guard
        self._errors = metrics.forwarded_errors
        self.handlers: dict[str, Any] = {method.name: self._handler(method) for method in service.methods}

    def add_to(self, server: RpcServer) -> None:
        """Offer the methods on a server, inside its chain."""
        server.add_methods(self.service_name, self.handlers)

    def _handler(self, method: MethodDescriptor) -> Any:
        path = f"/{self.service_name}/{method.name}"
        match method.client_streaming, method.server_streaming:
            case False, False:
                return grpc.unary_unary_rpc_method_handler(self._answering(self._channel.unary_unary(path)))
            case True, False:
                return grpc.stream_unary_rpc_method_handler(self._answering(self._channel.stream_unary(path)))
            case False, True:
                return grpc.unary_stream_rpc_method_handler(self._streaming(self._channel.unary_stream(path)))
        return grpc.stream_stream_rpc_method_handler(self._streaming(self._channel.stream_stream(path)))

    def _answering(self, method: Any) -> Handler:
        async def forward(request: Any, _context: Context) -> Any:
            try:
                with self._guard():
                    call = method(request, timeout=self._timeout(), metadata=outgoing_metadata())
                    response = await call
            except grpc.aio.AioRpcError as error:
                raise self._passed_on(error) from None
            _take_trailers(await call.trailing_metadata())
            return response

        return forward

    def _streaming(self, method: Any) -> Handler:
        async def forward(request: Any, context: Context) -> None:
            try:
                with self._guard():
                    call = method(request, timeout=self._timeout(), metadata=outgoing_metadata())
                    try:
                        async for response in call:
                            await context.write(response)
                    finally:
                        call.cancel()  # without effect on a call that has ended
            except grpc.aio.AioRpcError as error:
                raise self._passed_on(error) from None
            _take_trailers(await call.trailing_metadata())

        return forward

    def _timeout(self) -> float | None:
        return outgoing_timeout(self._timeout_seconds)

    def _passed_on(self, error: grpc.aio.AioRpcError) -> SightlineError | ForwardedStatus:
        self._errors.labels(self.service_name, error.code().name).inc()
        if was_told(error):
            trailing = as_pairs(error.trailing_metadata())
            kept = tuple(pair for pair in trailing if pair[0] not in _OWN_TRAILERS)
            return ForwardedStatus(error.code(), error.details() or "", kept)
        return bare_error(error.code())


def _take_trailers(trailing: Any) -> None:
    call = current_call()
    if call is not None and trailing:
        call.trailing.extend(pair for pair in as_pairs(trailing) if pair[0] not in _OWN_TRAILERS)
