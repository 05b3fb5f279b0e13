"""Sound: taken out of films, and mixed from timed pieces.

    extract_sound(film, out, ExtractOptions(), MediaLimits(), progress=told)  -> Sound
    mix(pieces, sounds, out, MixOptions(), MediaLimits(), progress=told)      -> Mixed

`pieces` is a sequence of `Piece`; `sounds` turns the key of each into a file when its time is near (`Sounds`).

How it works: `recording` gives the samples of a file in their places in time; `reading` gives them at any rate, from
any sample on; `shelf` keeps few recordings open for many voices; `voices` adds up what sounds; `guarding` keeps the
sum from clipping; `loudness` measures; `writing` writes.
"""

from sightline.extract.sound.extracting import extract_sound
from sightline.extract.sound.mixing import mix
from sightline.extract.sound.options import ExtractOptions, Mixed, MixOptions, Piece, Sound, SoundFormat
from sightline.extract.sound.sounds import LocalSounds, Sounds

__all__ = [
    "ExtractOptions",
    "LocalSounds",
    "MixOptions",
    "Mixed",
    "Piece",
    "Sound",
    "SoundFormat",
    "Sounds",
    "extract_sound",
    "mix",
]
