"""Addresses on the web, read strictly."""

import pytest

from sightline.common.errors import Reason, SightlineError
from sightline.gateway.targets import Target, read_redirect, read_target

PORTS = (80, 443)


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("https://example.com", Target("https", "example.com", 443, "/")),
        ("HTTP://Example.COM:80/a.jpg?b=c#d", Target("http", "example.com", 80, "/a.jpg?b=c")),
        ("https://xn--bcher-kva.example./x%20y", Target("https", "xn--bcher-kva.example.", 443, "/x%20y")),
        ("http://1.1.1.1/a", Target("http", "1.1.1.1", 80, "/a")),
        ("http://[2606:4700::1]:443/", Target("http", "2606:4700::1", 443, "/")),
        ("https://my_bucket.example.com/?q", Target("https", "my_bucket.example.com", 443, "/?q")),
    ],
)
def test_ordinary_addresses_are_read(uri: str, target: Target) -> None:
    assert read_target(uri, PORTS) == target


@pytest.mark.parametrize(
    "uri",
    [
        "ftp://example.com/a",
        "file:///etc/passwd",
        "gopher://example.com",
        "//example.com/a",
        "example.com",
        "",
        "https://",
        "https:///a",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:-1/",
        "https://example.com:8o/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/a b",
        "https://example.com/\r\nHost: inward",
        "https://example.com/\x00",
        "https://ex\u00e4mple.com/",
        "https://127\u30020.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0x7f.0.0.0x1/",
        "https://127.0.0.1./",
        "https://127.0.0.256/",
        "https://1.2.3.4.5/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://[v1.x]/",
        "https://.example.com/",
        "https://exa%6dple.com/",
        "https://-a.example/",
        "https://example..com/",
        "https://" + "a" * 64 + ".com/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_odd_addresses_are_refused(uri: str) -> None:
    with pytest.raises(SightlineError) as refusal:
        read_target(uri, PORTS)
    assert refusal.value.reason is Reason.URI_REFUSED
    assert "secret" not in refusal.value.message


def test_redirects_are_read_from_where_they_stand() -> None:
    base = read_target("https://example.com/a/b.jpg?c", PORTS)
    assert read_redirect(base, "d.jpg", PORTS).uri == "https://example.com/a/d.jpg"
    assert read_redirect(base, "/e", PORTS).uri == "https://example.com/e"
    assert read_redirect(base, "//other.example/f", PORTS).uri == "https://other.example/f"
    assert read_redirect(base, "https://other.example/g?h", PORTS).path == "/g?h"


@pytest.mark.parametrize(
    "location", ["http://example.com/", "ftp://example.com/", "https://a:b@example.com/", "//2130706433/"]
)
def test_redirects_keep_the_rules_and_never_lose_tls(location: str) -> None:
    with pytest.raises(SightlineError):
        read_redirect(read_target("https://example.com/", PORTS), location, PORTS)


def test_the_authority_names_a_port_only_where_it_is_unusual() -> None:
    assert read_target("http://[2606:4700::1]:443/", PORTS).authority == "[2606:4700::1]:443"
    assert read_target("https://example.com:443/", PORTS).authority == "example.com"
