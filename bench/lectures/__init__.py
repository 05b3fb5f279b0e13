"""Lectures made by code, with the truth about them: what was shown when, and what happened on the way.

lecture = make_lecture("builds", seed=7)     a script: shots, overlays, encoding
write_film(lecture, path)                    H.264, by PyAV
lecture.truth                                the slides, their times and their builds
"""

from bench.lectures.film import Encoding, write_film
from bench.lectures.script import Lecture, Shot, TruthSlide
from bench.lectures.subjects import SUBJECTS, make_lecture

__all__ = ["SUBJECTS", "Encoding", "Lecture", "Shot", "TruthSlide", "make_lecture", "write_film"]
