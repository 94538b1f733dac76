"""Links over minutes: slow round trips, long silences, a dead far side (`make test-long`)."""

import asyncio
import time
from pathlib import Path

import pytest

from app.runtime.tasks import TaskOwner
from media.process_memory import give_back
from media.rtc.link_events import LinkFailed, LinkLost, LinkUp
from tests.fakes.two_links import two_links
from tests.fakes.udp_gate import udp_gate

pytestmark = [pytest.mark.whole, pytest.mark.long, pytest.mark.timeout(200)]


@pytest.mark.parametrize("round_trip_s", [0.6, 1.2])
async def test_a_slow_round_trip_ends_no_call(round_trip_s: float) -> None:
    """Stock gives consent half a second and ends such a call after 31 to 36 s."""
    with udp_gate() as gate:
        gate.delay_s = round_trip_s / 2
        async with two_links(None) as pair:
            await pair.open()
            await pair.clinician.up(limit_s=15)
            await pair.cart.up(limit_s=15)
            await asyncio.sleep(70)
            for side in (pair.clinician, pair.cart):
                assert side.link.is_up
                assert not side.of(LinkFailed)
                assert not side.of(LinkLost)


async def test_fifteen_seconds_of_black_hole_are_survived_by_the_same_link() -> None:
    with udp_gate() as gate:
        async with two_links(3) as pair:
            await pair.open()
            await pair.clinician.first_picture()
            await asyncio.sleep(1)
            gate.is_open = False
            await asyncio.sleep(15)
            gate.is_open = True
            healed_at = time.monotonic()
            for side in (pair.clinician, pair.cart):
                await side.up(times=2, limit_s=2)
                assert len(side.of(LinkLost)) == 1
            await pair.clinician.until(
                lambda: pair.clinician.pictures_at[-1] > healed_at, 1, "a picture"
            )
            print(f"after 15 s: up {pair.clinician.of(LinkUp)[1][0] - healed_at:.2f} s")


async def test_a_far_side_that_died_is_lost_within_a_second_and_closed_within_a_minute() -> None:
    with udp_gate() as gate:
        async with two_links(None) as pair:
            await pair.open()
            await pair.clinician.up()
            gate.is_open = False
            died_at = time.monotonic()
            await pair.clinician.until(lambda: bool(pair.clinician.of(LinkFailed)), 70, "the end")
            assert pair.clinician.of(LinkLost)[0][0] - died_at <= 1.5
            print(f"a dead path closed after {time.monotonic() - died_at:.0f} s")


def resident_kb() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def test_many_links_leave_nothing_behind() -> None:
    async def one() -> None:
        async with two_links(5) as pair:
            await pair.open()
            await pair.clinician.first_picture()
        give_back()  # as the media process does at the end of each link

    async with TaskOwner("many links"):
        for _ in range(30):
            await one()
        before = resident_kb()
        for _ in range(100):
            await one()
        grown_kb = resident_kb() - before
        print(f"100 pairs of links grew {grown_kb} kB")
        assert grown_kb < 20_000
        assert len(asyncio.all_tasks()) < 5
