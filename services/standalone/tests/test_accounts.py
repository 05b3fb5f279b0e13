"""Who runs what, and what they can reach."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.standalone import accounts
from sightline.standalone.program import Account, StandaloneError

STRANGER = Account(uid=54_321, gid=54_321)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everyone can enter, whatever pytest's own are like."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_closed_folder_on_the_way_is_noticed(open_folder: Path) -> None:
    inner = open_folder / "middle" / "inner"
    inner.mkdir(parents=True, mode=0o755)
    assert accounts.can_reach(STRANGER, inner)
    inner.parent.chmod(0o700)
    assert not accounts.can_reach(STRANGER, inner)
    assert accounts.can_reach(Account(inner.stat().st_uid, 0), inner)


def test_a_group_may_pass_where_others_may_not(open_folder: Path) -> None:
    open_folder.chmod(0o710)
    assert accounts.can_reach(Account(STRANGER.uid, open_folder.stat().st_gid), open_folder)
    assert not accounts.can_reach(STRANGER, open_folder)


def test_an_ordinary_user_needs_no_other_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert accounts.unprivileged("nobody") is None


def test_root_needs_an_account_that_exists_and_is_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(StandaloneError, match="must exist"):
        accounts.unprivileged("no-such-user")
    with pytest.raises(StandaloneError, match="must not be root"):
        accounts.unprivileged("root")
    found = accounts.unprivileged("nobody")
    assert found is not None
    assert found.uid != 0


def test_root_keeps_to_the_owner_of_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    owner = tmp_path.stat()
    assert accounts.unprivileged("nobody", tmp_path) == Account(owner.st_uid, owner.st_gid)
    assert accounts.unprivileged("nobody", tmp_path / "missing") != Account(0, 0)
