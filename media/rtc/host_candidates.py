"""Our own addresses as ICE candidates: stock aioice leaves loopback out even where there is nothing
else, and two programs on one unplugged machine could not meet."""

import aioice.ice

_stock = aioice.ice.get_host_addresses


def host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """Stock's addresses; loopback when there are none, and only then."""
    found = _stock(use_ipv4, use_ipv6)
    if found:
        return found
    return ["127.0.0.1"] if use_ipv4 else ["::1"]


def install() -> None:
    aioice.ice.get_host_addresses = host_addresses
