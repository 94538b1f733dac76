"""The server's line is gone for a whole site: two desks in it find each other, prove who they are,
and the call that was lost comes back. Three real places; real multicast, TLS and media. Needs root.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.unproven import unproven
from tests.whole.test_back_quickly import CART, CLINICIAN, SERVER, Places

pytestmark = pytest.mark.whole

DARK_S = 20.0  # longer than a link outlives without a word
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


def test_a_lost_call_comes_back_while_nobody_reaches_the_server(places: Places) -> None:
    before = links_of(places)
    places.line("cut", SERVER)
    places.line("cut", CLINICIAN, CART)
    time.sleep(DARK_S)
    healed_at = places.line("heal", CLINICIAN, CART)  # the building's own network
    took_s = places.until_heard(healed_at + 1.0, BACK_LIMIT_S)
    after = links_of(places)
    print(f"both see and hear each other {took_s + 1.0:.1f} s after, without the server")
    assert after[0] == after[1]
    assert before[0] != after[0], "the link outlived the dark; nothing was signalled on the site"
