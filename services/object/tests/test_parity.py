"""The same objects as Ultralytics, whose answers `make parity` has recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from parity_compare import differences

from sightline.object.detector import Detector

ANSWERS = Path(__file__).with_name("parity")


def test_every_model_sees_what_ultralytics_sees_with_it(detector: Detector) -> None:
    recorded = json.loads((ANSWERS / f"{detector.identity.name}.json").read_text("utf-8"))
    found = differences(detector, recorded)
    assert found.objects >= 7
    assert found.good, found


@pytest.fixture
def recorded() -> dict[str, Any]:
    """What Ultralytics says of one picture with the default model."""
    answer: dict[str, Any] = json.loads((ANSWERS / "people-falls.json").read_text("utf-8"))
    return answer | {"pictures": {"astronaut": answer["pictures"]["astronaut"]}}


def test_an_answer_that_is_a_pixel_off_is_noticed(default_detector: Detector, recorded: dict[str, Any]) -> None:
    recorded["pictures"]["astronaut"][0]["box"][0] += 1.5
    assert not differences(default_detector, recorded).good


@pytest.mark.parametrize("change", [lambda said: said.pop(), lambda said: said[0].update({"class": "Fall"})])
def test_an_object_too_many_or_of_another_class_is_noticed(
    default_detector: Detector, recorded: dict[str, Any], change: Callable[[list[dict[str, Any]]], Any]
) -> None:
    change(recorded["pictures"]["astronaut"])
    assert differences(default_detector, recorded).unmatched
