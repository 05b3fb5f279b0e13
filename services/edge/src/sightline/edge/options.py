"""What an operator may choose about the public door, and the limits that hold whatever is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024 * 1024

# One part of Envoy's configuration, as it is written to YAML.
Node = dict[str, object]


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the certificate chain and the private key are, both PEM.

    Attributes:
        certificate: the certificate of this host, followed by those that lead to its issuer.
        key: its private key.
        client_ca: the issuers of client certificates; clients need none if this is None.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one client may ask for; beyond it Envoy answers for the gateway."""

    # A picture of 32 MiB is 43 MiB of base64. What is let through must fit into a message that the gateway
    # takes (34 MiB): beyond that gRPC itself refuses, with an error that has no reason.
    json_body_bytes: int = 45 * MIB
    # A page of 1000 results with embeddings; one that is larger is asked for in smaller pages.
    json_answer_bytes: int = 64 * MIB
    header_kib: int = 32
    header_count: int = 100
    # A whole request line and its headers must have arrived by then.
    header_seconds: float = 10
    # An answer that comes at once: analysis of one picture, a page, a job that is stored.
    call_seconds: float = 60
    # A stream of bytes in which nothing has moved for so long is cut.
    transfer_idle_seconds: float = 60
    # A native gRPC call in which nothing has moved; its own deadline comes first.
    call_idle_seconds: float = 300
    # A connection on which no call is open.
    connection_idle_seconds: float = 900
    connections: int = 10_000
    # Calls that are under way to the gateway at once, and streams that only wait for news.
    calls: int = 1_000
    watches: int = 5_000
    heap_bytes: int = 1024 * MIB


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """Where the door listens, what is behind it, and what it lets through.

    Attributes:
        listen_host: the address that is served; loopback unless an operator opens it.
        listen_port: the one port of REST, gRPC and gRPC-Web.
        admin_host: where Envoy's own page of statistics listens; it reads and drains, and changes nothing.
        admin_port: its port.
        gateway_host: where the gateway is; a name is looked up again and again.
        gateway_port: its gRPC port.
        health_service: the name that the gateway's gRPC health check is asked for; empty is the whole of it.
        descriptor: the descriptor set of the contract, with google.rpc's error details in it.
        openapi: the OpenAPI document that is served.
        tls: the certificate to serve with; plain text if None.
        cors_origins: the web origins that browsers may call from, such as `https://app.example.org`.
        access_log: whether each call is written to standard output as a line of JSON.
        limits: how much one client may ask for.
    """

    listen_port: int
    admin_port: int
    gateway_port: int
    descriptor: Path
    openapi: Path
    listen_host: str = "127.0.0.1"
    admin_host: str = "127.0.0.1"
    gateway_host: str = "127.0.0.1"
    health_service: str = ""
    tls: TlsFiles | None = None
    cors_origins: tuple[str, ...] = ()
    access_log: bool = False
    limits: Limits = field(default_factory=Limits)


def duration(seconds: float) -> str:
    """Write a duration as protobuf's JSON does; 0 is `0s`, which Envoy reads as no limit."""
    return f"{seconds:g}s"


def typed(name: str, kind: str, **fields: object) -> Node:
    """Name an extension of Envoy together with its configuration.

    Args:
        name: the name that Envoy knows the extension by.
        kind: the message of its configuration, without the package prefix `envoy.`.
        fields: the fields of that message.
    """
    return {"name": name, "typed_config": config_of(kind, **fields)}


def switched_off() -> Node:
    """Say that a filter does nothing on a route."""
    return config_of("config.route.v3.FilterConfig", disabled=True)


def config_of(kind: str, **fields: object) -> Node:
    """Write one message of Envoy's API so that it says its own type."""
    return {"@type": f"type.googleapis.com/envoy.{kind}", **fields}
