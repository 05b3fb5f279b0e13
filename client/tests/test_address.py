"""Addresses, names, and TLS."""

from __future__ import annotations

import datetime

import grpc
import pytest
import scripted_server
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sightline.client import AsyncSightline, RetryPolicy, Sightline, Unavailable
from sightline.client.address import Address
from sightline.client.names import job_name, media_name
from sightline.v1.job_pb2 import DeadLetter, Job


@pytest.mark.parametrize(
    ("server", "target", "tls"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080", False),
        ("localhost", "localhost:8080", False),
        ("http://host", "host:80", False),
        ("https://sightline.example", "sightline.example:443", True),
        ("https://sightline.example:8443/", "sightline.example:8443", True),
        ("grpcs://host", "host:443", True),
        ("[::1]:8080", "[::1]:8080", False),
    ],
)
def test_an_address_is_read(server, target, tls):
    assert Address.parse(server) == Address(target, tls)


def test_tls_can_be_asked_for_beside_the_address():
    assert Address.parse("host", tls=True) == Address("host:443", True)


@pytest.mark.parametrize(
    "server", ["", "ftp://host", "https://host/path", "https://user@host", "host:port", "host:99999", "a b://c"]
)
def test_what_is_no_address_is_refused(server):
    with pytest.raises(ValueError, match="is no server address"):
        Address.parse(server)


def test_an_address_and_tls_may_not_contradict_each_other():
    with pytest.raises(ValueError, match="contradict"):
        Address.parse("https://host", tls=False)


def test_names_are_taken_in_every_form():
    assert job_name("1") == job_name("jobs/1") == job_name(Job(name="jobs/1")) == job_name(DeadLetter(job="jobs/1"))
    assert media_name("1") == media_name("media/1")


def test_the_environment_is_read_only_when_it_is_asked_for(monkeypatch):
    monkeypatch.setenv("SIGHTLINE_SERVER", "https://there")
    monkeypatch.setenv("SIGHTLINE_KEY", "sk-there")
    here, there = Sightline(), Sightline.from_environment()
    assert here._calls._address.target == "127.0.0.1:8080"
    assert there._calls._address == Address("there:443", True)
    assert there._calls.metadata() == (("authorization", "Bearer sk-there"),)


@pytest.fixture
def certificate() -> tuple[bytes, bytes]:
    """A key and a certificate for localhost that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, made.public_bytes(pem)


async def test_a_server_with_a_certificate_of_a_known_authority_is_trusted_and_no_other(certificate, script, tmp_path):
    server, port = scripted_server.server(script, grpc.ssl_server_credentials([certificate]))
    await server.start()
    (tmp_path / "ca.pem").write_bytes(certificate[1])
    async with AsyncSightline(f"https://localhost:{port}", ca_file=tmp_path / "ca.pem") as sightline:
        assert await sightline.health()
    async with AsyncSightline(f"https://localhost:{port}", retry=RetryPolicy(attempts=1)) as sightline:
        with pytest.raises(Unavailable):
            await sightline.health(timeout=2)
    await server.stop(None)
