"""The pages of the project lead to each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_PLACES = ("*.md", "docs/**/*.md", "bench/**/*.md", "k8s/**/*.md", "charts/*/*.md", "client/*.md", "services/*/*.md")
PAGES = sorted({page for place in _PLACES for page in ROOT.glob(place)})
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def linked_from(page: Path) -> set[Path]:
    """The files and folders of the project that a page links."""
    links = _LINK.findall(page.read_text())
    return {(page.parent / link).resolve() for link in links if "://" not in link}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert [link for link in linked_from(page) if not link.exists()] == []


def test_every_page_is_found_from_the_readme() -> None:
    found, waiting = {ROOT / "README.md"}, [ROOT / "README.md"]
    while waiting:
        for link in linked_from(waiting.pop()):
            page = link / "README.md" if link.is_dir() else link
            if page in PAGES and page not in found:
                found.add(page)
                waiting.append(page)
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in found] == []
