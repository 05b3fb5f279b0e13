"""Pictures that stand for a film: few, sharp, unlike each other, and spread over its scenes.

for keyframe in read_keyframes(path, choose_keyframes(path, limits, 20), limits, max_side_px=640): ...
"""

from __future__ import annotations

from sightline.extract.keyframes.finding import Keyframe, choose_keyframes, read_keyframes

__all__ = ["Keyframe", "choose_keyframes", "read_keyframes"]
