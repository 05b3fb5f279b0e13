"""Keys are asked for once in some seconds, and nobody learns what is wrong with a wrong one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import pytest

from sightline.common.errors import Reason, SightlineError, TemporarilyAway
from sightline.common.rpc import Identity
from sightline.common.state.keys import Key
from sightline.gateway.admission import KeyAdmission
from sightline.gateway.settings import KeySettings

KEY_ID = uuid4()


class Keys:
    """Knows one key, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False

    async def authenticate(self, text: str) -> Key:
        self.asked.append(text)
        await asyncio.sleep(0.001)
        if self.away:
            raise TemporarilyAway(Reason.STATE_UNAVAILABLE, "away")
        if text != "right":
            raise SightlineError(Reason.UNAUTHENTICATED, "the key is missing, unknown or revoked")
        return Key(KEY_ID, "acme", "name", b"", ["jobs"], datetime.now(UTC), None)


def admission_of(keys: Keys, **settings: Any) -> KeyAdmission:
    return KeyAdmission(cast(Any, keys), KeySettings(**settings))


async def admitted(admission: KeyAdmission, **metadata: str) -> Identity:
    headers = {name.replace("_", "-"): value for name, value in metadata.items()}
    return await admission(cast(Any, None), "/a/B", headers)


@pytest.mark.parametrize(
    "metadata", [{"authorization": "Bearer right"}, {"authorization": "bearer  right"}, {"x_api_key": "right"}]
)
async def test_a_key_says_whose_call_it_is(metadata: dict[str, str]) -> None:
    assert await admitted(admission_of(Keys()), **metadata) == Identity("acme", str(KEY_ID), frozenset({"jobs"}))


@pytest.mark.parametrize("metadata", [{}, {"authorization": ""}, {"authorization": "Bearer wrong"}])
async def test_without_a_right_key_nobody_is_admitted(metadata: dict[str, str]) -> None:
    with pytest.raises(SightlineError) as refused:
        await admitted(admission_of(Keys()), **metadata)
    assert refused.value.reason is Reason.UNAUTHENTICATED


async def test_a_key_is_asked_for_once_by_many_calls_and_again_when_it_is_stale() -> None:
    keys = Keys()
    admission = admission_of(keys, cache_seconds=0.05)
    await asyncio.gather(*(admitted(admission, authorization="Bearer right") for _ in range(64)))
    assert len(keys.asked) == 1
    await asyncio.sleep(0.06)
    await admitted(admission, authorization="Bearer right")
    assert len(keys.asked) == 2


async def test_a_flood_of_wrong_keys_neither_asks_again_nor_displaces_a_right_one() -> None:
    keys = Keys()
    admission = admission_of(keys, cache_max=2)
    await admitted(admission, authorization="Bearer right")
    for key in ("a", "b", "c", "c", "c"):
        with pytest.raises(SightlineError):
            await admitted(admission, authorization=f"Bearer {key}")
    await admitted(admission, authorization="Bearer right")
    assert keys.asked == ["right", "a", "b", "c"]


async def test_an_absent_database_is_not_remembered_as_a_wrong_key() -> None:
    keys = Keys()
    admission = admission_of(keys)
    keys.away = True
    with pytest.raises(TemporarilyAway):
        await admitted(admission, authorization="Bearer right")
    keys.away = False
    assert (await admitted(admission, authorization="Bearer right")).tenant == "acme"
