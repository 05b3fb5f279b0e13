"""Providers: whom files are fetched from, and their budgets."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.gateway.quotas.limits import Limit, limits_of
from sightline.gateway.settings import ProviderSettings

_KIND = "import_media"


class Providers:
    """The named providers; a host of nobody named has no budget beside those of keys and tenants."""

    def __init__(self, settings: Mapping[str, ProviderSettings]) -> None:
        self._settings = settings
        self._by_host = {host.lower(): name for name, one in settings.items() for host in one.hosts}

    @property
    def names(self) -> list[str]:
        """All that are named."""
        return sorted(self._settings)

    def named(self, host: str) -> str:
        """Whose host it is; empty for nobody's."""
        labels = host.lower().rstrip(".").split(".")
        parents = (".".join(labels[start:]) for start in range(len(labels)))
        return next((self._by_host[parent] for parent in parents if parent in self._by_host), "")

    def has_pages(self, name: str) -> bool:
        """Whether a provider's addresses are pages with a film instead of the film."""
        return name in self._settings and self._settings[name].pages

    def kind(self, name: str) -> str:
        """What the record of usage calls files from there."""
        return f"{_KIND}:{name}" if name else _KIND

    def budgets(self, name: str, tenant: str) -> list[Limit]:
        """What a tenant may fetch there, and what all of them may."""
        settings = self._settings.get(name)
        if settings is None:
            return []
        return [
            *limits_of(f"tenant:{tenant}/provider:{name}", settings.per_tenant.chosen()),
            *limits_of(f"provider:{name}", settings.total.chosen()),
        ]
