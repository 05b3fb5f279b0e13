"""Loads the models that the settings name, and puts the engines that need none beside them."""

from __future__ import annotations

from sightline.common.models import ModelStore
from sightline.object.analysis import ObjectAnalyzer
from sightline.object.classical import CELLS, SPHEROIDS, ClassicalEngine
from sightline.object.detector import Detector
from sightline.object.identity import Ability, ModelIdentity
from sightline.object.mask_engine import MaskEngine
from sightline.object.model import ObjectModel
from sightline.object.segmentation import SegmentationEngine
from sightline.object.settings import ObjectModelSettings

_ABILITIES: dict[str, tuple[Ability, ...]] = {
    "detect": ("detect",),
    "segment": ("detect", "segment"),
    "pose": ("detect", "pose"),
}
_RECIPES = {"spheroids-classical": SPHEROIDS, "cells-classical": CELLS}


def load_analyzer(store: ModelStore, settings: ObjectModelSettings) -> ObjectAnalyzer:
    """Load every model; refuses to start without one, since an answer without a model would be a lie.

    Raises:
        SightlineError: MODEL_UNAVAILABLE where a file is missing, altered, or its licence is refused.
        ValueError: a file is no export that can be served, or a default is not loaded.
    """
    detectors = {name: load_detector(name, store, settings) for name in settings.detectors}
    engines: dict[str, SegmentationEngine] = {
        name: MaskEngine(detector) for name, detector in detectors.items() if detector.head.task == "segment"
    }
    for name, recipe in _RECIPES.items():
        engines[name] = ClassicalEngine(name, recipe, settings.classical_side_px)
    return ObjectAnalyzer(detectors, engines, default_detector=settings.detectors[0], default_engine=settings.segmenter)


def load_detector(name: str, store: ModelStore, settings: ObjectModelSettings) -> Detector:
    """Load one model of the catalogue.

    Raises:
        SightlineError: MODEL_UNAVAILABLE where its file is missing, altered, or its licence is refused.
        ValueError: it is no export that can be served.
    """
    model, entry = ObjectModel(store.path(name), settings), store.entry(name)
    abilities = _ABILITIES[model.head.task]
    identity = ModelIdentity(entry.name, entry.version, entry.sha256, abilities, model.head.names)
    return Detector(model, settings, identity)
