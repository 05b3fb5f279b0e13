"""The page on scaling says what the model makes of the figures that were measured, with the settings as they are."""

from __future__ import annotations

import json

import pytest
from rendering import ROOT

from bench.scaling import page
from bench.scaling.model import FILMS, PICTURES, demand
from bench.scaling.run import FIGURES
from sightline.common.settings import PostgresSettings
from sightline.gateway.settings import JobSettings

TEXT = (ROOT / "docs/scaling.md").read_text()


def test_the_tables_are_those_of_the_figures() -> None:
    assert page.with_tables(TEXT) == TEXT, "run: python -m bench.scaling.page docs/scaling.md"


def test_what_the_text_says_of_connections_follows_from_the_settings() -> None:
    small, large = page._stores()
    most = PostgresSettings().pool_max
    assert f"some {small.connections // most} processes that are all busy ({small.connections} / {most})" in TEXT
    assert f"a thousand at {large.connections // most}" in TEXT
    assert JobSettings().keep_seconds == 7 * 86_400


@pytest.mark.parametrize("mix", [PICTURES, FILMS])
def test_ten_times_the_replicas_ask_for_no_more_than_ten_times_as_much(mix: object) -> None:
    figures = json.loads(FIGURES.read_text())
    few, many = (demand(figures, mix, one, pool_size=40, bouncers=2) for one in (100, 1000))
    for name in ("jobs", "commits", "postgres_cores", "wal_bytes", "growth_bytes", "redis_commands", "blob_bytes"):
        assert getattr(few, name) <= getattr(many, name) <= 10.001 * getattr(few, name), name
    # What PgBouncer is for.
    assert many.bouncer_server < many.connections_rest < many.connections_most
