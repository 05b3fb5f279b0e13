"""What an operator sets of the public door."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from sightline.common.settings import Section, ServiceSettings


class TlsSettings(Section):
    """The certificate of the door; plain text without it."""

    certificate: Path = Field(description="PEM file: the certificate, followed by those that lead to its issuer")
    key: Path = Field(description="PEM file: its private key")
    client_ca: Path | None = Field(None, description="PEM file: issuers of client certificates; none are asked for")


class EdgeSettings(ServiceSettings):
    """The public door: `python -m sightline.edge` writes what Envoy reads, and ends."""

    model_config = SettingsConfigDict(env_prefix="EDGE_")

    folder: Path = Field(description="where envoy.yaml, the descriptor and the OpenAPI document are written")
    listen_host: str = Field("0.0.0.0", description="address of the public port")  # noqa: S104 - the door is public
    listen_port: int = Field(8080, ge=1, le=65535, description="port of REST, gRPC and gRPC-Web")
    admin_host: str = Field("127.0.0.1", description="address of Envoy's statistics")
    admin_port: int = Field(9901, ge=1, le=65535, description="port of Envoy's statistics")
    gateway_host: str = Field(description="name of the gateways; many addresses are balanced over")
    gateway_port: int = Field(8081, ge=1, le=65535, description="gRPC port of the gateways")
    cors_origins: tuple[str, ...] = Field((), description="web origins that browsers may call from, as a JSON list")
    access_log: bool = Field(False, description="write each call to standard output as a line of JSON")
    heap_bytes: int = Field(2**30, ge=2**26, description="heap from which on Envoy refuses what is new")
    connections: int = Field(10_000, ge=1, description="connections at once")
    tls: TlsSettings | None = Field(None, description="as JSON: certificate, key and client_ca")
