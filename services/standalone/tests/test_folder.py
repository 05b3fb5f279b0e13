"""The data folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sightline.standalone.folder import AlreadyRunningError, Folder, write_private
from sightline.standalone.program import StandaloneError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    with Folder(tmp_path / "data").lock():
        assert mode(tmp_path / "data") == 0o700


def test_a_folder_that_exists_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with Folder(tmp_path).lock():
        assert mode(tmp_path) == 0o755


def test_two_supervisors_never_hold_one_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with folder.lock():
        assert folder.holder() == os.getpid()
        with pytest.raises(AlreadyRunningError, match=str(os.getpid())), Folder(tmp_path).lock():
            pass
    assert folder.holder() is None
    with folder.lock():
        pass


def test_passwords_are_chosen_once_and_private(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    chosen = folder.passwords()
    assert chosen.postgres != chosen.valkey
    assert len(chosen.postgres) >= 32
    assert Folder(tmp_path).passwords() == chosen
    assert mode(tmp_path / "passwords.json") == 0o600


def test_a_database_whose_password_is_lost_is_named(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.postgres.mkdir(parents=True)
    with pytest.raises(StandaloneError, match=r"passwords\.json is missing"):
        folder.passwords()


def test_a_damaged_password_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "passwords.json").write_text("{")
    with pytest.raises(StandaloneError, match="damaged"):
        Folder(tmp_path).passwords()


def test_the_word_for_clients_is_private_and_survives_nonsense(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.read_run() == {}
    folder.write_run({"pid": 7})
    assert folder.read_run() == {"pid": 7}
    assert mode(folder.run) == 0o600
    folder.run.write_text("[1]")
    assert folder.read_run() == {}


def test_a_private_file_is_private_from_its_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file.draft").write_text("left by an earlier try, readable")
    write_private(tmp_path / "file", "secret")
    assert mode(tmp_path / "file") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
