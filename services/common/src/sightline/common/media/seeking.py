"""Where to begin in a film, so that what is shown at a time is not missed."""

from __future__ import annotations

from collections.abc import Iterator

# In these seeking ends at any packet near a time, and nothing decodes before the next key frame.
_WITHOUT_INDEX = frozenset({"mpegts", "mpeg"})
_STEPS_BACK_SECONDS = (3.0, 12.0, 60.0, 600.0)


def places_before(container: str, seconds: float) -> Iterator[float]:
    """Say where to seek to, nearest first, until what is found there begins at or before a time.

    One place is not enough: FLV and AVI lead to a key frame that is decoded before a time and may be shown after it,
    and containers without an index to anywhere.

    Args:
        container: the name of the format, such as `mpegts`.
        seconds: the time, from the start of the film.

    Returns:
        Times from the start of the film; the last leads to the beginning, before which there is nothing.
    """
    indexed = container not in _WITHOUT_INDEX
    if indexed:
        yield seconds
    yield from (seconds - back for back in _STEPS_BACK_SECONDS if back < seconds)
    # An index has nothing before the start, and without one only what is before it leads there.
    yield 0.0 if indexed else -1.0
