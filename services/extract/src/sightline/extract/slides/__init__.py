"""Slides from the film of a lecture: what was shown, each once, in order, with its times.

    slides = find_slides(path, SlideOptions(), MediaLimits())
    picture = read_picture(path, slides[0], MediaLimits())

A long film is split at any times, each range is searched on its own, and the lists are joined again:

    join_slides([find_slides(path, options, limits, start_seconds=a, end_seconds=b) for a, b in ranges], options)

How it works, in the order of the modules: `film` reads packets, key frames and spans; `packets` tells from sizes
alone where something new came; `views` and `changes` reduce frames and compare them; `motion` and `tickers` know what
moves by itself; `tracing` decides what is decoded at all; `stills` cuts what was seen into times of stillness;
`placing` knows a page that was scrolled or magnified; `grouping` makes slides of stills; `joining` mends seams.
"""

from sightline.extract.slides.finding import find_slides, read_picture
from sightline.extract.slides.joining import join_slides
from sightline.extract.slides.slide import Look, Slide, SlideKind, SlideOptions

__all__ = ["Look", "Slide", "SlideKind", "SlideOptions", "find_slides", "join_slides", "read_picture"]
