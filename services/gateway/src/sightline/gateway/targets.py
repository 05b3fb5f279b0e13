"""Addresses on the web that clients name, read strictly: what is odd is refused, never guessed at."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from sightline.common.errors import Reason, SightlineError
from sightline.gateway.addresses import literal

_MAX_CHARACTERS = 2048
# Printable ASCII without the characters that parsers disagree on.
_URI = re.compile(r"[!#-;=?-\[\]_a-z~%]+", re.ASCII)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.ASCII | re.IGNORECASE)
# Decimal, octal and hexadecimal forms of addresses: a last label that is a number belongs to no name.
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.ASCII | re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """Where to fetch something.

    Attributes:
        scheme: `http` or `https`.
        host: a name, or an address without brackets.
        port: 1 to 65535.
        path: what is asked for, with the query; begins with a slash.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What goes into the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def uri(self) -> str:
        """The address as one string, without a fragment."""
        return f"{self.scheme}://{self.authority}{self.path}"


def read_target(uri: str, ports: Collection[int]) -> Target:
    """Read an address.

    Args:
        uri: what the client or a redirect names.
        ports: those that may be called.

    Raises:
        SightlineError: URI_REFUSED, when it is not http or https, has credentials, another port, or an odd form.
    """
    if len(uri) > _MAX_CHARACTERS or not _URI.fullmatch(uri):
        raise refused("The address is too long or has characters that do not belong there")
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        raise refused("The address can't be read") from None
    if parts.scheme not in _PORTS:
        raise refused("Only http and https addresses are fetched")
    if "@" in parts.netloc:
        raise refused("The address has credentials in it")
    port = _PORTS[parts.scheme] if port is None else port
    if port not in ports:
        raise refused(f"Port {port} is not called from here")
    return Target(parts.scheme, _host(parts), port, _path(parts))


def read_redirect(base: Target, location: str, ports: Collection[int]) -> Target:
    """Read where a redirect leads; the same rules hold as for the first address.

    Raises:
        SightlineError: URI_REFUSED, also when it leads from https to http.
    """
    target = read_target(urljoin(base.uri, location), ports)
    if base.scheme == "https" and target.scheme == "http":
        raise refused("The address redirects from https to http")
    return target


def refused(message: str) -> SightlineError:
    """Make the refusal of an address."""
    return SightlineError(Reason.URI_REFUSED, message)


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if literal(host) is not None and "%" not in host:
        return host
    if "[" in parts.netloc or not _NAME.fullmatch(host) or len(host) > 253:
        raise refused("The host of the address can't be read")
    if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise refused("The host of the address is a number")
    return host


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
