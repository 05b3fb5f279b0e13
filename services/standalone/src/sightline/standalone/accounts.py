"""Whom a server runs as that refuses to be root, and what that user can reach."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from sightline.standalone.program import Account, StandaloneError


def unprivileged(name: str, owned: Path | None = None) -> Account | None:
    """Find the account for servers that refuse to be root.

    Args:
        name: an existing user without privileges.
        owned: what the account works on; if it is there already, its owner is the account.

    Returns:
        None when this process is not root: then its own user serves.

    Raises:
        StandaloneError: there is no such user, or it is root.
    """
    if os.geteuid() != 0:
        return None
    if owned is not None and owned.exists():
        status = owned.stat()
        return Account(status.st_uid, status.st_gid)
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise StandaloneError(f"there is no user {name!r}; STANDALONE_POSTGRES_USER must exist") from None
    if entry.pw_uid == 0:
        raise StandaloneError("STANDALONE_POSTGRES_USER must not be root: PostgreSQL refuses it")
    return Account(entry.pw_uid, entry.pw_gid)


def can_reach(account: Account, path: Path) -> bool:
    """Whether an account may pass through every folder above a path, and into it."""
    place = path.resolve()
    return all(_may_enter(account, folder) for folder in (place, *place.parents) if folder.is_dir())


def _may_enter(account: Account, folder: Path) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def give(path: Path, account: Account | None) -> None:
    """Make an account the owner of a path, which nobody else may then read."""
    path.chmod(0o700 if path.is_dir() else 0o600)
    if account is not None:
        os.chown(path, account.uid, account.gid)
