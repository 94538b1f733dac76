"""The server's line is gone for a whole site: two desks in it find each other, prove who they are,
and a call that needs a new link gets it. Three real places; multicast, TLS, media. Needs root.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.unproven import unproven
from tests.whole.test_back_quickly import CART, SERVER, Places

pytestmark = pytest.mark.whole

FOUND_S = 6.0  # two seconds until they look for each other, and as long to find
BACK_LIMIT_S = 60.0


@pytest.fixture
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        unproven(RuntimeError("network namespaces and /dev/net/tun need root"))
    with ExitStack() as house:
        made = Places(tmp_path_factory.mktemp("places"), house, both=("on-site",))
        made.until_live()
        yield made


def links_of(places: Places) -> list[str]:
    """The last one that each desk told of."""
    told = ([str(word["link"]) for word in desk.told() if "link" in word] for desk in places.desks)
    return [each[-1] for each in told]


def test_at_another_address_the_call_comes_back_while_nobody_reaches_the_server(
    places: Places,
) -> None:
    before = links_of(places)
    places.line("cut", SERVER)
    time.sleep(FOUND_S)
    moved_at = places.moves(CART)
    took_s = places.until_heard(moved_at + 1.0, BACK_LIMIT_S) + 1.0
    after = links_of(places)
    print(f"both see and hear each other {took_s:.1f} s after, without the server")
    assert after[0] == after[1]
    assert before[0] != after[0], "nothing was signalled on the site"
