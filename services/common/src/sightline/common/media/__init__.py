"""Pictures from bytes, with hard limits that hold before anything is allocated.

    info = probe_image(first_bytes)                 what it says it is, nothing decoded
    check_limits(info, size_bytes, limits)          refuse by bytes, pixels and sides
    image = decode_image(data, limits)              both of these, then the pixels

Every refusal is a `MediaRejected` with its reason. Formats: JPEG, PNG, WebP, BMP, GIF (first frame),
TIFF (first page).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sightline.common.media.image import Image, ImageFormat, MediaInfo
from sightline.common.media.limits import check_limits
from sightline.common.media.probing import PROBE_BYTES, probe_image

if TYPE_CHECKING:
    from sightline.common.media.decoding import decode_image

__all__ = [
    "PROBE_BYTES",
    "Image",
    "ImageFormat",
    "MediaInfo",
    "check_limits",
    "decode_image",
    "probe_image",
]


def __getattr__(name: str) -> Any:
    """Import the decoder, and with it NumPy and OpenCV (28 MB), only where pixels are wanted."""
    if name == "decode_image":
        from sightline.common.media.decoding import decode_image  # noqa: PLC0415

        return decode_image
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
