"""Pictures from bytes, with hard limits that hold before anything is allocated.

    info = probe_image(first_bytes)                 what it says it is, nothing decoded
    check_limits(info, size_bytes, limits)          refuse by bytes, pixels and sides
    image = decode_image(data, limits)              both of these, then the pixels

Every refusal is a `MediaRejected` with its reason. Formats: JPEG, PNG, WebP, BMP, GIF (first frame),
TIFF (first page).
"""

from sightline.common.media.decoding import decode_image
from sightline.common.media.image import Image, ImageFormat, MediaInfo
from sightline.common.media.limits import check_limits
from sightline.common.media.probing import PROBE_BYTES, probe_image

__all__ = [
    "PROBE_BYTES",
    "Image",
    "ImageFormat",
    "MediaInfo",
    "check_limits",
    "decode_image",
    "probe_image",
]
