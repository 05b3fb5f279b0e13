"""Blobs: the bytes of media and results, in a folder on one machine or in a bucket in a cluster."""

from __future__ import annotations

from sightline.common.blobs.keys import blob_key
from sightline.common.blobs.measuring import Written
from sightline.common.blobs.opening import open_blobs
from sightline.common.blobs.store import BlobStore

__all__ = ["BlobStore", "Written", "blob_key", "open_blobs"]
