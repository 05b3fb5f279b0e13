"""The demonstration: the whole path of real pictures and of a lecture, from the upload to what was found and made."""

from __future__ import annotations

from sightline.standalone.demo.show import run

__all__ = ["run"]
