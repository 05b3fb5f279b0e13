"""Tables, in a terminal and in a pipe."""

from __future__ import annotations

import sys

from sightline.client.command.output import print_table

NAME = "jobs/0197b1c2-8c1e-7b6d-9f3a-4f4f5a2b1c0d"
WHY = "the file is no film of an accepted kind. " * 20


def test_nothing_is_cut_off_in_a_pipe(capsys):
    print_table(["JOB", "KIND", "WHY"], [[NAME, "extract_keyframes", WHY]])
    assert capsys.readouterr().out.split("\n")[1].rstrip() == f"{NAME}  extract_keyframes  {WHY.rstrip()}"


def test_a_narrow_terminal_cuts_off_the_right_edge_and_no_name(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    print_table(["JOB", " TRIES", "WHY"], [[NAME, "10000", WHY]])
    row = capsys.readouterr().out.splitlines()[1]
    assert row.startswith(f"{NAME}  10000  the file is")
    assert len(row) <= 80
