"""One method of a server, with what is known of it before any call comes."""

from __future__ import annotations

from dataclasses import dataclass, field

import grpc
from prometheus_client import Gauge, Histogram

from sightline.common.telemetry import Metrics


@dataclass(slots=True)
class Route:
    """A method and its metrics, looked up once: a lookup by label costs more than the observation.

    Attributes:
        method: such as `/sightline.v1.JobService/GetJob`.
        admitted: whether the caller is asked who he is, and whether a drain waits for the call; not so for
            health and reflection.
        validated: whether requests are checked against the rules of the proto before the servicer sees them.
        ends_at_drain: a stream that would last as long as the server; its client is sent elsewhere at once.
    """

    method: str
    metrics: Metrics
    admitted: bool = True
    validated: bool = True
    ends_at_drain: bool = False
    in_flight: Gauge = field(init=False)
    _seconds: dict[grpc.StatusCode, Histogram] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.in_flight = self.metrics.rpc_in_flight.labels(self.method)

    @property
    def span_name(self) -> str:
        """The method as traces name it, without the leading slash."""
        return self.method[1:]

    def observe(self, code: grpc.StatusCode, seconds: float) -> None:
        """Count a call that ended."""
        histogram = self._seconds.get(code)
        if histogram is None:
            histogram = self._seconds[code] = self.metrics.rpc_seconds.labels(self.method, code.name)
        histogram.observe(seconds)
