"""Models and sample pictures: one catalogue, one folder, every file checked by sha256.

    store = ModelStore(settings)
    store.fetch(["default"])            at set-up; the only thing that touches the network
    store.path("scrfd-2.5g")            at start; verified, or an error that says how to get it
    store.entry("scrfd-2.5g").sha256    what results name

Nothing is fetched while a request waits.
"""

from sightline.common.models.catalogue import Catalogue, MatchThresholds, ModelEntry
from sightline.common.models.fingerprint import fingerprint
from sightline.common.models.store import ModelStore

__all__ = ["Catalogue", "MatchThresholds", "ModelEntry", "ModelStore", "fingerprint"]
