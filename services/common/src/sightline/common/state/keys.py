"""API keys: made once, shown once, stored as a digest."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.state.database import Database

# Lets scanners of source code recognise a key that was published by mistake.
_PREFIX = "sl"
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """A row of `api_keys`; the secret itself is stored nowhere.

    Attributes:
        limits: of this key, by name; the gateway's defaults hold for those that are not there.
        tenant_limits: of all keys of the tenant together.
    """

    key_id: UUID
    tenant: str
    display_name: str
    secret_sha256: bytes
    scopes: list[str]
    create_time: datetime
    revoke_time: datetime | None
    limits: dict[str, int] = field(default_factory=dict)
    tenant_limits: dict[str, int] = field(default_factory=dict)


class Keys:
    """The keys of every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        tenant: str,
        display_name: str,
        scopes: Sequence[str] = (),
        *,
        limits: Mapping[str, int | None] | None = None,
    ) -> str:
        """Make a key and return it as the client sends it; it can't be read again."""
        parameters, text = _new(tenant, display_name, scopes)
        own = {name: value for name, value in (limits or {}).items() if value is not None}
        await self._database.rows("keys.add", {**parameters, "limits": json.dumps(own)})
        return text

    async def create_first(self, tenant: str, display_name: str, scopes: Sequence[str] = ()) -> str | None:
        """Make a key if the database has none yet; None when it has."""
        parameters, text = _new(tenant, display_name, scopes)
        return text if await self._database.rows("keys.add_first", parameters) else None

    async def authenticate(self, text: str) -> Key:
        """Find the key that a client sent.

        Raises:
            SightlineError: UNAUTHENTICATED, in the same words whatever is wrong with it.
        """
        key_id, secret = _parse(text)
        rows = await self._database.fetch(Key, "keys.get", {"key_id": key_id})
        # A plain digest is enough: the secret is 256 random bits, not a word that could be guessed.
        if not rows or rows[0].revoke_time or not hmac.compare_digest(rows[0].secret_sha256, _digest(secret)):
            raise _unknown()
        return rows[0]

    async def list_all(self) -> list[Key]:
        """Read every key, the oldest first."""
        return await self._database.fetch(Key, "keys.list")

    async def revoke(self, key_id: UUID) -> None:
        """Refuse a key from now on.

        Raises:
            NotFound: when there is no such key.
        """
        if not await self._database.rows("keys.revoke", {"key_id": key_id}):
            raise NotFound(f"keys/{key_id}")

    async def limit_key(self, key_id: UUID, limits: Mapping[str, int | None]) -> dict[str, int]:
        """Change limits of a key, those that are named; None takes one away. Returns what it has now.

        Raises:
            NotFound: when there is no such key.
        """
        rows = await self._database.rows("keys.limit_key", {"key_id": key_id, "limits": json.dumps(dict(limits))})
        if not rows:
            raise NotFound(f"keys/{key_id}")
        return dict(rows[0][0])

    async def limit_tenant(self, tenant: str, limits: Mapping[str, int | None]) -> dict[str, int]:
        """Change limits of a tenant like those of a key; a tenant needs no key to have some."""
        rows = await self._database.rows("keys.limit_tenant", {"tenant": tenant, "limits": json.dumps(dict(limits))})
        return dict(rows[0][0])


def _new(tenant: str, display_name: str, scopes: Sequence[str]) -> tuple[dict[str, object], str]:
    key_id, secret = uuid4(), secrets.token_urlsafe(_SECRET_BYTES)
    parameters = {
        "key_id": key_id,
        "tenant": tenant,
        "display_name": display_name,
        "secret_sha256": _digest(secret),
        "scopes": list(scopes),
    }
    return parameters, f"{_PREFIX}_{key_id.hex}_{secret}"


def _parse(text: str) -> tuple[UUID, str]:
    prefix, _, rest = text.partition("_")
    key_hex, _, secret = rest.partition("_")
    try:
        key_id = UUID(hex=key_hex)
    except ValueError:
        raise _unknown() from None
    if prefix != _PREFIX or not secret:
        raise _unknown()
    return key_id, secret


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _unknown() -> SightlineError:
    return SightlineError(Reason.UNAUTHENTICATED, "the key is missing, unknown or revoked")
