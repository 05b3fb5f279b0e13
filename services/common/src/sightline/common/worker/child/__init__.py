"""Work in child processes: what decodes media of strangers has limits, no network, and dies when it is not wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.common.settings import ChildLimits
    from sightline.common.worker.child.nursery import Nursery

__all__ = ["ChildLimits", "Nursery"]


def __getattr__(name: str) -> Any:
    """Import the parent's side only where there is a parent: the children's side needs next to nothing."""
    if name == "ChildLimits":
        from sightline.common.settings import ChildLimits  # noqa: PLC0415

        return ChildLimits
    if name in __all__:
        from sightline.common.worker.child import nursery  # noqa: PLC0415

        return getattr(nursery, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
