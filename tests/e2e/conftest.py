"""Three ways to ask the whole system the same question, and pictures to ask about."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import numpy as np
import pytest
from PIL import Image
from servers import System

from sightline.client import Sightline
from sightline.common.models import ModelStore


@pytest.fixture(scope="module")
def sightline(system: System) -> Iterator[Sightline]:
    """Our own client, through Envoy."""
    with Sightline(system.addresses.target, system.key) as client:
        yield client


@pytest.fixture(scope="module")
def rest(system: System) -> Iterator[httpx.Client]:
    """A plain HTTP client, through Envoy."""
    headers = {"authorization": f"Bearer {system.key}"}
    with httpx.Client(base_url=system.addresses.server, headers=headers, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def channel(system: System) -> Iterator[grpc.Channel]:
    """A plain grpcio channel, through Envoy."""
    with grpc.insecure_channel(system.addresses.target) as opened:
        yield opened


@pytest.fixture(scope="module")
def credentials(system: System) -> list[tuple[str, str]]:
    """The key as gRPC metadata."""
    return [("authorization", f"Bearer {system.key}")]


@pytest.fixture(scope="session")
def solvay(model_store: ModelStore) -> Path:
    """The group photograph of 1927, 29 people."""
    return model_store.path("solvay-1927")


@pytest.fixture(scope="session")
def newton(model_store: ModelStore) -> Path:
    """A portrait, one face."""
    return model_store.path("newton")


@pytest.fixture(scope="session")
def small_picture() -> bytes:
    """A picture of 64 x 64 without a face, quick to analyse."""
    return _jpeg(64, 64)


@pytest.fixture(scope="session")
def bad_pictures() -> dict[str, tuple[bytes, str]]:
    """What a client may send by mistake or malice, and the reason that it is refused with."""
    return {
        "a text file": (b"this is not a picture, whatever it is called\n" * 20, "MEDIA_UNSUPPORTED"),
        "a picture of 1 x 1": (_jpeg(1, 1), "MEDIA_TOO_SMALL"),
        "a truncated JPEG": (_jpeg(640, 480)[:-2000], "MEDIA_CORRUPT"),
        "a PNG header of 30,000 x 30,000": (_png_header(30_000, 30_000), "MEDIA_TOO_LARGE"),
        "nothing": (b"", "MEDIA_EMPTY"),
    }


def _jpeg(width: int, height: int) -> bytes:
    noise = np.random.default_rng(7).integers(0, 255, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
