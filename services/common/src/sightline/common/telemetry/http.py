"""The small HTTP server of a process: /metrics for Prometheus, /livez and /readyz for its supervisor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import h11
from prometheus_client.exposition import choose_encoder

from sightline.common.settings import TelemetrySettings
from sightline.common.telemetry.metrics import Metrics
from sightline.common.telemetry.readiness import Readiness

# A probe or a scrape is one short request; whoever is slower or larger is neither.
_REQUEST_SECONDS = 5.0
_REQUEST_MAX_BYTES = 16 * 1024
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    kind: str
    body: bytes


class TelemetryServer:
    """Serves the three pages in the running loop; use as `async with` or with `start` and `stop`."""

    def __init__(self, settings: TelemetrySettings, metrics: Metrics, readiness: Readiness) -> None:
        self._settings = settings
        self._metrics = metrics
        self._readiness = readiness
        self._server: asyncio.Server | None = None
        self._pages: dict[str, Callable[[str], Awaitable[_Answer]]] = {
            "/metrics": self._show_metrics,
            "/livez": self._show_liveness,
            "/readyz": self._show_readiness,
        }

    async def start(self) -> int:
        """Begin to listen.

        Returns:
            The port, which was chosen by the system if the settings say 0.
        """
        self._server = await asyncio.start_server(
            self._serve, self._settings.metrics_host, self._settings.metrics_port, limit=_REQUEST_MAX_BYTES
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening; a page being answered is not waited for."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> int:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_REQUEST_MAX_BYTES)
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                request = await _read_request(connection, reader)
                answer = await self._answer(request)
                writer.write(_rendered(connection, answer, with_body=request.method != b"HEAD"))
                await writer.drain()
        except (h11.RemoteProtocolError, TimeoutError, OSError):
            pass  # not HTTP, too slow or gone: nobody is there to be told
        finally:
            writer.close()

    async def _answer(self, request: h11.Request) -> _Answer:
        page = self._pages.get(request.target.split(b"?")[0].decode("ascii", "replace"))
        if page is None:
            return _Answer(404, "text/plain", b"There are /metrics, /livez and /readyz.\n")
        if request.method not in (b"GET", b"HEAD"):
            return _Answer(405, "text/plain", b"Only GET and HEAD.\n")
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        return await page(headers.get("accept", ""))

    async def _show_metrics(self, accept: str) -> _Answer:
        encode, kind = choose_encoder(accept)
        return _Answer(200, kind, encode(self._metrics.registry))

    async def _show_liveness(self, _accept: str) -> _Answer:
        return _Answer(200, _JSON, b'{"alive": true}\n')

    async def _show_readiness(self, _accept: str) -> _Answer:
        report = await self._readiness.report()
        body = json.dumps({"ready": report.ready, "dependencies": dict(report.dependencies)})
        return _Answer(200 if report.ready else 503, _JSON, body.encode() + b"\n")


async def _read_request(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request:
    request: h11.Request | None = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(4096))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request
        elif isinstance(event, h11.ConnectionClosed):
            raise h11.RemoteProtocolError("closed before a whole request")


def _rendered(connection: h11.Connection, answer: _Answer, *, with_body: bool) -> bytes:
    headers = [
        ("content-type", answer.kind),
        ("content-length", str(len(answer.body))),
        ("connection", "close"),
    ]
    head = connection.send(h11.Response(status_code=answer.status, headers=headers))
    body = connection.send(h11.Data(data=answer.body)) if with_body else None
    end = connection.send(h11.EndOfMessage())
    return b"".join(part for part in (head, body, end) if part)
