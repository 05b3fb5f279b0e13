"""Where the recordings of a mix come from: fetched when their time is near, let go when it has passed."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Sounds(Protocol):
    """Gives the mix its recordings as files on this machine.

    `mix` calls both methods from its own thread, one at a time, in the order of the time line. A key is fetched
    once before its first piece sounds, whatever the number of pieces that share it, and released once when the
    last piece that sounds now has ended. A key that is released with `needed_again` may be fetched again later
    (a short recording is remembered without its file): whoever fetches decides what is kept until then. A file must
    stay as it is between the two calls.
    """

    def fetch(self, key: str) -> Path:
        """Give the file of a recording; called shortly before it sounds (within a second of the time line).

        Raises:
            SightlineError: it can't be had; the mix ends with that error.
        """

    def release(self, key: str, *, needed_again: bool) -> None:
        """Hear that nothing that sounds now needs the file; also called, for all that are left, when a mix fails."""


class LocalSounds:
    """Recordings that are files here already: the key is the path."""

    def fetch(self, key: str) -> Path:
        """Give the path."""
        return Path(key)

    def release(self, key: str, *, needed_again: bool) -> None:
        """Keep the file: it is not ours."""
