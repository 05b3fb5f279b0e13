"""The way out: connections to hosts that clients name, to public addresses only.

A name is resolved once for each connection, every address it has is judged, and the connection goes to one that
was judged: what the name resolves to a moment later changes nothing. TLS still checks the certificate for the name.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpcore

from sightline.common.errors import Reason, SightlineError
from sightline.gateway.addresses import Address, is_public, literal
from sightline.gateway.settings import EgressSettings
from sightline.gateway.targets import Target, refused

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""(host, port) -> its addresses, the preferred one first; raises OSError when there are none."""

_ADDRESSES_TRIED = 4
_USER_AGENT = "sightline"
# Compressed answers would have to be unpacked, and a small one can unpack to anything.
_PLAIN = "identity"


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A link-local address may have its network card behind a percent sign.
    return list(dict.fromkeys(address for *_, place in found if (address := literal(str(place[0]))) is not None))


class Egress:
    """Asks for things out there; never inward, never through a proxy, never with credentials."""

    def __init__(
        self,
        settings: EgressSettings,
        *,
        resolve: Resolve = resolve,
        allows: Callable[[Address], bool] = is_public,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare the way out.

        Args:
            settings: its bounds.
            resolve: gives the addresses of a name.
            allows: says which addresses may be called.
            trust: whose certificates are believed; None believes those that browsers do.
        """
        self._settings = settings
        self._network = _JudgedNetwork(resolve, allows, settings.connect_seconds)
        # Made once: to read all those certificates takes longer than many a fetch.
        self._trust = trust or httpcore.default_ssl_context()

    @property
    def ports(self) -> tuple[int, ...]:
        """Those that may be called."""
        return self._settings.ports

    async def connect(self, target: Target) -> httpcore.AsyncNetworkStream:
        """Connect to a host, for whoever speaks to it.

        Raises:
            SightlineError: URI_REFUSED, when the host is inward.
            httpcore.ConnectError: when it can't be reached.
        """
        return await self._network.connect_tcp(target.host, target.port)

    @asynccontextmanager
    async def get(self, target: Target, headers: Mapping[str, str] | None = None) -> AsyncIterator[httpcore.Response]:
        """Ask for something; the answer's body is read by the block, as it came.

        Args:
            target: what.
            headers: said instead of, and beside, what is always said.

        Raises:
            SightlineError: URI_REFUSED (the host is inward) or URI_UNREACHABLE.
        """
        async with self._ask("GET", target, [("Accept", "*/*"), *(headers or {}).items()]) as answer:
            yield answer

    @asynccontextmanager
    async def post(
        self, target: Target, body: bytes, headers: Sequence[tuple[str, str]]
    ) -> AsyncIterator[httpcore.Response]:
        """Send something, and give the answer like `get`, whose errors it raises."""
        async with self._ask("POST", target, [*headers, ("Content-Length", str(len(body)))], body) as answer:
            yield answer

    @asynccontextmanager
    async def _ask(
        self, method: str, target: Target, headers: Sequence[tuple[str, str]], body: bytes | None = None
    ) -> AsyncIterator[httpcore.Response]:
        settings = self._settings
        timeouts = {
            "connect": settings.connect_seconds * 2,  # the name and the host
            "read": settings.idle_seconds,
            "write": settings.idle_seconds,
            "pool": settings.connect_seconds,
        }
        # A pool for each request: nothing stays open, and nobody gets another's connection.
        with _told_apart():
            async with (
                httpcore.AsyncConnectionPool(
                    ssl_context=self._trust, max_connections=1, retries=0, network_backend=self._network
                ) as pool,
                pool.stream(
                    method,
                    _url(target),
                    headers=_told(target, headers),
                    content=body,
                    extensions={"timeout": timeouts},
                ) as answer,
            ):
                yield answer


class _JudgedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were judged, and to nothing else."""

    def __init__(self, resolve: Resolve, allows: Callable[[Address], bool], connect_seconds: float) -> None:
        self._resolve = resolve
        self._allows = allows
        self._connect_seconds = connect_seconds
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("the name has no address")
        async with asyncio.timeout(timeout):
            for address in (await self._judged(host, port))[:_ADDRESSES_TRIED]:
                try:
                    return await self._network.connect_tcp(
                        str(address), port, self._connect_seconds, local_address, socket_options
                    )
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise refused("The host of the address is not on the public internet")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _judged(self, host: str, port: int) -> Sequence[Address]:
        given = literal(host)
        addresses = [given] if given is not None else await self._resolved(host, port)
        # One inward address among public ones is no accident: the name is not to be trusted.
        if not all(self._allows(address) for address in addresses):
            raise refused("The host of the address is not on the public internet")
        return addresses

    async def _resolved(self, host: str, port: int) -> Sequence[Address]:
        try:
            async with asyncio.timeout(self._connect_seconds):
                return await self._resolve(host, port)
        except OSError as error:  # TimeoutError is one
            raise httpcore.ConnectError("the name does not resolve") from error


@contextmanager
def _told_apart() -> Iterator[None]:
    """Turn the client library's errors into ours; what they say of addresses and sockets is left out."""
    try:
        yield
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise unreachable("The host of the address did not answer in time") from error
    except httpcore.NetworkError as error:
        raise unreachable("The host of the address can't be reached, or its certificate is not good") from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise unreachable("The answer broke off or is not HTTP") from error


def unreachable(message: str, status: int | None = None) -> SightlineError:
    """Make the error for an address that gives no file; with the status of the host, if it gave one."""
    metadata = {} if status is None else {"status": str(status)}
    return SightlineError(Reason.URI_UNREACHABLE, message, metadata=metadata)


def _url(target: Target) -> httpcore.URL:
    return httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)


def _told(target: Target, more: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Join what is always said with what this request says; the latter holds."""
    own = {name.lower() for name, _ in more}
    always = [
        ("Host", target.authority),
        ("User-Agent", _USER_AGENT),
        ("Accept-Encoding", _PLAIN),
        ("Connection", "close"),
    ]
    return [*((name, value) for name, value in always if name.lower() not in own), *more]
