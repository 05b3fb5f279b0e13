"""What a child process may not do: live on, take more than its share, or speak to the network.

Called in the child, between the fork and the work; the standard library only. What holds where is said in
docs/child-processes.md.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from dataclasses import dataclass
from pathlib import Path

# Source: prctl(2), unshare(2), capset(2), seccomp(2) and their headers in Linux.
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x1000_0000, 0x4000_0000
_CAPABILITY_VERSION_3 = 0x2008_0522
_SECCOMP_MODE_FILTER = 2
_SECCOMP_ALLOW, _SECCOMP_KILL, _SECCOMP_REFUSE = 0x7FFF_0000, 0x8000_0000, 0x0005_0001  # the last: errno EPERM
# Classic BPF: load a word, jump if equal, jump if greater or equal, return. Source: linux/bpf_common.h.
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_X32_CALLS = 0x4000_0000


@dataclass(frozen=True, slots=True)
class _Machine:
    """What a seccomp filter has to know of a processor.

    Attributes:
        audit: its number in linux/audit.h.
        capset: the system call that gives up capabilities.
        refused: socket, io_uring_setup (which opens sockets too), ptrace, and the two that reach into other processes.
    """

    audit: int
    capset: int
    refused: tuple[int, ...]


_MACHINES = {
    "x86_64": _Machine(0xC000_003E, 126, (41, 425, 101, 310, 311)),
    "aarch64": _Machine(0xC000_00B7, 91, (198, 425, 117, 270, 271)),
}


@dataclass(frozen=True, slots=True)
class Share:
    """What a child may take; the fields of `ChildLimits` that the kernel enforces.

    Attributes:
        memory_bytes: private memory beyond what it begins with.
        cpu_seconds: processor time, of all its threads.
        file_bytes: the largest file that it may write.
    """

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int


class NotConfinedError(Exception):
    """The kernel offers no way to keep a child from the network, or its parent has ended."""


def confine(share: Share, parent: int) -> None:
    """Take from this process whatever a decoder does not need; there is no way back.

    Args:
        share: what it may take.
        parent: the process that it must not outlive.

    Raises:
        NotConfinedError: then nothing may be run here.
    """
    os.setsid()
    _take_share(share)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    alone, refused = leave_network(), refuse_sockets()
    if not (alone or refused):
        raise NotConfinedError("neither a network namespace nor a seccomp filter is to be had on this machine")
    # After the namespace, since a change of credentials takes it back.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise NotConfinedError("the parent has ended")


def leave_network() -> bool:
    """Move into a network without interfaces and give up every capability; False where the kernel refuses."""
    if _libc().unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    machine = _MACHINES.get(platform.machine())
    if machine is not None:
        # Whoever makes a user namespace is all-powerful in it; nothing here needs that.
        header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0))
        _libc().syscall(machine.capset, header, ctypes.create_string_buffer(24))
    return True


def refuse_sockets() -> bool:
    """Have the kernel refuse new sockets, and a look into other processes; False where it knows no filters."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = ctypes.create_string_buffer(_filter(machine))
    program = struct.pack("@HP", len(code.raw) // 8, ctypes.addressof(code))
    return bool(_libc().prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(program), 0, 0) == 0)


def _filter(machine: _Machine) -> bytes:
    """Write the filter: another architecture's calls end the process, those that are listed fail, others pass."""
    tests = [(_IF_EQUAL, call) for call in machine.refused]
    if machine.audit == _MACHINES["x86_64"].audit:
        tests.append((_IF_AT_LEAST, _X32_CALLS))
    lines = [(_LOAD, 0, 0, 4), (_IF_EQUAL, 1, 0, machine.audit), (_RETURN, 0, 0, _SECCOMP_KILL), (_LOAD, 0, 0, 0)]
    # A jump counts the lines that it leaps over: the tests that are left, and the line that allows.
    lines += [(kind, len(tests) - index, 0, value) for index, (kind, value) in enumerate(tests)]
    lines += [(_RETURN, 0, 0, _SECCOMP_ALLOW), (_RETURN, 0, 0, _SECCOMP_REFUSE)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _take_share(share: Share) -> None:
    # Private memory that can be written; not the address space, of which libraries reserve much and use little.
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    _limit(resource.RLIMIT_DATA, pages * resource.getpagesize() + share.memory_bytes)
    _limit(resource.RLIMIT_CPU, share.cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, share.file_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    # Where the memory of a container runs out, the child goes and not the service. Source: proc(5).
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _limit(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    # The hard limit of processor time kills; the soft one says which limit it was.
    resource.setrlimit(kind, (most, most + 5 if kind == resource.RLIMIT_CPU and hard < 0 else most))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, value, 0, 0, 0) != 0:
        raise NotConfinedError(f"prctl({option}) was refused: {os.strerror(ctypes.get_errno())}")
