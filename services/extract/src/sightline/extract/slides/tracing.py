"""Walk through a film: key frames first, and frame by frame only where it must be."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sightline.common.errors import MediaRejected, Reason
from sightline.extract.slides.changes import Change, compare
from sightline.extract.slides.film import FilmReader, PacketNote
from sightline.extract.slides.motion import is_flat
from sightline.extract.slides.packets import PacketProfile, Spending
from sightline.extract.slides.slide import SlideOptions
from sightline.extract.slides.tickers import BandChange, in_band, ticker
from sightline.extract.slides.trace import Link, Trace
from sightline.extract.slides.views import Mask, View, in_pixels, union

# Key frames nearer than this are passed over at first, unless they come early: then the encoder saw a cut.
_POST_SECONDS = 4.0
_EARLY_SHARE = 0.9
_OTHER_SIZE = 0.2
# How often a span is looked at: a fifth of the second that a transition may be off.
_STEP_SECONDS = 0.2
# A frame that cost less than this share of a key frame shows nothing new.
_NOTHING_NEW = 0.0015
# New content costs at least this share of what it costs in a key frame; a burst that could pay for all of it is
# where it came, unless something was spent elsewhere: a line of text costs a hundredth of a page.
_PAYS_SHARE = 0.4
_ELSEWHERE_SHARE = 0.012
_CUT_SECONDS = 0.8
# A page that comes back after another costs at least this share of what it costs in a key frame.
_BACK_SHARE = 0.25

if TYPE_CHECKING:
    from sightline.extract.slides.film import Packet

Progress = Callable[[float], None]


class Tracer:
    """One walk through a range of a film."""

    def __init__(self, reader: FilmReader, options: SlideOptions, start: float, end: float) -> None:
        """Take an open film and a range in seconds; the end may be infinite."""
        self._reader, self._options = reader, options
        self._start, self._end = start, end
        self._notes: list[PacketNote] = []
        self._early: set[float] = set()
        self._bands: list[BandChange] = []
        self._profile = PacketProfile([])
        self._trace = Trace(start, end)

    def walk(self, progress: Progress) -> Trace:
        """Look at the range, as little as is needed.

        Args:
            progress: told the share that is done, 0 to 1; what it raises ends the walk.
        """
        posts = self._posts(progress)
        self._profile = PacketProfile(self._notes)
        # The last frame stays until the film ends, or the range.
        self._trace.end = self._end if math.isfinite(self._end) else self._profile.end_seconds
        self._trace.add(posts[0], Link.LOOKED)
        for index, (post, after) in enumerate(pairwise(posts)):
            self._follow(post, after)
            progress(0.1 + 0.9 * (index + 1) / len(posts))
        self._finish(posts[-1])
        return self._trace

    def _finish(self, post: View) -> None:
        """Look at what follows the last key frame, unless nothing new was spent there."""
        end = self._profile.end_seconds
        spending = self._profile.spending(post.seconds, end)
        least = _ELSEWHERE_SHARE * self._profile.key_bytes(post.seconds)
        if spending.bursts or max(spending.elsewhere_bytes, spending.hidden_bytes) > least:
            self._look(post.seconds, None, post)
        else:
            self._trace.add(replace(post, seconds=max(post.seconds, end)), Link.QUIET)

    def _posts(self, progress: Progress) -> list[View]:
        progress(0.0)
        posts, done = [], 0.0
        for view in self._reader.key_views(self._post_packets()):
            posts.append(view)
            if math.isfinite(self._end):
                done = max(done, 0.1 * min(1.0, (view.seconds - self._start) / max(1e-3, self._end - self._start)))
                progress(done)
        if not posts:
            raise MediaRejected(Reason.MEDIA_CORRUPT, "no picture of the film decodes")
        return _in_order(posts)

    def _post_packets(self) -> Iterator[Packet]:
        last_key, last_post, usual, size = -math.inf, -math.inf, 0.0, 0
        for note, packet in self._reader.packets(self._start, self._end):
            self._notes.append(note)
            if not note.key:
                continue
            gap, last_key = note.seconds - last_key, note.seconds
            early = gap < _EARLY_SHARE * usual
            if early:
                self._early.add(note.seconds)
            other = abs(note.size_bytes - size) > _OTHER_SIZE * size
            usual = max(usual, gap) if math.isfinite(gap) else usual
            if early or other or note.seconds - last_post >= _POST_SECONDS:
                last_post, size = note.seconds, note.size_bytes
                yield packet

    def _follow(self, post: View, after: View) -> None:
        spending = self._profile.spending(post.seconds, after.seconds)
        if self._trace.motion.camera_until(post.seconds):
            if not spending.lull and not spending.bursts and not is_flat(after):
                self._trace.motion.camera_goes_on(after.seconds)
                self._trace.add(after, Link.CAMERA)
                return
        else:
            change = self._change(post, after)
            if self._is_plain(change, after, spending):
                self._trace.add(after, Link.BUILD if change.significant else Link.QUIET)
                return
            cut = self._cut(post, after, change, spending) if change.significant else None
            if cut is not None:
                self._trace.add(after, Link.CUT, cut)
                return
        inner = self._profile.keys_between(post.seconds, after.seconds)
        if inner:
            self._halve(post, after, inner)
        else:
            self._look(post.seconds, after, post)

    def _halve(self, post: View, after: View, inner: list[float]) -> None:
        """Look at the key frames in between first."""
        middle = _in_order([*self._reader.keys_at(inner)])
        if not middle:  # packets that say they are key frames, and decoders that do not give them as such
            self._look(post.seconds, after, post)
            return
        for one, other in pairwise([post, *middle, after]):
            self._follow(one, other)

    def _change(self, post: View, after: View) -> Change:
        blocks = union(self._trace.motion.at(after.seconds), ticker(self._bands))
        change = compare(post, after, _pixels(blocks, after))
        if change.significant and in_band(change):
            self._bands.append(BandChange(after.seconds, change))
        return change

    def _is_plain(self, change: Change, after: View, spending: Spending) -> bool:
        """Tell whether no other slide can have come and gone in between: no burst that pays for coming back.

        A key frame that a cut has caused pays for that itself.
        """
        if change.significant and (self._options.keep_builds or not change.same_page):
            return False
        back = _BACK_SHARE if self._profile.is_due(after.seconds) else _ELSEWHERE_SHARE
        most = self._price(after, change) + back * self._profile.key_bytes(after.seconds)
        return all(burst.excess_bytes <= most for burst in spending.bursts)

    def _cut(self, post: View, after: View, change: Change, spending: Spending) -> float | None:
        """Find the time of a single change from the bytes alone, where only one time can have paid for it."""
        if self._profile.keys_between(post.seconds, after.seconds):
            return None
        least = _ELSEWHERE_SHARE * self._profile.key_bytes(after.seconds)
        if max(spending.elsewhere_bytes, spending.hidden_bytes) > least or not (is_flat(post) and is_flat(after)):
            return None
        if not spending.bursts:
            return after.seconds  # only the key frame itself can have brought it
        (burst,) = spending.bursts if len(spending.bursts) == 1 else (None,)
        if burst is None or self._is_early(after) or burst.end - burst.start > _CUT_SECONDS:
            return None
        pays = burst.excess_bytes >= _PAYS_SHARE * self._price(after, change)
        return (burst.start + burst.end) / 2 if pays else None

    def _is_early(self, key: View) -> bool:
        """Tell whether a key frame came before its time: the encoder saw a cut there."""
        return key.seconds in self._early

    def _price(self, after: View, change: Change) -> float:
        """Say what the new content costs in the key frame that shows it: its share of the ink."""
        if not change.significant:
            return 0.0
        ink = after.edges & in_pixels(change.blocks, (after.gray.shape[0], after.gray.shape[1]))
        share = int(np.count_nonzero(ink)) / max(1, int(np.count_nonzero(after.edges)))
        return share * self._profile.key_bytes(after.seconds)

    def _look(self, start: float, after: View | None, post: View) -> None:
        """Look at the time between two key frames frame by frame, no longer than something happens."""
        until = after.seconds if after is not None else self._profile.end_seconds + 1.0
        views = [post]
        # Where frames are left out that show nothing new, any of those that are there may stay for long.
        sparse = self._profile.longest_gap(start, until) > 2 * _STEP_SECONDS
        for view in self._reader.span(start, until, _STEP_SECONDS, self._is_new, all_frames=sparse):
            if view.seconds > views[-1].seconds + 1e-3:
                views.append(view)
        self._trace.decoded_seconds += min(until, self._profile.end_seconds) - start
        self._trace.motion.note([*views, after] if after is not None else views)
        end = max(self._trace.end, self._profile.end_seconds)
        for view in views:
            if view is not post:
                self._trace.add(view, Link.LOOKED)
            self._hold(view, after.seconds if after is not None else end)
        if after is not None:
            self._trace.add(after, Link.LOOKED)

    def _hold(self, view: View, end: float) -> None:
        """Add a view once more where no frame follows for a while: recorders of screens write what changes only."""
        until = self._profile.shown_until(view.seconds, end)
        if until - view.seconds > 2 * _STEP_SECONDS:
            self._trace.add(replace(view, seconds=until - _STEP_SECONDS / 2), Link.LOOKED)

    def _is_new(self, since: float, seconds: float) -> bool:
        return self._profile.spent(since, seconds) > _NOTHING_NEW * self._profile.key_bytes(since)


def _in_order(views: Sequence[View]) -> list[View]:
    """Sort views, of which decoders that are given key frames alone may give some early; and each time once."""
    return [*{round(view.seconds, 3): view for view in sorted(views, key=lambda view: view.seconds)}.values()]


def _pixels(blocks: Mask | None, view: View) -> Mask | None:
    return None if blocks is None else in_pixels(blocks, (view.gray.shape[0], view.gray.shape[1]))
