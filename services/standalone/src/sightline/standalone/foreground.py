"""`up`: run until a signal comes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

from sightline.standalone import panel
from sightline.standalone.log import Log
from sightline.standalone.settings import Settings
from sightline.standalone.system import Standalone

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def stay(settings: Settings) -> None:
    """Start everything, show where it is, and stop it all at the first signal, even while it starts.

    Raises:
        StandaloneError: it could not be started.
    """
    log = Log(style=settings.log_format)
    until_a_signal(log)
    with contextlib.suppress(asyncio.CancelledError):
        async with Standalone(settings, log) as system:
            log.write(shown(system, coloured=sys.stdout.isatty()) if settings.log_format == "console" else "")
            await asyncio.Event().wait()
    log.say("everything has stopped")


def until_a_signal(log: Log) -> None:
    """Cancel the present task at the first signal; more of them change nothing, since it is ending already."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop(number: signal.Signals) -> None:
        if task is not None and not stopping.is_set():
            stopping.set()
            log.say(f"{number.name}: stopping")
            task.cancel()

    for number in SIGNALS:
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` wants it
            loop.add_signal_handler(number, stop, number)


def shown(system: Standalone, *, coloured: bool) -> str:
    """The panel of a running system."""
    addresses = system.addresses
    words = addresses.public_words()
    return panel.render(words, str(system.folder.root), addresses.server, system.key, coloured=coloured)
