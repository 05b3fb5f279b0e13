"""Free ports."""

from __future__ import annotations

import socket

import pytest

from sightline.standalone.ports import LOOPBACK, RANGE, Ports, is_free


def test_the_preferred_port_is_given_when_nobody_has_it() -> None:
    free = Ports().take()
    assert Ports().take(free) == free


def test_a_taken_port_is_passed_over() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        taken = server.getsockname()[1]
        assert not is_free(taken)
        assert Ports().take(taken) in RANGE


def test_no_port_is_given_twice() -> None:
    ports = Ports()
    assert len({ports.take() for _ in range(100)}) == 100


def test_ports_lie_where_no_outgoing_connection_can_take_them() -> None:
    with socket.create_server((LOOPBACK, 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getsockname()[1] not in RANGE


def test_a_machine_without_a_free_port_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.standalone.ports.is_free", lambda port: False)
    with pytest.raises(OSError, match="no free port"):
        Ports().take(8080)
