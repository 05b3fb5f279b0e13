"""Errors in words, on the standard error; the first one decides how the command ends."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from sightline.client.command.exits import Exit, exit_of
from sightline.client.environment import KEY_VARIABLE, SERVER_VARIABLE
from sightline.client.errors import SightlineError, Unauthenticated


class Complaints:
    """The errors of a command that goes on with the rest after one of its arguments failed."""

    def __init__(self) -> None:
        self._first: Exit | None = None

    @contextmanager
    def about(self, subject: str) -> Iterator[None]:
        """Report an error in the block as one about the subject, and go on after the block."""
        try:
            yield
        except (SightlineError, OSError) as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            complain(error, subject)
            self._first = self._first or exit_of(error)

    def end(self, otherwise: Exit = Exit.OK) -> None:
        """End the command as the first error says, and without one as `otherwise` says."""
        status = self._first if self._first is not None else otherwise
        if status is not Exit.OK:
            raise typer.Exit(status)


def complain(error: Exception, subject: str = "") -> None:
    """Say what went wrong and what is known about it."""
    about = f"{subject}: " if subject and subject not in str(error) else ""
    if isinstance(error, SightlineError):
        _write(f"{about}{error.message}{f' ({error.reason})' if error.reason else ''}")
        for violation in error.violations:
            _write(f"  {violation.field}: {violation.description}")
        if error.retry_after_seconds:
            _write(f"  come back in {error.retry_after_seconds:.0f} s")
        if isinstance(error, Unauthenticated):
            _write(f"  {KEY_VARIABLE} or --key gives the key")
        elif error.code == "UNAVAILABLE" and not error.reason:
            _write(f"  {SERVER_VARIABLE} or --server says where the server is")
        if error.request_id:
            _write(f"  request id {error.request_id}")
    elif isinstance(error, OSError):
        _write(f"{_file_of(error, subject)}{error.strerror}" if error.strerror else f"{about}{error}")
    else:
        _write(f"{about}{error}")


def _file_of(error: OSError, subject: str) -> str:
    """Name the file that an error is about: one of two photos, or a drawing of the photo that can't be written."""
    file = str(error.filename) if error.filename is not None else subject
    named = (file,) if file in subject else (subject, file)
    return "".join(f"{name}: " for name in named if name)


def note(text: str) -> None:
    """Say something that is no result, on the standard error."""
    typer.echo(text, err=True)


def _write(text: str) -> None:
    note(f"sightline: {text}")
