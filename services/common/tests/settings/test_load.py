"""Settings are read once, and what is wrong with them is said before anything starts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from sightline.common.settings import PostgresSettings, ServiceSettings, load, variables


class ProbeSettings(ServiceSettings):
    """A service that exists only here."""

    model_config = SettingsConfigDict(env_prefix="PROBE_")

    depth: int = 3
    postgres: PostgresSettings = PostgresSettings()


def test_a_nested_variable_reaches_its_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_POSTGRES__POOL_MAX", "17")
    assert load(ProbeSettings, []).postgres.pool_max == 17


def test_an_unknown_variable_with_the_prefix_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROBE_POSTGRES__POOL_MAXX", "17")
    with pytest.raises(SystemExit) as left:
        load(ProbeSettings, [])
    assert left.value.code == 2
    assert "PROBE_POSTGRES__POOL_MAXX" in capsys.readouterr().err


def test_a_refused_value_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROBE_POSTGRES__POOL_MAX", "0")
    with pytest.raises(SystemExit):
        load(ProbeSettings, [])
    assert "PROBE_POSTGRES__POOL_MAX" in capsys.readouterr().err


def test_help_lists_every_variable_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        load(ProbeSettings, ["--help"])
    text = capsys.readouterr().out
    assert left.value.code == 0
    assert all(name in text for name, _, _ in variables(ProbeSettings, "PROBE_"))
    assert "PROBE_DEPTH\n" in text


def test_settings_can_not_be_changed() -> None:
    with pytest.raises(ValidationError):
        ProbeSettings().depth = 4  # type: ignore[misc]


def test_a_secret_does_not_show_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_POSTGRES__URL", "postgresql://u:hunter2@h/db")
    assert "hunter2" not in repr(load(ProbeSettings, []))
