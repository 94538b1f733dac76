"""Three real places on a line of 100 ms: a cart that waits, an open chart, and then the click.

All of it counts: the seat by the server, its word to the cart, both pictures. Needs root.
"""

import os
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.unproven import unproven
from tests.whole.test_back_quickly import Places, Program, until

pytestmark = [pytest.mark.whole, pytest.mark.long]

QUIET_S = 1.0


def first(desk: Program, kind: str) -> float:
    return next((float(str(word[kind])) for word in desk.told() if word.get(kind)), 0.0)


def test_both_see_and_hear_soon_after_the_click_and_nothing_before_it(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        unproven(RuntimeError("network namespaces and /dev/net/tun need root"))
    with ExitStack() as house:
        places = Places(tmp_path, house, "looks-on")
        until(lambda: all(first(desk, "warm") for desk in places.desks), "a warm link")
        time.sleep(QUIET_S)
        assert not any(first(desk, kind) for desk in places.desks for kind in ("picture", "voice"))
        clinician = places.desks[0].process.stdin
        assert clinician is not None
        clinician.write("join\n")
        clinician.flush()
        kinds = [(desk, kind) for desk in places.desks for kind in ("picture", "voice")]
        until(lambda: all(first(desk, kind) for desk, kind in kinds), "picture and voice")
        clicked_at = first(places.desks[0], "clicked")
        took_s = [first(desk, kind) - clicked_at for desk, kind in kinds]
        print("after the click:", " ".join(f"{seconds:.2f}" for seconds in took_s), "s")
        assert max(took_s) < 1.0
        places.until_live()
