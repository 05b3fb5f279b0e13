"""Admission: who may call, asked once per call before any work is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sightline.common.rpc.calls import KEY_ID, SCOPES, TENANT, Context, Identity

Metadata = Mapping[str, str | bytes]
Admit = Callable[[Context, str, Metadata], Awaitable[Identity | None]]
"""(context, full method name, metadata) -> who asks; raises a SightlineError to refuse the call."""


async def admit_forwarded(_context: Context, _method: str, metadata: Metadata) -> Identity | None:
    """Trust what the gateway says of the caller: for services that only the gateway can reach."""
    tenant = metadata.get(TENANT)
    if tenant is None:
        return None
    scopes = _text(metadata.get(SCOPES, ""))
    return Identity(_text(tenant), _text(metadata.get(KEY_ID, "")), frozenset(scopes.split()))


def identity_metadata(identity: Identity) -> list[tuple[str, str]]:
    """Write down who asks, for the service behind: what `admit_forwarded` reads."""
    return [(TENANT, identity.tenant), (KEY_ID, identity.key_id), (SCOPES, " ".join(sorted(identity.scopes)))]


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
