"""Films that are decoded in a child, for whoever needs their pictures here: `Video.open` from `common.media`, but safe.

The pictures cross through a ring of shared memory; what is said about them, and which are wanted, through a socket.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from sightline.common.errors import Reason, SightlineError
from sightline.common.media.video import Effort, Frame, Video, VideoInfo
from sightline.common.settings import ChildLimits, MediaLimits
from sightline.common.worker.child.child import Child
from sightline.common.worker.child.nursery import Nursery

# Pictures that the child may be ahead: enough that neither side waits for the other's odd slow one.
_SLOTS = 4
_MESSAGE_BYTES = 2**14
_COLOURS = 3
# How often somebody who waits for a picture looks whether it is still wanted.
_LOOK_SECONDS = 0.5


class ChildVideos:
    """Opens films in children; `open` takes the place of `Video.open`."""

    def __init__(self, nursery: Nursery, limits: ChildLimits | None = None) -> None:
        """Take where children come from.

        Args:
            nursery: may serve others as well.
            limits: of each child; those of the nursery if None. `wall_seconds` counts the waiting for pictures only.
        """
        self._nursery = nursery
        self._limits = limits

    def open(
        self, path: Path, limits: MediaLimits, wanted: Callable[[], bool] = lambda: True, *, threads: int = 1
    ) -> ChildVideo:
        """Open a film and read its header, from any thread.

        Args:
            path: a file on this machine.
            limits: what is accepted.
            wanted: asked while pictures are waited for; when it says no, LEASE_LOST is raised.
            threads: how many decode.

        Raises:
            MediaRejected: as `Video.open`.
            SightlineError: as `Nursery.run`.
        """
        with ExitStack() as stack:
            ring = os.memfd_create("frames", os.MFD_CLOEXEC)
            stack.callback(os.close, ring)
            slot_bytes = limits.max_video_pixels * _COLOURS
            os.ftruncate(ring, _SLOTS * slot_bytes)  # takes no memory before it is written to
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.enter_context(theirs)
            child = self._nursery.begin(
                serve_frames, path, limits, threads, limits=self._limits, pipes=[ring, theirs.fileno()]
            )
            shown = mmap.mmap(ring, _SLOTS * slot_bytes, access=mmap.ACCESS_READ)
        video = ChildVideo(child, ours, shown, slot_bytes, wanted)
        try:
            video.begin()
        except BaseException:
            video.close()
            raise
        return video


class ChildVideo:
    """A film that is open in a child; one thread at a time, and one pass at a time.

    Attributes:
        info: what its header says.
    """

    info: VideoInfo

    def __init__(
        self, child: Child, talk: socket.socket, ring: mmap.mmap, slot_bytes: int, wanted: Callable[[], bool]
    ) -> None:
        """Take a child that was begun; use `ChildVideos.open`."""
        self._child = child
        self._talk = talk
        self._ring = ring
        self._slot_bytes = slot_bytes
        self._wanted = wanted
        self._pass = 0
        self._left_seconds = child.limits.wall_seconds
        self._closed = self._ended = False

    def begin(self) -> None:
        """Wait for the header of the film."""
        self.info = VideoInfo(**self._hear()["info"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, and see it gone."""
        if not self._closed:
            self._closed = True
            self._talk.close()
            if not self._ended:
                self._child.end()
                with suppress(SightlineError):
                    self._child.result()
            self._ring.close()

    def frames(
        self,
        *,
        every_seconds: float = 0.0,
        start_seconds: float = 0.0,
        end_seconds: float = math.inf,
        effort: Effort = "all",
    ) -> Iterator[Frame]:
        """Read the frames, in the order in which they are shown; as `Video.frames`.

        Raises:
            MediaRejected: as `Video.frames`.
            SightlineError: as `Nursery.run`; LEASE_LOST when the pictures are not wanted any more.
        """
        self._pass += 1
        self._say(
            {
                "number": self._pass,
                "every_seconds": every_seconds,
                "start_seconds": start_seconds,
                "end_seconds": end_seconds,
                "effort": effort,
            }
        )
        while True:
            told = self._hear()
            slot = told.get("slot")
            current = told.get("number") == self._pass
            if slot is None and current:
                return
            if slot is not None:
                frame = self._frame(told) if current else None
                self._say({"free": slot})
                if frame is not None:
                    yield frame

    def _frame(self, told: dict[str, Any]) -> Frame:
        height, width, begin = int(told["height_px"]), int(told["width_px"]), int(told["slot"]) * self._slot_bytes
        size = height * width * _COLOURS
        # What a child says is not to be trusted.
        if not (0 <= int(told["slot"]) < _SLOTS and height > 0 and width > 0 and size <= self._slot_bytes):
            raise _nonsense()
        pixels = np.frombuffer(self._ring, np.uint8, size, begin).reshape(height, width, _COLOURS).copy()
        return Frame(pixels, float(told["seconds"]), int(told["index"]), bool(told["key"]))

    def _say(self, message: dict[str, Any]) -> None:
        with suppress(OSError):  # a child that has died is noticed where it is listened to
            self._talk.send(json.dumps(message).encode())

    def _hear(self) -> dict[str, Any]:
        message = self._message()
        if not message:
            self._ended = True
            self._child.result()  # raises what ended it
            raise _nonsense()
        try:
            told = json.loads(message)
        except ValueError as error:
            raise _nonsense() from error
        if not isinstance(told, dict):
            raise _nonsense()
        return told

    def _message(self) -> bytes:
        while self._left_seconds > 0:
            began = time.monotonic()
            self._talk.settimeout(min(_LOOK_SECONDS, self._left_seconds))
            try:
                return self._talk.recv(_MESSAGE_BYTES)
            except TimeoutError:
                if not self._wanted():
                    raise SightlineError(Reason.LEASE_LOST, "the task is no longer this worker's") from None
            except OSError:
                return b""
            finally:
                self._left_seconds -= time.monotonic() - began
        raise SightlineError(Reason.DEADLINE_EXCEEDED, "reading the film took too long")


