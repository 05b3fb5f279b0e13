"""The catalogue that is shipped says everything that an operator has to know."""

from __future__ import annotations

import pytest

from sightline.common.errors import Reason, SightlineError
from sightline.common.models import Catalogue


def test_every_entry_is_named_once_and_says_its_licences() -> None:
    models = Catalogue.shipped().models
    assert len({entry.name for entry in models}) == len(models)
    assert all(entry.code_licence and entry.weights_licence and entry.output for entry in models)


def test_every_entry_can_be_had_somewhere_else_than_from_the_operator() -> None:
    assert all(entry.sources for entry in Catalogue.shipped().models)


def test_every_archive_is_pinned() -> None:
    sources = [source for entry in Catalogue.shipped().models for source in entry.sources]
    assert all(source.archive_sha256 for source in sources)


def test_packs_name_only_models_that_exist() -> None:
    catalogue = Catalogue.shipped()
    assert all(catalogue.entries([pack]) for pack in catalogue.packs)


def test_every_embedder_says_when_faces_match_and_is_stricter_when_it_should() -> None:
    embedders = [entry for entry in Catalogue.shipped().models if entry.task == "face-embedding"]
    assert embedders
    for entry in embedders:
        assert entry.thresholds is not None
        assert entry.thresholds.strict > entry.thresholds.ordinary


def test_the_default_pack_is_had_from_package_registries_alone() -> None:
    kinds = {source.kind for entry in Catalogue.shipped().entries(["default"]) for source in entry.sources}
    assert kinds == {"pypi", "npm"}


def test_an_unknown_name_is_refused_with_those_that_exist() -> None:
    with pytest.raises(SightlineError, match="scrfd") as refused:
        Catalogue.shipped().entry("nothing")
    assert refused.value.reason is Reason.MODEL_UNAVAILABLE
