"""Where the server is, and whether the way to it is encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

DEFAULT_SERVER = "127.0.0.1:8080"
_PLAIN = {"http": 80, "grpc": 8080}
_ENCRYPTED = {"https": 443, "grpcs": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """The host and port of a server, and whether TLS is spoken.

    Attributes:
        target: `host:port`, as gRPC names it.
        tls: whether the connection is encrypted.
    """

    target: str
    tls: bool

    @classmethod
    def parse(cls, server: str, *, tls: bool | None = None) -> Address:
        """Read an address such as `127.0.0.1:8080`, `sightline.example:443` or `https://sightline.example`.

        Args:
            server: host, host and port, or a URL with http, https, grpc or grpcs and no path.
            tls: whether TLS is spoken; None leaves it to the scheme, and to plain text without one.

        Raises:
            ValueError: it is no such address, or its scheme and `tls` contradict each other.
        """
        url = urlsplit(server if "://" in server else f"{'grpcs' if tls else 'grpc'}://{server}")
        ports = _PLAIN | _ENCRYPTED
        if url.scheme not in ports or not url.hostname or url.path.strip("/") or url.query or url.username:
            raise ValueError(f"{server!r} is no server address; write host:port or https://host")
        encrypted = url.scheme in _ENCRYPTED
        if tls is not None and tls != encrypted:
            raise ValueError(f"{server!r} and tls={tls} contradict each other")
        host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
        return cls(f"{host}:{_port(server, url) or ports[url.scheme]}", encrypted)


def _port(server: str, url: SplitResult) -> int | None:
    try:
        return url.port
    except ValueError:
        raise ValueError(f"{server!r} is no server address: a port is a number up to 65535") from None
