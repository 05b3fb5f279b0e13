"""Handlers: each method of a servicer, of whatever shape, put inside the chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc

from sightline.common.rpc.calls import Context
from sightline.common.rpc.chain import Chain
from sightline.common.rpc.route import Route
from sightline.common.rpc.validation import decoder


def wrapped(handler: Any, route: Route, chain: Chain) -> Any:
    """Put a handler inside the chain; it takes and gives what it did before.

    Requests are decoded here and not by gRPC, so that bytes that do not decode get a typed error; handlers
    without a deserializer (forwarded ones) go on seeing bytes.
    """
    deserialize = handler.request_deserializer
    decode = decoder(deserialize, validated=route.validated) if deserialize else _as_bytes
    if handler.response_streaming:
        return _streaming(handler, route, chain, decode)
    return _unary(handler, route, chain, decode)


def _as_bytes(data: bytes) -> Any:
    return data


def _unary(handler: Any, route: Route, chain: Chain, decode: Callable[[bytes], Any]) -> Any:
    encode = handler.response_serializer or _as_bytes
    if handler.request_streaming:

        async def answer_stream(requests: Any, context: Context) -> Any:
            async def work() -> Any:
                return encode(await handler.stream_unary(requests, context))

            return await chain.run(route, context, work)

        return grpc.stream_unary_rpc_method_handler(answer_stream, decode, None)

    behavior = handler.unary_unary

    async def answer(request: bytes, context: Context) -> Any:
        async def work() -> Any:
            return encode(await behavior(decode(request), context))

        return await chain.run(route, context, work)

    return grpc.unary_unary_rpc_method_handler(answer, None, None)


def _streaming(handler: Any, route: Route, chain: Chain, decode: Callable[[bytes], Any]) -> Any:
    encode = handler.response_serializer
    if handler.request_streaming:

        async def converse(requests: Any, context: Context) -> None:
            await chain.run(route, context, lambda: _send(handler.stream_stream(requests, context), context))

        return grpc.stream_stream_rpc_method_handler(converse, decode, encode)

    async def stream(request: bytes, context: Context) -> None:
        async def work() -> None:
            await _send(handler.unary_stream(decode(request), context), context)

        await chain.run(route, context, work)

    return grpc.unary_stream_rpc_method_handler(stream, None, encode)


async def _send(responses: Any, context: Context) -> None:
    """Send what a method yields; a method that is a plain coroutine writes to the context itself."""
    if not hasattr(responses, "__aiter__"):
        await responses
        return
    try:
        async for response in responses:
            await context.write(response)
    finally:
        # Closed here and now, so that the method's own cleanup runs before the status is sent.
        await responses.aclose()