def _nonsense() -> SightlineError:
    return SightlineError(Reason.INTERNAL, "the child process that reads the film said what can't be read")


def serve_frames(path: Path, limits: MediaLimits, threads: int, ring: int, talk: int) -> None:
    """Read a film for a `ChildVideo`, in a child.

    Args:
        path, limits, threads: as `Video.open`.
        ring: the shared memory that pictures are left in.
        talk: the socket that the parent is at the other end of.
    """
    slot_bytes = limits.max_video_pixels * _COLOURS
    with (
        socket.socket(fileno=talk) as parent,
        mmap.mmap(ring, _SLOTS * slot_bytes) as shown,
        Video.open(path, limits, threads=threads) as video,
    ):
        parent.send(json.dumps({"info": asdict(video.info)}).encode())
        reader = _Reader(video, parent, shown, slot_bytes)
        wanted = reader.listen()
        while wanted is not None:
            wanted = reader.read(wanted)


class _Reader:
    """Leaves pictures in the ring as long as there is room in it, and turns to what is wanted next as soon as asked."""

    def __init__(self, video: Video, parent: socket.socket, shown: mmap.mmap, slot_bytes: int) -> None:
        self._video = video
        self._parent = parent
        self._shown = shown
        self._slot_bytes = slot_bytes
        self._free = deque(range(_SLOTS))

    def listen(self) -> dict[str, Any] | None:
        """Wait for the next pass; None when nobody is there any more."""
        while message := self._parent.recv(_MESSAGE_BYTES):
            told: dict[str, Any] = json.loads(message)
            if "free" not in told:
                return told
            self._free.append(told["free"])
        return None

    def read(self, wanted: dict[str, Any]) -> dict[str, Any] | None:
        """Read one pass; returns the next."""
        number = wanted.pop("number")
        for frame in self._video.frames(**wanted):
            while not self._free:
                told = json.loads(self._parent.recv(_MESSAGE_BYTES) or b"null")
                if told is None or "free" not in told:
                    return told
                self._free.append(told["free"])
            self._leave(frame, number)
        self._tell({"number": number})
        return self.listen()

    def _leave(self, frame: Frame, number: int) -> None:
        slot = self._free.popleft()
        height, width = frame.pixels.shape[:2]
        place = np.frombuffer(self._shown, np.uint8, frame.pixels.size, slot * self._slot_bytes)
        np.copyto(place, frame.pixels.reshape(-1))
        self._tell(
            {
                "number": number,
                "slot": slot,
                "height_px": height,
                "width_px": width,
                "seconds": frame.seconds,
                "index": frame.index,
                "key": frame.key,
            }
        )

    def _tell(self, message: dict[str, Any]) -> None:
        self._parent.send(json.dumps(message).encode())
