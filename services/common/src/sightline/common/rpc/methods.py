"""The methods of a server: collects what generated code registers, and answers for what does not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import grpc

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc.calls import Context
from sightline.common.rpc.chain import Chain
from sightline.common.rpc.handlers import wrapped
from sightline.common.rpc.route import Route
from sightline.common.telemetry import Metrics

S = TypeVar("S")

# All unknown methods share one route: a stranger must not be able to make new metrics.
_UNKNOWN = "/unknown"


class Methods:
    """Every method of a server, wrapped once; stands in for the server in generated `add_..._to_server`."""

    def __init__(self, chain: Chain, metrics: Metrics) -> None:
        self._chain = chain
        self._metrics = metrics
        self._handlers: dict[str, Any] = {}
        self._unknown = self._refusing()
        self.services: list[str] = []
        self._admitted = True
        self._ends_at_drain: frozenset[str] = frozenset()
        self._unvalidated: frozenset[str] = frozenset()

    def register(
        self,
        register: Callable[[S, Any], None],
        servicer: S,
        *,
        admitted: bool = True,
        ends_at_drain: Iterable[str] = (),
        unvalidated: Iterable[str] = (),
    ) -> None:
        """Let generated code register a servicer here, with what its routes have in common."""
        self._admitted = admitted
        self._ends_at_drain, self._unvalidated = frozenset(ends_at_drain), frozenset(unvalidated)
        try:
            register(servicer, self)
        finally:
            self._admitted, self._ends_at_drain, self._unvalidated = True, frozenset(), frozenset()

    def add_registered_method_handlers(self, service_name: str, method_handlers: Mapping[str, Any]) -> None:
        """Take the methods of a service; called by generated code."""
        self.services.append(service_name)
        for name, handler in method_handlers.items():
            if not _is_implemented(handler):
                continue
            route = Route(
                f"/{service_name}/{name}",
                self._metrics,
                admitted=self._admitted,
                validated=name not in self._unvalidated,
                ends_at_drain=name in self._ends_at_drain,
            )
            self._handlers[route.method] = wrapped(handler, route, self._chain)

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Any) -> None:
        """Take nothing: generated code registers each method a second time by this door."""

    def service(self, handler_call_details: Any) -> Any:
        """Find the handler of a method; an unknown method has one that says so."""
        return self._handlers.get(handler_call_details.method, self._unknown)

    def _refusing(self) -> Any:
        async def refuse(_requests: Any, _context: Context) -> None:
            raise SightlineError(Reason.METHOD_NOT_FOUND, "This server does not have the method")

        handler = grpc.stream_stream_rpc_method_handler(refuse)
        return wrapped(handler, Route(_UNKNOWN, self._metrics, admitted=False), self._chain)


def _is_implemented(handler: Any) -> bool:
    """Whether a servicer has the method itself; what generated code inherits to it raises what clients can't read."""
    behaviors = (handler.unary_unary, handler.unary_stream, handler.stream_unary, handler.stream_stream)
    behavior = next(one for one in behaviors if one is not None)
    return not str(getattr(behavior, "__module__", "")).endswith("_pb2_grpc")
