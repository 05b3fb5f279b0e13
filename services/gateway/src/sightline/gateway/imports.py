"""Files fetched from elsewhere, within bounds of bytes, time, redirects and how many at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import unquote, urlsplit

import httpcore

from sightline.common.errors import Reason, TemporarilyAway
from sightline.common.rpc import Identity
from sightline.common.state.media import Media
from sightline.gateway import display_names
from sightline.gateway.breakers import Breaker, Breakers
from sightline.gateway.egress import Egress, unreachable
from sightline.gateway.intake import check_size
from sightline.gateway.judges import judge_host
from sightline.gateway.media_store import Announcement, MediaStore
from sightline.gateway.quotas.metering import Meter, Meters
from sightline.gateway.quotas.providers import Providers
from sightline.gateway.settings import EgressSettings
from sightline.gateway.targets import Target, read_redirect, read_target, refused
from sightline.gateway.video_pages import FoundFilm, VideoPages

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_BUSY_SECONDS = 5.0
_NAME_CHARACTERS = 255


class Importer:
    """Fetches files from public addresses and stores them."""

    def __init__(
        self,
        egress: Egress,
        pages: VideoPages,
        store: MediaStore,
        settings: EgressSettings,
        *,
        providers: Providers,
        meters: Meters,
        breakers: Breakers,
    ) -> None:
        """Join the way out and the store.

        Args:
            egress: reaches public hosts and no others.
            pages: finds the film of a page, where a provider has pages.
            store: takes the file, with the checks of an upload.
            settings: the bounds.
            providers: whose budgets hold.
            meters: count what comes.
            breakers: leave hosts alone that do not answer.
        """
        self._providers = providers
        self._meters = meters
        self._breakers = breakers
        self._egress = egress
        self._pages = pages
        self._store = store
        self._settings = settings
        self._running: Counter[str] = Counter()

    async def fetch(self, identity: Identity, uri: str, display_name: str = "") -> Media:
        """Fetch a file and make it known.

        Args:
            identity: for whom.
            uri: its address.
            display_name: what it is called; by default as the address ends.

        Raises:
            SightlineError: URI_REFUSED, URI_UNREACHABLE, or what an upload of the same bytes raises.
            TemporarilyAway: OVERLOADED, when as many files as may be are fetched already.
            QuotaExceeded: the budget of the key, its tenant or the provider is used up.
        """
        target = read_target(uri, self._settings.ports)
        provider, tenant = self._providers.named(target.host), identity.tenant
        kind, budgets = self._providers.kind(provider), self._providers.budgets(provider, tenant)
        with self._turn(tenant), self._breaker(provider, tenant, target.host)():
            async with self._meters.fetch(identity, kind, budgets) as meter:
                film = await self._film(provider, target)
                announced = Announcement(display_name=display_name or _called(film))
                return await self._keep(tenant, announced, film, meter)

    async def _film(self, provider: str, target: Target) -> FoundFilm:
        if self._providers.has_pages(provider):
            return await self._pages.find(target)
        return FoundFilm(target, "", {})

    def _breaker(self, provider: str, tenant: str, host: str) -> Breaker:
        if provider:
            return self._breakers.named(f"provider:{provider}", judge_host)
        return self._breakers.of_host(tenant, host, judge_host)

    async def _keep(self, tenant: str, announced: Announcement, film: FoundFilm, meter: Meter) -> Media:
        try:
            async with asyncio.timeout(self._settings.total_seconds), self._answer(film) as answer:
                self._check_announced(answer)
                return await self._store.keep(tenant, announced, meter.counted(self._body(answer)))
        except TimeoutError as error:
            raise unreachable("The file took longer to fetch than it may", status=_OK) from error

    @contextmanager
    def _turn(self, tenant: str) -> Iterator[None]:
        settings = self._settings
        if self._running.total() >= settings.at_once or self._running[tenant] >= settings.at_once_per_tenant:
            raise TemporarilyAway(
                Reason.OVERLOADED, "As many files as may be are being fetched", retry_after_seconds=_BUSY_SECONDS
            )
        self._running[tenant] += 1
        try:
            yield
        finally:
            self._running[tenant] -= 1
            if not self._running[tenant]:
                del self._running[tenant]

    @asynccontextmanager
    async def _answer(self, film: FoundFilm) -> AsyncIterator[httpcore.Response]:
        """Follow redirects, each judged like the first address, to the answer with the file."""
        target = film.target
        for _ in range(self._settings.max_redirects + 1):
            async with self._egress.get(target, film.headers) as answer:
                if answer.status not in _REDIRECTS:
                    yield answer
                    return
                target = read_redirect(target, _header(answer, b"location"), self._settings.ports)
        raise refused(f"The address redirects more than {self._settings.max_redirects} times")

    def _check_announced(self, answer: httpcore.Response) -> None:
        if answer.status != _OK:
            raise unreachable(f"The host answered with the status {answer.status}", status=answer.status)
        if _header(answer, b"content-encoding").lower() not in ("", "identity"):
            raise unreachable("The host sent the file compressed, though it was asked not to", status=_OK)
        length = _header(answer, b"content-length")
        check_size(int(length) if length.isdecimal() else 0, self._settings.max_bytes)

    async def _body(self, answer: httpcore.Response) -> AsyncIterator[bytes]:
        came_bytes = 0
        async for piece in answer.aiter_stream():
            came_bytes += len(piece)
            check_size(came_bytes, self._settings.max_bytes)
            yield piece


def _header(answer: httpcore.Response, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in answer.headers if name.lower() == wanted), "")


def _called(film: FoundFilm) -> str:
    """Name a file as its page does, or as its address ends."""
    name = film.title or unquote(urlsplit(film.target.path).path.rpartition("/")[2])
    return display_names.cleaned(name)[:_NAME_CHARACTERS]
