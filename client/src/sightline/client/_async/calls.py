"""Calls over one connection, each with the key, a deadline, the trace and another attempt where that is safe."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TypeVar

import grpc
import grpc.aio

from sightline.client._async.waiting import sleep
from sightline.client.address import Address
from sightline.client.retry import Attempts, RetryPolicy
from sightline.client.tracing import trace_metadata

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")

_OPTIONS: tuple[tuple[str, int], ...] = (
    # A page of a thousand embeddings is larger than the 4 MiB that gRPC takes by default.
    ("grpc.max_receive_message_length", 256 << 20),
    ("grpc.max_send_message_length", -1),
    # The policy of this client alone decides what is sent again.
    ("grpc.enable_retries", 0),
    # gRPC's own second of waiting would swallow the first attempts after a lost connection.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # A watch that is silent for hours must notice that its server is gone.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)


class AsyncCalls:
    """The connection to one server, opened by the first call."""

    def __init__(
        self, address: Address, key: str | None, timeout: float, retry: RetryPolicy, ca_file: Path | None
    ) -> None:
        self._address = address
        self._key = key
        self._timeout = timeout
        self._retry = retry
        self._ca_file = ca_file

    @cached_property
    def channel(self) -> grpc.aio.Channel:
        """The channel; made late, since an asynchronous one belongs to the event loop that makes it."""
        if not self._address.tls:
            return grpc.aio.insecure_channel(self._address.target, options=_OPTIONS)
        roots = self._ca_file.read_bytes() if self._ca_file else None
        credentials = grpc.ssl_channel_credentials(root_certificates=roots)
        return grpc.aio.secure_channel(self._address.target, credentials, options=_OPTIONS)

    async def close(self) -> None:
        """Close the connection; calls that are under way fail."""
        if "channel" in self.__dict__:
            await self.channel.close(grace=None)

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Say who calls, and in which trace."""
        key = (("authorization", f"Bearer {self._key}"),) if self._key else ()
        return key + trace_metadata()

    def attempts(self, timeout: float | None, limit: int | None = None) -> Attempts:
        """Begin to count the attempts at a call; None allows the client's own time and number."""
        seconds = self._timeout if timeout is None else timeout
        return Attempts(self._retry, limit or self._retry.attempts, seconds)

    def stream_attempts(self, timeout: float | None) -> Attempts:
        """Begin to count the attempts at a stream; None allows as long as it takes."""
        return Attempts(self._retry, self._retry.stream_attempts, timeout)

    async def unary(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[_Request, _Response],
        request: _Request,
        timeout: float | None = None,
    ) -> _Response:
        """Make a call that is safe to repeat, and repeat it where that may help.

        Raises:
            SightlineError: the call failed for good.
        """
        return await self._until_final(method, request, self.attempts(timeout))

    async def once(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[_Request, _Response],
        request: _Request,
        timeout: float | None = None,
    ) -> _Response:
        """Make a call that is not safe to repeat.

        Raises:
            SightlineError: the call failed.
        """
        return await self._until_final(method, request, self.attempts(timeout, limit=1))

    async def _until_final(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[_Request, _Response],
        request: _Request,
        attempts: Attempts,
    ) -> _Response:
        while True:
            try:
                return await method(request, timeout=attempts.remaining_seconds(), metadata=self.metadata())
            except grpc.RpcError as failure:
                delay = attempts.delay_after(failure)
            await sleep(delay)
