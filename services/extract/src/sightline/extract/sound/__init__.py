"""Sound: taken out of films, and mixed from timed pieces.

    extract_sound(film, out, ExtractOptions(), MediaLimits(), progress)  -> Sound
    mix(pieces, sounds, out, MixOptions(), MediaLimits(), progress)      -> Mixed

`pieces` is a sequence of `Piece`; `sounds` turns the key of each into a file when its time is near (`Sounds`).
"""

from sightline.extract.sound.options import ExtractOptions, Mixed, MixOptions, Piece, Sound, SoundFormat
from sightline.extract.sound.sounds import LocalSounds, Sounds

__all__ = ["ExtractOptions", "LocalSounds", "MixOptions", "Mixed", "Piece", "Sound", "SoundFormat", "Sounds"]
