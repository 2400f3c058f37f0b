"""Which addresses a message may be sent to: none inside the network of this server, whatever name leads there.

A name is resolved once, every address that it stands for is judged, and the connection is made to one of those that are
left: a name that answers differently the second time (DNS rebinding) is not asked a second time.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

from orderflow.runtime.unpatched import resolve as system_resolve
from orderflow.tickers.delivery.outcome import NotSent

Resolve = Callable[..., list[Any]]
"""`socket.getaddrinfo`."""

_V4 = {
    "this network": "0.0.0.0/8",
    "loopback": "127.0.0.0/8",
    "private": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10",
    "link-local": "169.254.0.0/16",
    "a cloud's metadata": "168.63.129.16/32 100.100.100.200/32",
    "reserved": "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4",
    "multicast": "224.0.0.0/4",
}
_V6 = {
    "unspecified": "::/128",
    "loopback": "::1/128",
    "an IPv4 address in IPv6": "::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2002::/16 2001::/32",
    "a cloud's metadata": "fd00:ec2::/32",
    "private": "fc00::/7 fec0::/10",
    "link-local": "fe80::/10",
    "reserved": "100::/64 2001::/23 2001:db8::/32 3fff::/20 5f00::/16",
    "multicast": "ff00::/8",
}
OWN = ("loopback", "private")
"""What WEBHOOK_ALLOW_PRIVATE allows."""
GLOBAL_V6 = IPv6Network("2000::/3")


def _table(words: dict[str, str]) -> list[tuple[IPv4Network | IPv6Network, str]]:
    nets = [(ipaddress.ip_network(net), word) for word, text in words.items() for net in text.split()]
    return sorted(nets, key=lambda pair: -pair[0].prefixlen)  # the narrowest says what it is


_RANGES = {4: _table(_V4), 6: _table(_V6)}


def kind_of(address: IPv4Address | IPv6Address) -> str:
    """What kind of address this is, in words; "" for a public one."""
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return "link-local"
    for network, word in _RANGES[address.version]:
        if address in network:
            return word
    return "" if address.version == 4 or address in GLOBAL_V6 else "reserved"


class AddressGuard:
    """Resolves names and refuses addresses that are not public.

    allow_own: takes private and loopback ones too. allow_all: takes any, for hosts that the operator alone has set.
    """

    def __init__(self, *, allow_own: bool = False, allow_all: bool = False, resolve: Resolve = system_resolve) -> None:
        self._allowed = {"", *OWN, *_V4, *_V6} if allow_all else {"", *OWN} if allow_own else {""}
        self._resolve = resolve

    def lookup(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be used, in the resolver's order. Raises NotSent if there is none."""
        try:
            found = self._resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotSent(f"the name {host} cannot be resolved: {_reason(error)}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        kinds = {address: kind_of(ipaddress.ip_address(address)) for address in addresses}
        usable = [address for address, kind in kinds.items() if kind in self._allowed]
        if usable:
            return usable
        refused = ", ".join(dict.fromkeys(kinds.values())) or "none"
        hint = "; WEBHOOK_ALLOW_PRIVATE allows it" if set(kinds.values()) <= set(OWN) else ""
        raise NotSent(f"{host} is not at a public address ({refused}){hint}")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
