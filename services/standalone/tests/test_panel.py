"""What is shown when everything is up."""

from __future__ import annotations

from sightline.standalone.panel import render

LONG = "/a/very/long/folder" * 10


def test_the_two_lines_for_a_client_can_be_copied_as_they_are() -> None:
    text = render({"REST": "http://x:1/v1/"}, LONG, "http://x:1", "sl_key", coloured=False)
    assert "export SIGHTLINE_SERVER=http://x:1" in text.splitlines()
    assert "export SIGHTLINE_KEY=sl_key" in text.splitlines()
    assert "http://x:1/v1/" in text


def test_without_a_key_none_is_shown() -> None:
    assert "SIGHTLINE_KEY" not in render({}, "data", "http://x:1", "", coloured=False)


def test_colours_are_for_terminals() -> None:
    assert "\x1b[" in render({}, "data", "x", "k", coloured=True)
    assert "\x1b[" not in render({}, "data", "x", "k", coloured=False)
