"""Desks on the site whose code is read when they are first needed, and not before."""

import asyncio
import subprocess
import sys

import pytest

from app.domain.access import Role
from app.domain.failures import Code, Unavailable, Untrusted
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId, new_id
from app.domain.near_words import NearHeard, NearLost
from app.remote.late_near_desks import LateNearDesks
from app.remote.near_desks import NearDesks
from tests.fakes.near_clinic import FixedClock, new_device

VISIT, LINK, FAR = VisitId(new_id()), LinkId(new_id()), DeviceId(new_id())
LIMIT_S = 20.0


def test_a_start_reads_nothing_of_them() -> None:
    """Else reading the program takes a tenth longer, before there is a sign-in page."""
    asked = "import sys, main; print(*sorted(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True
    )
    read = set(run.stdout.split())
    assert "app.remote.late_near_desks" in read
    assert not read & {"app.remote.near_desks", "app.remote.near_line", "zeroconf"}


async def test_before_it_is_opened_nobody_is_there_and_nobody_is_told() -> None:
    desks = LateNearDesks(FixedClock())
    desks.present(PersonId(new_id()), "Ana Presenter", Role.PRESENTER, None)
    desks.network_changed()
    for say in (desks.signal(FAR, VISIT, LINK, {}), desks.live(FAR, VISIT, {})):
        with pytest.raises(Unavailable) as refusal:
            await say
        assert refusal.value.code is Code.PEER_AWAY
    await desks.close()


async def test_who_listened_before_it_was_opened_hears_what_comes_after() -> None:
    desks = LateNearDesks(FixedClock())
    heard: list[NearHeard] = []

    async def listen() -> None:
        async for one in desks.events():
            heard.append(one)
            return

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    # What it proves itself by is looked at by code that was read just now.
    with pytest.raises(Untrusted):
        await desks.open(new_device(), "{}", "{}", ())
    assert isinstance(desks._desks, NearDesks)
    desks._desks._tell(NearLost(FAR))
    await asyncio.wait_for(listening, LIMIT_S)
    assert heard == [NearLost(FAR)]
    await desks.close()


async def test_what_was_told_of_revoked_devices_goes_to_whoever_asks_for_it_now() -> None:
    desks = LateNearDesks(FixedClock())
    with pytest.raises(Untrusted):
        await desks.open(new_device(), "{}", "{}", ())
    told: list[object] = []
    desks.on_revocations = told.append
    assert isinstance(desks._desks, NearDesks)
    desks._desks.on_revocations(())
    assert told == [()]
