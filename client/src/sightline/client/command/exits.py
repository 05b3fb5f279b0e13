"""How the command ends, as a number that scripts can use."""

from __future__ import annotations

from enum import IntEnum

from sightline.client import errors


class Exit(IntEnum):
    """The exit statuses; each has its meaning in `MEANINGS`."""

    OK = 0
    ANSWER_IS_NO = 1
    USAGE = 2
    BAD_INPUT = 3
    NOT_FOUND = 4
    NO_ACCESS = 5
    QUOTA = 6
    UNAVAILABLE = 7
    JOB_NOT_SUCCEEDED = 8
    REFUSED = 9
    FAULT = 10
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done, and found",
    Exit.ANSWER_IS_NO: "done, and the answer is no: no face in any photo, not the same person",
    Exit.USAGE: "the command line is wrong",
    Exit.BAD_INPUT: "a file can't be read, is no media that can be analysed, or a value breaks its rule",
    Exit.NOT_FOUND: "the job or file does not exist for this key",
    Exit.NO_ACCESS: "the key is missing, unknown or not allowed to do this",
    Exit.QUOTA: "a quota, a rate limit or the queue is full",
    Exit.UNAVAILABLE: "the server is away, not ready, or did not answer in time",
    Exit.JOB_NOT_SUCCEEDED: "the job has failed or was cancelled",
    Exit.REFUSED: "not possible as things are, such as cancelling a job that has ended",
    Exit.FAULT: "a fault of the server, or of this command",
    Exit.INTERRUPTED: "interrupted with Ctrl-C; jobs go on",
}

_OF_ERROR: tuple[tuple[type[Exception], Exit], ...] = (
    (errors.InvalidRequest, Exit.BAD_INPUT),
    (errors.NotFound, Exit.NOT_FOUND),
    (errors.Unauthenticated, Exit.NO_ACCESS),
    (errors.PermissionDenied, Exit.NO_ACCESS),
    (errors.QuotaExceeded, Exit.QUOTA),
    (errors.Unavailable, Exit.UNAVAILABLE),
    (errors.JobNotSucceeded, Exit.JOB_NOT_SUCCEEDED),
    (errors.Conflict, Exit.REFUSED),
    (errors.NotOffered, Exit.REFUSED),
    (OSError, Exit.BAD_INPUT),
)


def exit_of(error: Exception) -> Exit:
    """Choose the exit status for an error."""
    return next((status for kind, status in _OF_ERROR if isinstance(error, kind)), Exit.FAULT)
