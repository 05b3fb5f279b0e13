"""Where everything can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.edge.routes import OPENAPI_PATH
from sightline.standalone import postgres, valkey
from sightline.standalone.catalogue import SERVICES
from sightline.standalone.folder import Passwords
from sightline.standalone.ports import LOOPBACK, Ports
from sightline.standalone.settings import Settings


@dataclass(frozen=True)
class Addresses:
    """The ports of one run and what is found there.

    Attributes:
        public: port of Envoy, the door for clients.
        admin: port of Envoy's own statistics.
        postgres: port for the embedded database.
        redis: port for the embedded broker.
        rpc: gRPC port of each service, by name.
        metrics: port of /metrics, /livez and /readyz of each service, by name.
        postgres_url: the database in use, password included.
        redis_url: the broker in use, password included.
    """

    public: int
    admin: int
    postgres: int
    redis: int
    rpc: Mapping[str, int]
    metrics: Mapping[str, int]
    postgres_url: str
    redis_url: str

    @property
    def server(self) -> str:
        """The public door: REST, gRPC and gRPC-Web on one port."""
        return f"http://{LOOPBACK}:{self.public}"

    @property
    def target(self) -> str:
        """The public door as gRPC clients write it."""
        return f"{LOOPBACK}:{self.public}"

    @property
    def openapi(self) -> str:
        """The description of the REST interface."""
        return f"{self.server}{OPENAPI_PATH}"

    def rpc_target(self, name: str) -> str:
        """The gRPC port of a service itself, past Envoy."""
        return f"{LOOPBACK}:{self.rpc[name]}"

    def metrics_url(self, name: str) -> str:
        """Where Prometheus finds a service."""
        return f"http://{LOOPBACK}:{self.metrics[name]}/metrics"

    def public_words(self) -> dict[str, str]:
        """What may be shown to anyone: no passwords."""
        return {
            "REST": f"{self.server}/v1/",
            "gRPC": self.target,
            "OpenAPI": self.openapi,
            **{f"metrics of {name}": self.metrics_url(name) for name in self.metrics},
            "metrics of envoy": f"http://{LOOPBACK}:{self.admin}/stats/prometheus",
        }


def choose(settings: Settings, passwords: Passwords) -> Addresses:
    """Find a free port for everything; the public one is the preferred one when nobody has it."""
    ports = Ports()
    public, admin, of_postgres, of_redis = ports.take(settings.public_port), ports.take(), ports.take(), ports.take()
    external_postgres, external_redis = settings.postgres_url, settings.redis_url
    return Addresses(
        public=public,
        admin=admin,
        postgres=of_postgres,
        redis=of_redis,
        rpc={name: ports.take() for name in SERVICES},
        metrics={name: ports.take() for name in SERVICES},
        postgres_url=external_postgres.get_secret_value()
        if external_postgres
        else postgres.url(of_postgres, passwords.postgres),
        redis_url=external_redis.get_secret_value() if external_redis else valkey.url(of_redis, passwords.valkey),
    )
