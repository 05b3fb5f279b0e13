"""What is done with the models' answers: which engine answers what, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.common.media import Image
from sightline.object.detector import DetectedObject, Detector
from sightline.object.identity import ModelIdentity
from sightline.object.options import DetectOptions, unknown_name


class ObjectAnalyzer:
    """Finds and segments objects with the engines that are loaded; safe to call from many threads."""

    def __init__(self, detectors: Mapping[str, Detector], default_detector: str) -> None:
        self._detectors = detectors
        self._default_detector = default_detector

    def models(self) -> list[ModelIdentity]:
        """List what can be asked for, by name."""
        return sorted((one.identity for one in self._detectors.values()), key=lambda one: one.name)

    def detector(self, name: str) -> Detector:
        """Find a loaded model; the default for an empty name.

        Raises:
            InvalidRequest: none of them has this name; the message lists those that there are.
        """
        found = self._detectors.get(name or self._default_detector)
        if found is None:
            raise unknown_name("model", "model for detection", name, tuple(self._detectors))
        return found

    def detect(self, image: Image, options: DetectOptions) -> list[DetectedObject]:
        """Find objects.

        Returns:
            The objects, the surest first; empty where there is none.

        Raises:
            InvalidRequest: an unknown model or class, or an image size that the model does not take.
            SightlineError: OVERLOADED where every session is busy for too long.
        """
        return self.detector(options.model).detect(image, options)
