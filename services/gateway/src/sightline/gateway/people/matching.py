"""Who a face may belong to: the people whose enrolled faces are near it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sightline.common.errors import Reason, SightlineError
from sightline.common.state.faces import INDEXED_DIMENSIONS, Faces, Near, Space

# A step in the index costs about as much as so many rows that are compared one by one: bench/people.
_STEP_ROWS = 20
_FIRST_DEPTH = 20
_DEPTH_MAX = 2000
_KNOWN_SECONDS = 10.0
_KNOWN_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for.

    Attributes:
        threshold: least cosine of the model for the face that is looked for.
        min_similarity: least cosine as the client wants it; None for the thresholds of both faces.
        people_max: most people named.
    """

    embedding: Sequence[float]
    threshold: float
    min_similarity: float | None
    people_max: int

    def least(self, found: Near) -> float:
        """Give the least cosine at which an enrolled face counts: the stricter of two thresholds."""
        return max(self.threshold, found.threshold) if self.min_similarity is None else self.min_similarity

    @property
    def bound(self) -> float:
        """The cosine below which no face counts, whichever it is."""
        return self.threshold if self.min_similarity is None else self.min_similarity


class Matching:
    """Finds people by faces, in the index or one by one, whichever is quicker."""

    def __init__(self, faces: Faces, ef_search: int) -> None:
        """Prepare to match.

        Args:
            faces: those that are enrolled.
            ef_search: how far the index is searched.
        """
        self._faces = faces
        self._ef_search = ef_search
        self._ways: OrderedDict[Space, tuple[float, bool]] = OrderedDict()

    async def check(self, space: Space) -> int:
        """Count the faces of the collection that can't be compared, since another model made them.

        Raises:
            SightlineError: FACES_OUTDATED, none of them can.
        """
        outdated = await self._faces.outdated(space)
        if outdated and not (await self._faces.sizes(space)).own:
            message = f"the {outdated} or more faces that are enrolled were made by another model than the one in use"
            raise SightlineError(Reason.FACES_OUTDATED, message)
        return outdated

    async def match(self, space: Space, wanted: Wanted) -> list[Near]:
        """Find the people whom a face may belong to.

        Returns:
            Of each person the face that is most alike, the likeliest person first.
        """
        ef_search = await self._way(space, len(wanted.embedding))
        depth = max(_FIRST_DEPTH, 2 * wanted.people_max)
        while True:
            found = await self._faces.near(space, wanted.embedding, count=depth, ef_search=ef_search)
            people = best_of_each(found, wanted)
            # Many faces of one person may have hidden those of the next.
            enough = len(people) >= wanted.people_max or len(found) < depth or found[-1].similarity < wanted.bound
            if enough or depth >= _DEPTH_MAX:
                return people[: wanted.people_max]
            depth = min(4 * depth, _DEPTH_MAX)

    async def _way(self, space: Space, dimensions: int) -> int | None:
        """Say how far the index is searched, None where it is quicker to compare every face."""
        if dimensions not in INDEXED_DIMENSIONS:
            return None
        until, indexed = self._ways.get(space, (0.0, False))
        if until <= time.monotonic():
            sizes = await self._faces.sizes(space)
            # The fewer of an index's rows are of this space, the more of its steps lead to others.
            indexed = sizes.own**2 > _STEP_ROWS * self._ef_search * sizes.shared
            self._ways[space] = (time.monotonic() + _KNOWN_SECONDS, indexed)
            self._ways.move_to_end(space)
            if len(self._ways) > _KNOWN_MAX:
                self._ways.popitem(last=False)
        return self._ef_search if indexed else None


def best_of_each(found: Iterable[Near], wanted: Wanted) -> list[Near]:
    """Keep of each person the face that is most alike, of those that are alike enough; in the order given."""
    best: dict[object, Near] = {}
    for one in found:
        if one.similarity >= wanted.least(one):
            best.setdefault(one.person_id, one)
    return list(best.values())
