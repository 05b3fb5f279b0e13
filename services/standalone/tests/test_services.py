"""What our own processes are told."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from pydantic import SecretStr

from sightline.common.settings import ServiceSettings, variables
from sightline.standalone import addresses, services
from sightline.standalone.catalogue import ANALYSERS, SERVICES
from sightline.standalone.folder import Folder, Passwords
from sightline.standalone.program import Program
from sightline.standalone.settings import Settings

PASSWORDS = Passwords(postgres="p-secret", valkey="v-secret")


def described(name: str, folder: Path, **changed: object) -> Program:
    settings = Settings.model_validate({"folder": folder, **changed})
    return services.service(name, settings, Folder(folder), addresses.choose(settings, PASSWORDS))


def settings_classes(name: str, prefix: str) -> list[type[ServiceSettings]]:
    module = importlib.import_module(f"sightline.{name}.settings")
    classes = [it for it in vars(module).values() if isinstance(it, type) and issubclass(it, ServiceSettings)]
    return [it for it in classes if it.model_config.get("env_prefix") == prefix]


@pytest.mark.parametrize("name", SERVICES)
def test_a_child_sees_its_own_settings_and_no_stray_ones(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = f"{name.upper()}_"
    monkeypatch.setenv(f"{prefix}RPC__PORT", "1")
    monkeypatch.setenv("STANDALONE_FOLDER", "elsewhere")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "stray")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    environment = described(name, tmp_path).environment
    assert environment[f"{prefix}RPC__PORT"] != "1"
    assert environment["OMP_NUM_THREADS"] == "1"
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    others = [variable for variable in environment if "__" in variable and not variable.startswith(prefix)]
    assert others == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_variable_that_a_service_is_given_is_one_of_its_settings(name: str, tmp_path: Path) -> None:
    prefix = f"{name.upper()}_"
    (kind,) = settings_classes(name, prefix)
    known = {variable for variable, _, _ in variables(kind, prefix)}
    given = {v for v in described(name, tmp_path, otlp_endpoint="http://x").environment if v.startswith(prefix)}
    mapped = {f"{prefix}SERVICES__{analyser.upper()}" for analyser in ANALYSERS}
    assert given - known - mapped == set()


def test_the_gateway_is_told_where_every_analyser_is(tmp_path: Path) -> None:
    environment = described("gateway", tmp_path).environment
    for name in ANALYSERS:
        assert environment[f"GATEWAY_SERVICES__{name.upper()}"].startswith("127.0.0.1:")
    assert environment["GATEWAY_BOOTSTRAP_KEY_FILE"] == str(tmp_path / "key")


def test_a_service_can_be_given_more_settings_by_its_prefix(tmp_path: Path) -> None:
    more = {"FACE_WORKER__SLOTS": "1", "GATEWAY_RPC__DRAIN_SECONDS": "1"}
    environment = described("face", tmp_path, services=more).environment
    assert environment["FACE_WORKER__SLOTS"] == "1"
    assert "GATEWAY_RPC__DRAIN_SECONDS" not in environment


def test_external_stores_are_used_as_they_are_given(tmp_path: Path) -> None:
    urls = {"postgres_url": SecretStr("postgresql://db/x"), "redis_url": SecretStr("rediss://broker/1")}
    environment = described("face", tmp_path, **urls).environment
    assert environment["FACE_POSTGRES__URL"] == "postgresql://db/x"
    assert environment["FACE_REDIS__URL"] == "rediss://broker/1"


def test_the_licence_choice_reaches_the_services_and_the_fetching(tmp_path: Path) -> None:
    strict = Settings(folder=tmp_path, allow_noncommercial=False)
    assert described("face", tmp_path).environment["FACE_MODELS__ALLOW_NONCOMMERCIAL"] == "true"
    assert "--allow-noncommercial" not in services.fetching(strict, Folder(tmp_path)).command
    assert "--allow-noncommercial" in services.fetching(Settings(folder=tmp_path), Folder(tmp_path)).command


def test_what_is_shown_to_people_has_no_password_in_it(tmp_path: Path) -> None:
    chosen = addresses.choose(Settings(folder=tmp_path), PASSWORDS)
    assert "secret" not in str(chosen.public_words())
    assert "p-secret" in chosen.postgres_url
