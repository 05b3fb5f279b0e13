"""Admission: the key of a call, remembered for some seconds, says whose resources it may see."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import Context, Identity, Metadata
from sightline.common.state.keys import Key, Keys
from sightline.gateway.settings import KeySettings

Digest = bytes
Known = tuple[float, Identity | SightlineError]
"""Until when an answer holds, on the monotonic clock; and the answer."""


def identity_of(key: Key) -> Identity:
    """Give who asks with a key."""
    return Identity(key.tenant, str(key.key_id), frozenset(key.scopes))


class KeyAdmission:
    """Admits calls by `authorization: Bearer KEY` or `x-api-key: KEY`.

    Refusals are remembered too, so that a flood of wrong keys does not reach the database; in a memory of their
    own, so that it does not displace the right ones.
    """

    def __init__(self, keys: Keys, settings: KeySettings, identify: Callable[[Key], Identity] = identity_of) -> None:
        self._keys = keys
        self._settings = settings
        self._identify = identify
        self._known: OrderedDict[Digest, Known] = OrderedDict()
        self._refused: OrderedDict[Digest, Known] = OrderedDict()
        self._asking: dict[Digest, asyncio.Task[Identity]] = {}

    async def __call__(self, _context: Context, _method: str, metadata: Metadata) -> Identity:
        """Say who calls.

        Raises:
            SightlineError: UNAUTHENTICATED.
            TemporarilyAway: the key is not remembered and the database is away.
        """
        text = _key(metadata)
        # The key itself is not kept in memory, so that no dump of the process shows it.
        digest = hashlib.sha256(text.encode()).digest()
        answer = self._remembered(digest)
        if answer is None:
            return await self._ask(digest, text)
        if isinstance(answer, SightlineError):
            raise SightlineError(answer.reason, answer.message)
        return answer

    def _remembered(self, digest: Digest) -> Identity | SightlineError | None:
        known = self._known.get(digest) or self._refused.get(digest)
        return known[1] if known and known[0] > time.monotonic() else None

    async def _ask(self, digest: Digest, text: str) -> Identity:
        """Ask the database, once for all calls that come meanwhile with the same key."""
        asking = self._asking.get(digest)
        if asking is None:
            asking = self._asking[digest] = asyncio.create_task(self._authenticate(digest, text))
            asking.add_done_callback(lambda done: self._answered(digest, done))
        return await asyncio.shield(asking)

    def _answered(self, digest: Digest, asking: asyncio.Task[Identity]) -> None:
        del self._asking[digest]
        if not asking.cancelled():
            asking.exception()  # looked at here, since every caller may have gone

    async def _authenticate(self, digest: Digest, text: str) -> Identity:
        try:
            key = await self._keys.authenticate(text)
        except SightlineError as error:
            if error.reason is Reason.UNAUTHENTICATED:
                self._remember(self._refused, digest, error)
            raise
        identity = self._identify(key)
        self._remember(self._known, digest, identity)
        return identity

    def _remember(self, memory: OrderedDict[Digest, Known], digest: Digest, answer: Identity | SightlineError) -> None:
        memory[digest] = (time.monotonic() + self._settings.cache_seconds, answer)
        memory.move_to_end(digest)
        if len(memory) > self._settings.cache_max:
            memory.popitem(last=False)


def _key(metadata: Metadata) -> str:
    given = metadata.get("authorization") or metadata.get("x-api-key")
    if not given:
        raise SightlineError(Reason.UNAUTHENTICATED, "the call has no key")
    text = given.decode("latin-1") if isinstance(given, bytes) else given
    scheme, _, token = text.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else text.strip()
