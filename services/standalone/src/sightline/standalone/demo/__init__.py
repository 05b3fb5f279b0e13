"""The demonstration: the whole path of real pictures, from the upload to faces drawn on them."""

from __future__ import annotations

from sightline.standalone.demo.show import run

__all__ = ["run"]
