"""What the door gives away and whom it believes: nothing, and the socket."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from backend import JOB, MEDIA, Backend
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from edges import Edge, OpenEdge, reason_of

from sightline.edge import TlsFiles

SECURITY = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
PATHS = [
    f"/v1/{JOB}",
    f"/v1/{JOB}:watch",
    f"/v1/{MEDIA}:download",
    "/v1/nothing",
    "/nothing",
    "/v1/jobs?what=1",
    "/healthz",
]
ORIGIN = "https://app.example.org"


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_security_headers_and_no_banner(rest: httpx.Client, backend: Backend, path: str) -> None:
    backend.file = b"x"
    headers = rest.get(path).headers
    assert {name: headers.get(name) for name in SECURITY} == SECURITY
    assert "server" not in headers
    assert not [name for name in headers if name.startswith(("x-envoy", "grpc-"))]


def test_an_uploaded_page_is_never_shown_as_one(rest: httpx.Client, backend: Backend) -> None:
    backend.file, backend.file_type = b"<script>alert(1)</script>", "text/html"
    headers = rest.get(f"/v1/{MEDIA}:download").headers
    assert headers["content-disposition"] == "attachment"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_what_a_client_says_about_its_address_or_identity_is_not_passed_on(
    rest: httpx.Client, backend: Backend
) -> None:
    hearsay = {
        "x-forwarded-for": "6.6.6.6",
        "x-real-ip": "6.6.6.6",
        "forwarded": "for=6.6.6.6",
        "x-client-address": "6.6.6.6",
        "x-envoy-external-address": "6.6.6.6",
        "x-sightline-tenant": "somebody-else",
        "x-sightline-scopes": "admin",
    }
    rest.get(f"/v1/{JOB}", headers=hearsay)
    seen = backend.metadata[-1]
    assert seen["x-client-address"] == "127.0.0.1"
    assert not [value for value in seen.values() if value in set(hearsay.values())]


def test_a_client_does_not_choose_timeouts_and_retries(rest: httpx.Client, backend: Backend) -> None:
    backend.seconds = 0.2
    sent = {"x-envoy-upstream-rq-timeout-ms": "20", "x-envoy-retry-on": "5xx", "x-envoy-max-retries": "9"}
    assert rest.get(f"/v1/{JOB}", headers=sent).status_code == 200
    assert len(backend.requests) == 1
    assert not set(sent) & set(backend.metadata[-1])


def test_no_browser_may_call_unless_its_origin_is_named(rest: httpx.Client) -> None:
    preflight = {"origin": ORIGIN, "access-control-request-method": "GET"}
    assert "access-control-allow-origin" not in rest.options("/v1/jobs", headers=preflight).headers
    assert "access-control-allow-origin" not in rest.get(f"/v1/{JOB}", headers={"origin": ORIGIN}).headers


def test_a_browser_of_a_named_origin_may_call(open_edge: OpenEdge, backend: Backend) -> None:
    edge = open_edge(cors_origins=(ORIGIN,))
    preflight = {"origin": ORIGIN, "access-control-request-method": "DELETE"}
    answer = httpx.options(f"{edge.url}/v1/{JOB}", headers=preflight)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "DELETE" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"]
    answer = httpx.get(f"{edge.url}/v1/{JOB}", headers={"origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "retry-after" in answer.headers["access-control-expose-headers"]
    stranger = httpx.get(f"{edge.url}/v1/{JOB}", headers={"origin": "https://evil.example.org"})
    assert "access-control-allow-origin" not in stranger.headers


def test_tls_speaks_http_2_and_wants_browsers_to_stay_with_it(
    open_edge: OpenEdge, backend: Backend, tmp_path: Path
) -> None:
    files = self_signed(tmp_path)
    edge = open_edge(tls=files)
    trust = ssl.create_default_context(cafile=str(files.certificate))
    with httpx.Client(base_url=f"https://localhost:{edge.port}", http2=True, verify=trust) as client:
        answer = client.get(f"/v1/{JOB}")
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://{edge.target}/v1/{JOB}")


def self_signed(folder: Path) -> TlsFiles:
    """Make a certificate of localhost that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    files = TlsFiles(folder / "tls.crt", folder / "tls.key")
    files.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def test_the_admin_port_reads_and_drains_and_does_nothing_else(edge: Edge) -> None:
    admin = f"http://127.0.0.1:{edge.admin_port}"
    assert httpx.get(f"{admin}/ready").status_code == 200
    assert httpx.post(f"{admin}/quitquitquit").status_code == 403
    assert httpx.get(f"{admin}/config_dump").status_code == 403


def test_a_door_that_is_about_to_close_says_so_to_probes(open_edge: OpenEdge, backend: Backend) -> None:
    edge = open_edge()
    assert httpx.get(f"{edge.url}/healthz").status_code == 200
    assert httpx.post(f"http://127.0.0.1:{edge.admin_port}/healthcheck/fail").status_code == 200
    probe = httpx.get(f"{edge.url}/healthz")
    assert (probe.status_code, reason_of(probe)) == (503, "DRAINING")
    assert httpx.get(f"{edge.url}/v1/{JOB}").status_code == 200


def test_a_path_is_read_in_one_spelling(rest: httpx.Client, backend: Backend) -> None:
    assert rest.get("/v1//./media/../jobs/x").status_code == 200
    assert backend.last.name == "jobs/x"
    rest.get("/v1/jobs/a%2Fb")
    assert backend.last.name == "jobs/a%2Fb"


def test_the_access_log_is_json_without_the_query(open_edge: OpenEdge, backend: Backend) -> None:
    edge = open_edge(access_log=True)
    httpx.post(f"{edge.url}/v1/media?displayName=private.jpg", content=b"x")
    edge.server.stop()
    (line,) = [line for line in edge.server.lines if line.startswith("{")]
    assert "private" not in line
    written = json.loads(line)
    assert (written["method"], written["path"], written["code"]) == ("POST", "/v1/media", 200)
