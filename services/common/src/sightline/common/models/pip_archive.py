"""Save one archive of the package index that pip is configured for; a program, run by itself.

    python -I pip_archive.py PACKAGE VERSION sdist|wheel FOLDER

It stands apart because pip is used from the inside: `pip download` would run the build code of a source
archive to learn its metadata. Only the finding of the file and pip's HTTP session are used, so every
setting of pip (index, mirrors, certificates, proxies, passwords) holds.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any


def save(package: str, version: str, archive: str, folder: Path) -> None:
    """Find the archive in the index and save it.

    Raises:
        SystemExit: pip is not there, or the index has no such archive.
    """
    try:
        from pip._internal.commands import create_command  # noqa: PLC0415 - pip may be missing
    except ImportError:
        raise SystemExit("this Python has no pip; install it, or name a folder with the file in it") from None
    command: Any = create_command("download")
    options, _ = command.parse_args([f"{package}=={version}"])
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options=options, session=session)
        for candidate in finder.find_all_candidates(package):
            if str(candidate.version) == version and candidate.link.is_wheel == (archive == "wheel"):
                _download(session, candidate.link, folder)
                return
    raise SystemExit(f"the index has no {archive} of {package} {version}")


def _download(session: Any, link: Any, folder: Path) -> None:
    headers = {"Accept-Encoding": "identity"}  # the archive as it is, not packed once more for the way
    with session.get(link.url_without_fragment, headers=headers, stream=True) as answer:
        answer.raise_for_status()
        with (folder / link.filename).open("wb") as file:
            shutil.copyfileobj(answer.raw, file)


if __name__ == "__main__":
    save(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
