"""How much one client may ask for: sizes, times and calls at once."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
from backend import JOB, Backend, a_job
from edges import Edge, OpenEdge, reason_in, reason_of

from sightline.edge import Limits
from sightline.v1 import job_pb2


def exchange(port: int, *parts: bytes, pause_seconds: float = 0) -> tuple[int, dict[str, str], bytes]:
    """Speak HTTP/1.1 by hand, with pauses, and read until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause_seconds)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


def test_a_picture_of_32_mib_is_let_through_as_json(rest: httpx.Client, backend: Backend) -> None:
    content = "A" * (32 * 1024 * 1024 // 3 * 4)
    answer = rest.post("/v1/faces:detect", json={"image": {"content": content}})
    assert answer.status_code == 200
    assert len(backend.last.image.content) == 32 * 1024 * 1024 // 3 * 3


def test_a_json_body_that_says_it_is_too_large_is_refused_before_it_is_sent(edge: Edge, backend: Backend) -> None:
    head = f"POST /v1/faces:detect HTTP/1.1\r\nhost: x\r\ncontent-length: {46 * 1024 * 1024}\r\n\r\n{{"
    status, headers, body = exchange(edge.port, head.encode())
    assert (status, reason_in(body)) == (413, "MEDIA_TOO_LARGE")
    assert headers["content-type"] == "application/json"
    assert not backend.requests


def test_a_json_body_that_grows_too_large_is_refused(open_edge: OpenEdge, backend: Backend) -> None:
    edge = open_edge(limits=Limits(json_body_bytes=100_000))
    chunks = (b'{"image": {"content": "' if n == 0 else b"A" * 1000 for n in range(102))
    answer = httpx.post(f"{edge.url}/v1/faces:detect", content=chunks)
    assert (answer.status_code, reason_of(answer)) == (413, "MEDIA_TOO_LARGE")
    assert not backend.requests


def test_headers_that_are_too_large_are_refused(rest: httpx.Client) -> None:
    answer = rest.get(f"/v1/{JOB}", headers={"x-large": "x" * 40_000})
    assert (answer.status_code, reason_of(answer)) == (431, "INVALID_ARGUMENT")


def test_a_call_that_takes_too_long_is_ended(open_edge: OpenEdge, backend: Backend) -> None:
    edge = open_edge(limits=Limits(call_seconds=0.5))
    backend.seconds = 30
    answer = httpx.get(f"{edge.url}/v1/{JOB}")
    assert (answer.status_code, reason_of(answer)) == (504, "DEADLINE_EXCEEDED")
    assert backend.left.wait(2)


def test_a_body_that_stalls_is_given_up(open_edge: OpenEdge, backend: Backend) -> None:
    edge = open_edge(limits=Limits(call_seconds=0.4, transfer_idle_seconds=0.5))
    for path in ("/v1/jobs", "/v1/media"):
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{{"
        status, headers, body = exchange(edge.port, head.encode())
        assert (status, reason_in(body)) == (408, "DEADLINE_EXCEEDED")
        assert headers["content-type"] == "application/json"


def test_headers_that_stall_are_given_up(open_edge: OpenEdge) -> None:
    edge = open_edge(limits=Limits(header_seconds=0.5))
    status, _, body = exchange(edge.port, b"GET /v1/jobs HTTP/1.1\r\nhost")
    assert (status, reason_in(body)) == (408, "DEADLINE_EXCEEDED")


def test_calls_beyond_what_the_gateway_takes_at_once_are_sent_away(open_edge: OpenEdge, backend: Backend) -> None:
    edge = open_edge(limits=Limits(calls=4))
    backend.seconds = 0.5
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: httpx.get(f"{edge.url}/v1/{JOB}"), range(20)))
    refused = [answer for answer in answers if answer.status_code != 200]
    assert 0 < len(refused) < 20
    assert {(answer.status_code, reason_of(answer)) for answer in refused} == {(503, "OVERLOADED")}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}


def test_a_door_that_is_short_of_memory_takes_no_more_calls(open_edge: OpenEdge, backend: Backend) -> None:
    edge = open_edge(limits=Limits(heap_bytes=1_000_000))
    for _ in range(50):  # the memory is looked at four times a second
        answer = httpx.get(f"{edge.url}/v1/{JOB}")
        if answer.status_code == 503:
            break
        time.sleep(0.1)
    assert (answer.status_code, reason_of(answer)) == (503, "OVERLOADED")
    assert answer.headers["retry-after"] == "1"


def test_watchers_take_no_place_from_callers(open_edge: OpenEdge, backend: Backend) -> None:
    edge = open_edge(limits=Limits(calls=2, watches=50))
    backend.events = [(0, job_pb2.JobEvent(sequence=1, job=a_job())), (60, job_pb2.JobEvent(sequence=2))]
    clients = [httpx.Client(base_url=edge.url) for _ in range(10)]
    streams = [client.send(client.build_request("GET", f"/v1/{JOB}:watch"), stream=True) for client in clients]
    try:
        assert {stream.status_code for stream in streams} == {200}
        assert httpx.get(f"{edge.url}/v1/{JOB}").status_code == 200
    finally:
        for client in clients:
            client.close()
