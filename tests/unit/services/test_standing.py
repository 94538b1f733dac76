"""This device's lease: asked for, kept, ended by time or by the server's word."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from app.domain.audit import Act
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.domain.ids import DeviceId, new_id
from app.domain.server_words import DeviceCredentials
from app.domain.standing import Lease, Revocation, SignedRevocation, ToldStanding
from app.services.sign_in import SignInPhase
from app.services.standing import (
    ASK_EVERY_S,
    DeviceStanding,
    keep_revocations,
    kept_revocations,
    what_proves_this_device,
    why_not_offline,
)
from tests.unit.services.given import DeskOnFakes

TWELVE_HOURS = timedelta(hours=12)


@dataclass
class FakeStandings:
    """The server's word on this device."""

    desk: DeskOnFakes
    device: DeviceCredentials
    revoked: Revocation | None = None
    failure: Failure | None = None
    asked: list[str] = field(default_factory=list)
    others: tuple[SignedRevocation, ...] = ()

    async def standing(self, device: DeviceCredentials, known_certificate: str) -> ToldStanding:
        if self.failure is not None:
            raise self.failure
        self.asked.append(known_certificate)
        now = self.desk.clock.now()
        told = self.revoked or Lease(device.id, now, now + TWELVE_HOURS)
        return ToldStanding(told, f"signed {now}", self.others)


@dataclass
class Held:
    standings: FakeStandings
    service: DeviceStanding
    wiped: list[str]


@asynccontextmanager
async def held(desk: DeskOnFakes) -> AsyncIterator[Held]:
    device = DeviceCredentials(desk.acts.device, "cart 7", bytes(32))
    standings, wiped = FakeStandings(desk, device), list[str]()

    async def wipe() -> None:
        wiped.append("keys")

    service = DeviceStanding(
        server_api=standings,
        acts=desk.acts,
        device=device,
        sign_out=desk.sign_in.sign_out,
        wipe=wipe,
    )
    await desk.sign_in.sign_in("dr-lin", "good password")
    service.start()
    await desk.clock.passes(1)
    try:
        yield Held(standings, service, wiped)
    finally:
        await service.close()


def phase(desk: DeskOnFakes) -> tuple[SignInPhase, Code | None]:
    state = desk.sign_in.state.value
    return state.phase, state.code


async def offline_sign_in(desk: DeskOnFakes) -> tuple[SignInPhase, Code | None]:
    desk.server.goes_away()
    await desk.sign_in.sign_in("dr-lin", "good password")
    return phase(desk)


async def test_it_is_renewed_while_the_server_answers(doctor: DeskOnFakes) -> None:
    async with held(doctor) as here:
        assert here.standings.asked == ["certificate"]
        await doctor.clock.passes(3 * ASK_EVERY_S)
        assert len(here.standings.asked) >= 3
        here.standings.failure = Unavailable(Code.SERVER_UNREACHABLE)
        await doctor.clock.passes(11 * 3600)
        assert await doctor.acts.read(lambda u: why_not_offline(u, doctor.clock.now())) is None


async def test_what_proves_this_device_to_others_is_kept_until_it_is_revoked(
    doctor: DeskOnFakes,
) -> None:
    async with held(doctor) as here:
        kept = await doctor.acts.read(what_proves_this_device)
        assert kept is not None and kept[0] == "certificate" and kept[1].startswith("signed ")
        here.standings.revoked = Revocation(doctor.acts.device, doctor.clock.now(), wipes=False)
        await doctor.clock.passes(ASK_EVERY_S + 1)
        assert await doctor.acts.read(what_proves_this_device) is None


async def test_what_is_known_of_other_devices_is_kept_and_grows(doctor: DeskOnFakes) -> None:
    async with held(doctor) as here:
        now = doctor.clock.now()
        one, other = (
            SignedRevocation(
                Revocation(DeviceId(new_id()), now - age, wipes=False), f"signed {age}"
            )
            for age in (timedelta(hours=2), timedelta(hours=1))
        )
        here.standings.others = (one,)
        await doctor.clock.passes(ASK_EVERY_S + 1)
        await doctor.acts.read(keep_revocations((other, one)))  # told by a desk of the site
        kept = await doctor.acts.read(what_proves_this_device)
        assert kept is not None and kept[2] == (other.signed, one.signed)
        here.standings.others = ()  # no word of them is no pardon
        await doctor.clock.passes(ASK_EVERY_S + 1)
        assert await doctor.acts.read(kept_revocations) == (other, one)
        await doctor.clock.passes(80 * 3600)
        await doctor.acts.read(keep_revocations(()))
        assert await doctor.acts.read(kept_revocations) == ()


async def test_work_without_the_server_ends_with_the_lease(doctor: DeskOnFakes) -> None:
    async with held(doctor) as here:
        here.standings.failure = Unavailable(Code.SERVER_UNREACHABLE)
        await doctor.sign_in.sign_out()
        assert await offline_sign_in(doctor) == (SignInPhase.SIGNED_IN, None)
        await doctor.sign_in.lock()
        await doctor.clock.passes(13 * 3600)
        await doctor.sign_in.unlock("good password")
        assert phase(doctor) == (SignInPhase.SIGNED_OUT, Code.LEASE_ENDED)
        assert await offline_sign_in(doctor) == (SignInPhase.SIGNED_OUT, Code.LEASE_ENDED)
        doctor.server.comes_back()
        here.standings.failure = None
        await doctor.sign_in.sign_in("dr-lin", "good password")
        assert phase(doctor)[0] is SignInPhase.SIGNED_IN
        here.service.ask()
        await doctor.clock.passes(1)
        await doctor.sign_in.sign_out()
        assert await offline_sign_in(doctor) == (SignInPhase.SIGNED_IN, None)


@pytest.mark.parametrize("wipes", [False, True])
async def test_a_revoked_device_lets_nobody_in(doctor: DeskOnFakes, wipes: bool) -> None:
    async with held(doctor) as here:
        here.standings.revoked = Revocation(doctor.acts.device, doctor.clock.now(), wipes)
        await doctor.clock.passes(ASK_EVERY_S + 1)
        assert phase(doctor) == (SignInPhase.SIGNED_OUT, Code.DEVICE_REVOKED)
        assert here.wiped == (["keys"] if wipes else [])
        assert await offline_sign_in(doctor) == (SignInPhase.SIGNED_OUT, Code.DEVICE_REVOKED)
        await doctor.clock.passes(2 * ASK_EVERY_S)
        told = [act for act in await doctor.acts_audited() if act is Act.DEVICE_REVOKED]
        assert len(told) == 1  # once, however often the server says so


async def test_a_device_that_was_found_again_works_again(doctor: DeskOnFakes) -> None:
    async with held(doctor) as here:
        here.standings.revoked = Revocation(doctor.acts.device, doctor.clock.now(), wipes=False)
        await doctor.clock.passes(ASK_EVERY_S + 1)
        here.standings.revoked = None
        await doctor.clock.passes(ASK_EVERY_S + 1)
        assert await offline_sign_in(doctor) == (SignInPhase.SIGNED_IN, None)


@pytest.mark.parametrize(
    "failure", [Rejected(Code.NOT_FOUND), Untrusted(Code.SERVER_UNTRUSTED, "standing")]
)
async def test_a_server_that_knows_no_leases_or_lies_changes_nothing(
    doctor: DeskOnFakes, failure: Failure
) -> None:
    async with held(doctor) as here:
        here.standings.failure = failure
        await doctor.clock.passes(2 * ASK_EVERY_S)
        assert phase(doctor)[0] is SignInPhase.SIGNED_IN
        assert here.wiped == []
