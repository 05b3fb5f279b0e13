"""The limits of pictures: what is refused by size alone."""

from __future__ import annotations

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.image import MediaInfo
from sightline.common.settings import MediaLimits


def check_size(size_bytes: int, limits: MediaLimits) -> None:
    """Refuse an encoded picture by its size in bytes.

    Raises:
        MediaRejected: it is empty or larger than `limits.max_image_bytes`.
    """
    if size_bytes == 0:
        raise MediaRejected(Reason.MEDIA_EMPTY, "the picture has no bytes")
    if size_bytes > limits.max_image_bytes:
        raise MediaRejected(
            Reason.MEDIA_TOO_LARGE,
            f"the picture has {size_bytes} bytes; at most {limits.max_image_bytes} are accepted",
        )


def check_limits(info: MediaInfo, size_bytes: int, limits: MediaLimits) -> None:
    """Refuse a picture by its bytes, its sides and its pixels; nothing is decoded for it.

    Args:
        info: what its header says.
        size_bytes: the size of the encoded picture.
        limits: what is accepted.

    Raises:
        MediaRejected: MEDIA_EMPTY, MEDIA_TOO_LARGE or MEDIA_TOO_SMALL.
    """
    check_size(size_bytes, limits)
    size = f"{info.width_px} x {info.height_px} pixels"
    if min(info.width_px, info.height_px) < limits.min_image_side_px:
        raise MediaRejected(
            Reason.MEDIA_TOO_SMALL,
            f"the picture has {size}; the shorter side must have {limits.min_image_side_px} or more",
        )
    if info.pixels > limits.max_image_pixels:
        raise MediaRejected(
            Reason.MEDIA_TOO_LARGE,
            f"the picture has {size}; at most {limits.max_image_pixels} pixels in all are accepted",
        )
