"""A gateway that is killed between a commit and its publication: once it was about to publish, it is gone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence

from sightline.common.queue import Message, Publisher
from sightline.gateway.main import main

# Long enough for the answer to reach the client: what is lost then was acknowledged.
ANSWER_SECONDS = 0.5


async def die(_self: Publisher, _queue: str, messages: Sequence[Message]) -> bool:
    """Publish nothing, ever."""
    if not messages:
        return True
    await asyncio.sleep(ANSWER_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
    return False


if __name__ == "__main__":
    Publisher.publish = die  # type: ignore[method-assign]
    main()
