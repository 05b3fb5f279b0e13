"""Whether a release is reached inside its cluster: `python -m sightline.gateway.reached`, which `helm test` runs."""

from __future__ import annotations

import http.client
import ssl
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

import grpc
import typer
from grpc_health.v1 import health_pb2, health_pb2_grpc

app = typer.Typer(add_completion=False)

_PATH = "/v1/jobs"


@app.command()
def main(
    gateway: Annotated[str, typer.Argument(help="host and port of the gateway's gRPC")],
    door: Annotated[str, typer.Option(help="address of the door, such as http://media-sightline; empty: none")] = "",
    seconds: Annotated[float, typer.Option(help="how long each may take to answer")] = 30.0,
) -> None:
    """Ask the gateway for its health, and the door for what nobody gets without a key."""
    said = {f"gateway {gateway}": _health(gateway, seconds)}
    if door:
        said[f"door {door}"] = _refusal(door, seconds)
    for what, wrong in said.items():
        typer.echo(f"{what}: {wrong or 'serves'}")
    if any(said.values()):
        raise typer.Exit(1)


def _health(target: str, seconds: float) -> str:
    with grpc.insecure_channel(target) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        try:
            answer = check(health_pb2.HealthCheckRequest(), timeout=seconds, wait_for_ready=True)
        except grpc.RpcError as error:
            return f"no answer: {error}"
    if answer.status == health_pb2.HealthCheckResponse.SERVING:
        return ""
    return f"says {health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)}"


def _refusal(door: str, seconds: float) -> str:
    """Call without a key: only a gateway behind the door refuses that with 401; a door that reaches none says 503."""
    try:
        status = _status(door, seconds)
    except OSError as error:
        return f"no answer: {error}"
    return "" if status == HTTPStatus.UNAUTHORIZED else f"answers {status} instead of {HTTPStatus.UNAUTHORIZED.value}"


def _status(door: str, seconds: float) -> int:
    place = urlsplit(door)
    host = place.hostname or ""
    connection = http.client.HTTPConnection(host, place.port, timeout=seconds)
    if place.scheme == "https":
        # Its certificate is for the public name, and this call comes from inside and says nothing secret.
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, place.port, timeout=seconds, context=trusting)
    try:
        connection.request("GET", _PATH)
        return connection.getresponse().status
    finally:
        connection.close()


if __name__ == "__main__":
    app()
