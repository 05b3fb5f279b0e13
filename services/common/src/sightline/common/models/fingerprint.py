"""The fingerprint of a service: equal where the same input is sure to give the same results."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version

from sightline.common.models.store import ModelStore
from sightline.common.settings import AnalyserSettings

# Where things are and how fast they go. All else may change what is found: rather too much of it than too little, since
# what is told apart without need is only done once more.
_WITHOUT_EFFECT = {"models", "blobs", "postgres", "redis", "rpc", "telemetry", "worker"}


def fingerprint(service: str, service_version: str, settings: AnalyserSettings) -> bytes:
    """Give the fingerprint of what a service makes its results with: its code, its models and its settings.

    Args:
        service: its name.
        service_version: the version of its package.
        settings: of the service; those of its own sections count, and the file of every model that they may name.
    """
    models = {entry.name: entry.sha256 for entry in ModelStore(settings.models).catalogue.models}
    own = settings.model_dump(mode="json", exclude=_WITHOUT_EFFECT)
    made_with = [service, service_version, version("sightline-common"), models, own]
    return hashlib.sha256(json.dumps(made_with, sort_keys=True).encode()).digest()
