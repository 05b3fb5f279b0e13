"""The configuration of PgBouncer says what the services would, and keeps the password to itself."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest
from pydantic import SecretStr

from sightline.common.settings import PostgresSettings
from sightline.common.state.bouncer import BouncerSettings, Unsuitable, write_configuration
from sightline.common.state.sessions import pooled, session_settings, straight

URL = "postgresql://o'brien:p%22w@db.example.org:5433/my-db?target_session_attrs=read-write"


def written(folder: Path, url: str = URL, **changes: object) -> configparser.ConfigParser:
    settings = PostgresSettings.model_validate({"url": url, **changes})
    write_configuration(settings, BouncerSettings(folder=folder, pool_size=7))
    read = configparser.ConfigParser(interpolation=None)
    read.read(folder / "pgbouncer.ini")
    return read


def test_every_session_is_set_as_a_process_of_ours_would_set_its_own(tmp_path: Path) -> None:
    ini = written(tmp_path, statement_timeout_seconds=7)
    (target,) = ini["databases"].values()
    words = dict(word.split("=", 1) for word in shlex.split(target))
    wanted = session_settings(PostgresSettings(statement_timeout_seconds=7))
    assert words["connect_query"] == "; ".join(f"SET {name} = {value}" for name, value in wanted.items())
    assert wanted["statement_timeout"] == "7000"
    assert (words["host"], words["port"], words["dbname"]) == ("db.example.org", "5433", "my-db")
    assert ini["pgbouncer"]["pool_mode"] == "transaction"
    assert ini["pgbouncer"]["default_pool_size"] == "7"


def test_the_password_is_in_one_file_for_its_owner_alone(tmp_path: Path) -> None:
    written(tmp_path)
    secret = tmp_path / "userlist.txt"
    assert secret.read_text() == '"o\'brien" "p""w"\n'
    assert secret.stat().st_mode & 0o077 == 0
    assert "p" + '"' + "w" not in (tmp_path / "pgbouncer.ini").read_text()


def test_one_setting_turns_prepared_statements_off_at_both_ends(tmp_path: Path) -> None:
    assert "max_prepared_statements" in written(tmp_path)["pgbouncer"]
    assert "max_prepared_statements" not in written(tmp_path, prepared_statements=False)["pgbouncer"]
    settings = PostgresSettings(prepared_statements=False)
    assert straight(settings, "x")["prepare_threshold"] is None
    assert "prepare_threshold" not in straight(PostgresSettings(), "x")


def test_a_certificate_that_the_url_trusts_is_trusted_there_too(tmp_path: Path) -> None:
    trusted = tmp_path / "authority.pem"
    trusted.write_text("one that signs")
    folder = tmp_path / "bouncer"
    folder.mkdir()
    own = written(folder, f"postgresql://u:p@h/d?sslmode=verify-full&sslrootcert={trusted}")["pgbouncer"]
    assert own["server_tls_sslmode"] == "verify-full"
    assert Path(own["server_tls_ca_file"]).read_text() == "one that signs"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql:///d", "has no host, user, password"),
        ("postgresql://u@h/d", "has no password"),
        ("postgresql://u:p@h1,h2/d", "several hosts"),
        ("postgresql://u:p@h/d%20b", "name 'd b'"),
        ("postgresql://u:p@h/pgbouncer", "name 'pgbouncer'"),
    ],
)
def test_a_url_that_it_can_not_be_told_is_refused_with_the_reason(tmp_path: Path, url: str, reason: str) -> None:
    with pytest.raises(Unsuitable, match=reason):
        written(tmp_path, url)
    assert not list(tmp_path.iterdir())


def test_a_pooled_connection_is_who_the_url_says_at_the_place_that_the_pooler_says() -> None:
    url = SecretStr("postgresql://u:p@primary:5432,standby:5433/d?sslmode=verify-full")
    settings = PostgresSettings(url=url, pooler=SecretStr("postgresql://pooler:6432"))
    through, past = pooled(settings, "gateway"), straight(settings, "gateway")
    assert {name: through[name] for name in ("host", "port", "user", "password", "dbname")} == {
        "host": "pooler",
        "port": "6432",
        "user": "u",
        "password": "p",
        "dbname": "d",
    }
    assert "sslmode" not in through
    assert "options" not in through
    assert (past["host"], past["sslmode"]) == ("primary,standby", "verify-full")
    assert "-c statement_timeout=30000" in past["options"]


def test_a_pooler_may_have_a_user_and_a_database_of_its_own() -> None:
    pooler = SecretStr("postgresql://other:secret@pooler:6432/pooled?sslmode=require")
    through = pooled(PostgresSettings(url=SecretStr("postgresql://u:p@h/d"), pooler=pooler), "x")
    assert (through["user"], through["dbname"], through["sslmode"]) == ("other", "pooled", "require")
