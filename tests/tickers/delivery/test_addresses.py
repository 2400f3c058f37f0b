"""No message goes into the network of the server, whatever a name or an address looks like."""

from __future__ import annotations

import ipaddress

import pytest

from orderflow.tickers.delivery.addresses import AddressGuard, kind_of
from orderflow.tickers.delivery.outcome import NotSent
from tests.tickers.delivery.conftest import Names

REFUSED = {
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "fc00::1", "fd12::1",
                "fec0::1"],
    "link-local": ["169.254.1.1", "169.254.169.254", "fe80::1", "fe80::1%eth0"],
    "a cloud's metadata": ["168.63.129.16", "100.100.100.200", "fd00:ec2::254"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1"],
    "this network": ["0.0.0.0", "0.1.2.3"],
    "unspecified": ["::"],
    "reserved": ["192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "203.0.113.9", "240.0.0.1", "255.255.255.255",
                 "2001:db8::1", "100::1", "3fff::1", "5f00::1", "4000::1"],
    "an IPv4 address in IPv6": ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
                                "64:ff9b:1::10.0.0.1", "2002:7f00:1::", "2002:808:808::1", "2001:0:1::1",
                                "::ffff:0:127.0.0.1"],
}  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1"]


@pytest.mark.parametrize(("kind", "address"), [(kind, each) for kind, many in REFUSED.items() for each in many])
def test_an_address_that_is_not_public_is_refused(kind: str, address: str) -> None:
    assert kind_of(ipaddress.ip_address(address)) == kind
    with pytest.raises(NotSent, match="is not at a public address"):
        AddressGuard(resolve=Names(address)).lookup("hooks.example.org", 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_taken(address: str) -> None:
    assert AddressGuard(resolve=Names(address)).lookup("hooks.example.org", 443) == [address]


def test_of_several_addresses_the_public_ones_are_left() -> None:
    guard = AddressGuard(resolve=Names("10.0.0.1", "8.8.8.8", "::1"))
    assert guard.lookup("hooks.example.org", 443) == ["8.8.8.8"]


def test_the_setting_allows_the_own_network_and_no_more() -> None:
    for kind, addresses in REFUSED.items():
        for address in addresses:
            guard = AddressGuard(allow_own=True, resolve=Names(address))
            if kind in ("loopback", "private"):
                assert guard.lookup("hooks.example.org", 443) == [address]
            else:
                with pytest.raises(NotSent):
                    guard.lookup("hooks.example.org", 443)


def test_the_refusal_says_why() -> None:
    with pytest.raises(NotSent, match=r"public address \(loopback\); WEBHOOK_ALLOW_PRIVATE allows it"):
        AddressGuard(resolve=Names("127.0.0.1")).lookup("hooks.example.org", 443)
    with pytest.raises(NotSent, match=r"public address \(link-local\)$"):
        AddressGuard(resolve=Names("169.254.169.254")).lookup("hooks.example.org", 443)
    names = Names()
    names.by_name["gone.example.org"] = []
    with pytest.raises(NotSent, match=r"gone\.example\.org cannot be resolved: Name or service not known"):
        AddressGuard(resolve=names).lookup("gone.example.org", 443)


@pytest.mark.parametrize("name", ["127.1", "0x7f000001", "2130706433", "017700000001", "localhost"])
def test_other_spellings_of_loopback_are_judged_by_what_they_mean(name: str) -> None:
    with pytest.raises(NotSent):
        AddressGuard().lookup(name, 443)
