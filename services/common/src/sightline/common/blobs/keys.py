"""Keys: where in the store things lie."""

from __future__ import annotations

from uuid import UUID

# Written when a store is first used: tells "this file is gone" from "this is not our store" (a volume that is
# not mounted, a bucket that was replaced), since only the first may fail a job for good.
MARKER = "sightline-store"
UPLOADS = "uploads"


def blob_key(collection: str, identifier: UUID) -> str:
    """Give the key of a blob, such as `media/3f/a1/0192...`.

    The folders come from the last bytes, which are random in a uuid7 (the first are the time, and would put
    all of a day into one folder): ten million blobs make 65,536 folders of about 150.
    """
    digits = identifier.hex
    return f"{collection}/{digits[-2:]}/{digits[-4:-2]}/{identifier}"
