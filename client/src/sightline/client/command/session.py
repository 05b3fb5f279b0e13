"""What every command is told: where the server is, with which key, and for how long to wait."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import typer

from sightline import client


@dataclass(frozen=True, slots=True)
class Session:
    """The options that stand before the command.

    Attributes:
        server: the address, as the client takes it.
        key: the key, or None.
        timeout: how many seconds a call or a wait may take; None leaves it to the client.
        ca_file: the certificates to trust, or None.
    """

    server: str
    key: str | None
    timeout: float | None
    ca_file: Path | None

    def connect(self, attempts: int = 6) -> client.Sightline:
        """Make the client; gRPC is loaded only now.

        Args:
            attempts: how often a call is tried; fewer than in a program, since somebody sits and waits.
        """
        retry = client.RetryPolicy(attempts=attempts)
        return client.Sightline(self.server, self.key, ca_file=self.ca_file, retry=retry)


def session(context: typer.Context) -> Session:
    """Give the options of the command line that is being run."""
    return cast(Session, context.find_root().obj)
