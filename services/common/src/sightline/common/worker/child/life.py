"""The life of a child: confined first, then one function, one report, and gone."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from sightline.common.errors import Reason, SightlineError
from sightline.common.worker.child.confinement import Share, confine
from sightline.common.worker.child.wire import Kind, write_data, write_frame

# Progress is stored with heartbeats, seconds apart; more often than this nobody looks.
_TELL_SECONDS = 0.2
_OPENCV_NO_MEMORY = -4


@dataclass(frozen=True, slots=True)
class Birth:
    """What a child is given.

    Attributes:
        parent: the process that it must not outlive.
        share: what it may take.
        scratch: a folder of its own.
        work: where the pickle of its function and arguments comes from.
        report: where frames go.
        others: further pipes, which the function is given as its last arguments.
    """

    parent: int
    share: Share
    scratch: str
    work: int
    report: int
    others: tuple[int, ...]


def live(birth: Birth) -> NoReturn:
    """Be the child, from the fork to the end of the process."""
    status = 1
    try:
        _leave_behind((birth.work, birth.report, *birth.others))
        os.chdir(birth.scratch)
        tempfile.tempdir = os.environ["TMPDIR"] = birth.scratch
        confine(birth.share, birth.parent)
        kind, payload = _work(birth)
        write_frame(birth.report, kind, payload)
        status = 0
    except BrokenPipeError:
        pass  # the parent is gone, or wants no more
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _leave_behind(kept: tuple[int, ...]) -> None:
    """Let go of the signals and the files of the process that this one was forked from."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    last = 3
    for number in sorted(kept):
        os.closerange(last, number)
        last = number + 1
    os.closerange(last, os.sysconf("SC_OPEN_MAX"))


def _work(birth: Birth) -> tuple[Kind, bytes]:
    try:
        with os.fdopen(birth.work, "rb") as work:
            function, arguments = pickle.load(work)  # noqa: S301 - from the parent, which is trusted
        return Kind.RESULT, write_data(_call(function, (*arguments, *birth.others), birth.report))
    except SightlineError as error:
        return Kind.REFUSAL, write_data(error)
    except Exception as error:
        if _out_of_share(error):
            return Kind.REFUSAL, write_data(too_costly("memory or space for files"))
        return Kind.CRASH, traceback.format_exc().encode()


def _call(function: Callable[..., Any], arguments: tuple[Any, ...], report: int) -> Any:
    code = getattr(function, "__code__", None)
    if code is not None and "progress" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        return function(*arguments, progress=_Progress(report))
    return function(*arguments)


class _Progress:
    """Tells the parent how far the work is, a few times a second."""

    def __init__(self, report: int) -> None:
        self._report = report
        self._told = 0.0

    def __call__(self, share: float) -> None:
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            write_frame(self._report, Kind.PROGRESS, repr(float(share)).encode())


def too_costly(what: str) -> SightlineError:
    """Say that the media asks for more than a child may take."""
    return SightlineError(Reason.MEDIA_TOO_COSTLY, f"analysing the media takes more {what} than one task may have")


def _out_of_share(error: BaseException) -> bool:
    """Say whether an error is a limit of `Share` in the words of one library or another."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno in (errno.ENOMEM, errno.EFBIG)
    opencv = sys.modules.get("cv2")
    if opencv is not None and isinstance(error, opencv.error):
        return bool(getattr(error, "code", 0) == _OPENCV_NO_MEMORY)
    return "bad_alloc" in str(error) or "bad allocation" in str(error)
