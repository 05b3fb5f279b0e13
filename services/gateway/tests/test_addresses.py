"""Which addresses are public."""

from ipaddress import ip_address

import pytest

from sightline.gateway.addresses import is_public, literal

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:80e::200e", "64:ff9b::808:808"]
INWARD = {
    "this host": "0.0.0.0",
    "loopback": "127.0.0.1",
    "all of loopback": "127.255.255.254",
    "private 10": "10.1.2.3",
    "private 172": "172.31.255.255",
    "private 192": "192.168.0.1",
    "carrier": "100.64.0.1",
    "metadata of clouds": "169.254.169.254",
    "metadata of Alibaba": "100.100.100.200",
    "metadata of Oracle": "192.0.0.192",
    "agent of Azure": "168.63.129.16",
    "benchmarks": "198.18.0.1",
    "documentation": "203.0.113.7",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "relay of 6to4": "192.88.99.1",
    "IPv6 unspecified": "::",
    "IPv6 loopback": "::1",
    "IPv6 private": "fd00:ec2::254",
    "IPv6 link-local": "fe80::1",
    "IPv6 link-local with a scope": "fe80::1%eth0",
    "IPv6 site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv6 newer documentation": "3fff::1",
    "IPv6 discard": "100::1",
    "IPv6 segment routing": "5f00::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped metadata": "::ffff:a9fe:a9fe",
    "compatible loopback": "::127.0.0.1",
    "NAT64 to loopback": "64:ff9b::7f00:1",
    "NAT64 to metadata": "64:ff9b::a9fe:a9fe",
    "local NAT64": "64:ff9b:1::808:808",
    "6to4 of loopback": "2002:7f00:1::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "a global address with a scope": "2606:4700::1111%lo",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_anybody_can_call_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", INWARD.values(), ids=INWARD.keys())
def test_every_other_address_is_inward(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("host", ["0177.0.0.1", "127.1", "2130706433", "0x7f000001", "127.0.0.1.", "example.com", ""])
def test_only_the_usual_form_of_an_address_is_an_address(host: str) -> None:
    assert literal(host) is None
