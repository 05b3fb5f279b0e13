"""The sections of the gateway's settings that concern media."""

from __future__ import annotations

from pydantic import Field

from sightline.common.settings import Section
from sightline.common.settings.sections import Port, Seconds

_DAY_SECONDS = 86_400.0


class MediaSettings(Section):
    """How long files and uploads are kept."""

    keep_seconds: Seconds = Field(30 * _DAY_SECONDS, description="age at which a file is deleted")
    upload_keep_seconds: Seconds = Field(
        _DAY_SECONDS, description="how long an upload that was broken off can be gone on with"
    )


class EgressSettings(Section):
    """How files are fetched from addresses that clients name; inward addresses are always refused."""

    ports: tuple[Port, ...] = Field((80, 443), description="ports that may be called")
    max_bytes: int = Field(2 * 2**30, ge=1, description="largest file that is fetched")
    connect_seconds: Seconds = Field(5.0, description="how long a name may take to resolve, and a host to connect")
    idle_seconds: Seconds = Field(15.0, description="longest silence of the other side")
    total_seconds: Seconds = Field(300.0, description="how long a whole fetch may take, redirects included")
    max_redirects: int = Field(5, ge=0, description="redirects that are followed")
    at_once: int = Field(8, ge=1, description="files fetched at once")
    at_once_per_tenant: int = Field(4, ge=1, description="files fetched at once for one tenant")
