"""What a file is, told by its bytes and never by its name."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media import PROBE_BYTES, ImageFormat, check_limits, probe_image
from sightline.common.media.probing import jpeg_segments
from sightline.common.settings import MediaLimits
from sightline.gateway.signatures import film_or_document

HEAD_BYTES = PROBE_BYTES
"""How many of the first bytes `recognise` wants to see, or all if the file has fewer."""


@dataclass(frozen=True, slots=True)
class EndMark:
    """What a whole file has and one that was cut off has not.

    Attributes:
        mark: the bytes.
        behind: where in the file they may begin; before it, an embedded thumbnail may have a mark of its own.
    """

    mark: bytes
    behind: int


@dataclass(frozen=True, slots=True)
class Content:
    """What the first bytes of a file say.

    Attributes:
        content_type: such as `image/jpeg`.
        max_bytes: how large such a file may be.
        width_px: width of a picture as it is shown, None for other media.
        height_px: height of a picture as it is shown, None for other media.
        end: what must come before the end, None where nothing certain is known.
    """

    content_type: str
    max_bytes: int
    width_px: int | None = None
    height_px: int | None = None
    end: EndMark | None = None


def recognise(head: bytes, limits: MediaLimits) -> Content:
    """Tell what a file is, and refuse what is not analysed or is too large or small to be.

    Args:
        head: the first `HEAD_BYTES` of the file, or all of it.
        limits: what is accepted.

    Raises:
        MediaRejected: MEDIA_EMPTY, MEDIA_UNSUPPORTED, MEDIA_CORRUPT, MEDIA_TOO_SMALL or MEDIA_TOO_LARGE.
    """
    if not head:
        raise MediaRejected(Reason.MEDIA_EMPTY, "The file has no bytes")
    found = film_or_document(head)
    if found is not None:
        return Content(found, limits.max_upload_bytes)
    info = probe_image(head)
    check_limits(info, len(head), limits)
    end = _end_mark(info.format, head)
    return Content(info.format.value, limits.max_image_bytes, info.width_px, info.height_px, end)


def _end_mark(found: ImageFormat, head: bytes) -> EndMark | None:
    if found is ImageFormat.PNG:
        return EndMark(b"IEND\xaeB`\x82", behind=8)
    if found is ImageFormat.JPEG:
        return _end_of_jpeg(head)
    return None


def _end_of_jpeg(head: bytes) -> EndMark | None:
    # Behind the first scan header an FF is data only before a 00, so FF D9 there is the end and nothing else.
    try:
        for marker, start, _ in jpeg_segments(head):
            if marker == 0xDA:
                return EndMark(b"\xff\xd9", behind=start)
    except (IndexError, MediaRejected):
        return None
    return None
