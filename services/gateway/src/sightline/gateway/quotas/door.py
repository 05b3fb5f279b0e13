"""Admission with limits: every call counts as a request before anything is done for it."""

from __future__ import annotations

from sightline.common.rpc import Admit, Context, Identity, Metadata
from sightline.gateway.quotas.limits import Resource
from sightline.gateway.quotas.quotas import Quotas

_REQUEST = {Resource.REQUESTS: 1}
# These take more than a request, and take all of it in one go.
_CHARGED_INSIDE = frozenset(
    {
        "/sightline.v1.JobService/CreateJob",
        "/sightline.v1.JobService/BatchCreateJobs",
        "/sightline.v1.MediaService/UploadMedia",
        "/sightline.v1.MediaService/ImportMedia",
    }
)


class LimitedAdmission:
    """Lets calls in whose key is known and has requests left."""

    def __init__(self, admit: Admit, quotas: Quotas) -> None:
        self._admit = admit
        self._quotas = quotas

    async def __call__(self, context: Context, method: str, metadata: Metadata) -> Identity | None:
        """Say who calls.

        Raises:
            SightlineError: what the admission inside raises.
            QuotaExceeded: the key or its tenant has no requests left.
        """
        identity = await self._admit(context, method, metadata)
        if identity is not None and method not in _CHARGED_INSIDE:
            await self._quotas.charge(identity, _REQUEST)
        return identity
