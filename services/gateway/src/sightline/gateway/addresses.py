"""Which addresses are on the public internet: everything else is inward, and never called for a client."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

# Beyond what the ipaddress module of every Python that we run on calls private.
# Source: IANA's registries of special-purpose addresses; the last is the host's own agent on Azure.
_INWARD_4 = tuple(
    map(IPv4Network, ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "168.63.129.16/32"))
)
# All that is given out lies here; protocols (Teredo, ORCHID), 6to4 and documentation have their parts of it.
_GLOBAL_6 = IPv6Network("2000::/3")
_INWARD_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
# Addresses that lead to the IPv4 address in their last 32 bits: RFC 6052.
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Say whether an address is one that anybody on the internet could call.

    IPv4 addresses inside IPv6 ones are judged as what they lead to.
    """
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        return is_public(inner) if inner is not None else _is_public_6(address)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _INWARD_4)
    )


def literal(host: str) -> Address | None:
    """Read a host that is an address in its one usual form; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_public_6(address: IPv6Address) -> bool:
    # A scope names a network card of this machine.
    if address.scope_id is not None or address not in _GLOBAL_6:
        return False
    return address.is_global and not any(address in network for network in _INWARD_6)


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
