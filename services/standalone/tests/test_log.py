"""One readable log."""

from __future__ import annotations

import io
import json

import pytest

from sightline.standalone.log import Log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_line_stands_behind_the_name_of_who_said_it() -> None:
    stream = io.StringIO()
    log = Log(stream)
    log.line("face", "loaded")
    log.say("ready")
    assert stream.getvalue() == "face       | loaded\nstandalone | ready\n"


def test_a_terminal_shows_each_name_in_a_colour_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    log = Log(stream)
    log.line("face", "a")
    log.line("gateway", "b")
    log.line("face", "c")
    colours = [line.split("m")[0] for line in stream.getvalue().splitlines()]
    assert colours[0] == colours[2] != colours[1]


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    Log(stream).line("face", "a")
    assert "\x1b" not in stream.getvalue()


def test_a_machine_reads_json_only_and_each_object_as_it_was_said() -> None:
    stream = io.StringIO()
    log = Log(stream, "json")
    log.line("face", '{"event": "loaded"}')
    log.line("postgres", "LOG:  ready")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first == {"event": "loaded"}
    assert (second["service"], second["event"]) == ("postgres", "LOG:  ready")


def test_a_reader_that_went_away_stops_nothing() -> None:
    stream = io.StringIO()
    log = Log(stream)
    stream.close()
    log.say("nobody hears this")
