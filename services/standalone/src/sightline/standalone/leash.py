"""Run a command that cannot outlive the supervisor: `python leash.py PARENT SIGNAL UID:GID|- COMMAND...`.

A file of its own, with the standard library only, since it stands between the supervisor and every process
that it starts: the kernel's parent-death signal has to be asked for by the child itself, after its user was
changed and before the command takes its place. The process id stays the same.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def leash(parent: int, signal_number: int) -> None:
    """Ask the kernel to signal this process when its parent ends.

    Source: prctl(2). Elsewhere than on Linux there is no such call; there the process group has to do.
    """
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent:  # it ended before the call
        raise SystemExit(1)


def become(account: str) -> None:
    """Give up root for good; `-` keeps the user."""
    if account == "-":
        return
    uid, gid = (int(part) for part in account.split(":"))
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def main(arguments: list[str]) -> None:
    """Change user, hold on to the parent, become the command."""
    parent, signal_number, account, *command = arguments
    become(account)
    leash(int(parent), int(signal_number))
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted here
    except OSError as error:
        raise SystemExit(f"cannot run {command[0]}: {error.strerror}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
