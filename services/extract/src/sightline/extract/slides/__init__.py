"""Slides from the film of a lecture: what was shown, each once, in order, with its times.

Three steps, which may run in different processes; what goes from one to the next can be pickled:

    showings = find_slides(path, options, limits, start_seconds=0.0, end_seconds=600.0, progress=report)
    showings = join_showings([those of the first range, those of the second, ...], options)
    slides = number_slides(showings)
    for slide, pixels in zip(slides, read_pictures(path, slides, limits)): ...

`find_slides` searches a range of a film (the whole film by default) and gives its showings: each time that a slide, or
a camera, is on the screen. `join_showings` joins the ranges of one film, which may be cut anywhere; it is not needed
where there was but one. `number_slides` makes slides of showings: each once, numbered from 1 in the order of first
showing, with all the ranges of time in which it was shown, where it is in the picture, and, where builds are kept,
which slide it is a build of; a film without slides has none. `read_pictures` reads each at the film's full resolution,
cut to its region.

How it works, in the order of the modules: `film` reads packets, key frames and spans; `packets` tells from sizes
alone where something new came; `views` and `changes` reduce frames and compare them; `motion` and `tickers` know what
moves by itself; `tracing` decides what is decoded at all; `stills` cuts what was seen into times of stillness;
`placing` knows a page that was scrolled or magnified; `grouping` makes showings of stills; `joining` mends seams;
`numbering` and `region` say what the slides are and where; `pictures` reads them.
"""

from sightline.extract.slides.finding import find_slides
from sightline.extract.slides.joining import join_showings
from sightline.extract.slides.numbering import number_slides
from sightline.extract.slides.pictures import read_pictures
from sightline.extract.slides.slide import Look, Showing, ShowingKind, Slide, SlideOptions

__all__ = [
    "Look",
    "Showing",
    "ShowingKind",
    "Slide",
    "SlideOptions",
    "find_slides",
    "join_showings",
    "number_slides",
    "read_pictures",
]
