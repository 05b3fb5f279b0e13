"""Lectures made by code, with the truth about them: what was shown when, and what happened on the way.

lecture = make_lecture("builds", seed=7)     a script: shots, overlays, encoding
write_film(lecture, path)                    by PyAV, with the codec that the lecture asks for
lecture.truth                                the slides, their times and their builds

Seeds below 200 are for finding out what is wrong; those from 200 on (300 for `exam.py`) are held out: they are for the
tables alone, and nothing is fitted to them.
"""

from bench.lectures.catalogue import SUBJECTS, make_lecture
from bench.lectures.film import Encoding, remuxed, suffix, write_film
from bench.lectures.script import Lecture, Shot, TruthSlide

__all__ = ["SUBJECTS", "Encoding", "Lecture", "Shot", "TruthSlide", "make_lecture", "remuxed", "suffix", "write_film"]
