"""Receivers: which addresses a webhook may have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from pydantic import IPvAnyNetwork

from sightline.gateway.addresses import Address, is_public, literal
from sightline.gateway.settings import WebhookSettings
from sightline.gateway.targets import Target, read_target, refused

Allows = Callable[[Address], bool]


def allowing(networks: Sequence[IPvAnyNetwork]) -> Allows:
    """Say which addresses may be called: the public ones, and those of the networks that the operator names."""
    return lambda address: is_public(address) or any(address in network for network in networks)


class Receivers:
    """Reads the addresses of webhooks, when they are registered and again whenever they are called."""

    def __init__(self, settings: WebhookSettings, ports: Collection[int]) -> None:
        self._allows = allowing(settings.inward_networks)
        self._plain_http = settings.plain_http
        self._ports = ports

    def read(self, uri: str) -> Target:
        """Read an address; a name in it is resolved and judged when it is called, each time anew.

        Raises:
            SightlineError: URI_REFUSED.
        """
        target = read_target(uri, self._ports)
        if target.scheme != "https" and not self._plain_http:
            raise refused("Webhooks are sent to https addresses only")
        address = literal(target.host)
        if address is not None and not self._allows(address):
            raise refused("The host of the address is not on the public internet")
        return target
