"""The list of our own services."""

from __future__ import annotations

GATEWAY = "gateway"

ANALYSERS = ("face", "object", "extract")
"""The services behind the gateway; a new one joins by its name here."""

SERVICES = (GATEWAY, *ANALYSERS)
