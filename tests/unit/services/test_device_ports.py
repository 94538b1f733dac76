"""Which instrument is on which port: a person's wishes, and what comes of them."""

import asyncio

import pytest

from app.domain.device import DeviceKind
from app.domain.device_binding import Answer
from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from app.services.device_ports import ATTEMPTS_MOST, DevicePorts
from app.services.devices import Devices
from tests.fakes.instruments import PORT, FakeInstruments
from tests.fakes.time_loop import LoopClock, settled

CUFF = DeviceKind.BLOOD_PRESSURE_CUFF


class Ports:
    def __init__(self) -> None:
        clock = LoopClock(asyncio.get_running_loop())
        self.instruments = FakeInstruments(clock)
        self.devices = Devices()
        self.service = DevicePorts(self.instruments, self.devices, clock)
        self.service.start()

    def rows(self) -> list[tuple[DeviceKind, str]]:
        listed = self.devices.state.value.devices
        return [(row.identity.kind, row.identity.port) for row in listed]

    def answer(self, target: str) -> Answer | Code | None:
        attempt = self.service.state.value.attempt_with(target)
        assert attempt is not None
        return attempt.answer or attempt.code


async def test_a_chosen_instrument_is_in_the_device_list_until_it_is_forgotten() -> None:
    ports = Ports()
    ports.instruments.plug()
    assert ports.service.state.value.instruments.free == (PORT,)
    await ports.service.bind(PORT.path, "suntech")
    assert ports.rows() == [(CUFF, PORT.path)]
    await ports.service.forget(CUFF)
    assert ports.rows() == []


async def test_a_handshake_is_under_way_and_then_answered() -> None:
    ports = Ports()
    ports.instruments.plug()
    ports.instruments.may_go_on.clear()
    async with TaskOwner("test") as tasks:
        trying = tasks.start(ports.service.try_port(PORT.path, "suntech"), "try")
        await settled()
        assert ports.answer(PORT.path) is None
        assert ports.service.state.value.is_busy
        ports.instruments.may_go_on.set()
        await trying
    ports.instruments.answer = Answer.BUSY
    await ports.service.try_instrument(CUFF)
    assert (ports.answer(PORT.path), ports.answer(CUFF)) == (Answer.ANSWERED, Answer.BUSY)
    assert not ports.service.state.value.is_busy


async def test_a_refused_wish_says_why_until_the_next_one() -> None:
    ports = Ports()
    ports.instruments.plug()
    ports.instruments.refuses(Code.PORT_TAKEN)
    await ports.service.bind(PORT.path, "suntech")
    codes = [ports.service.state.value.code]
    await ports.service.try_port(PORT.path, "suntech")
    assert ports.answer(PORT.path) is Code.PORT_TAKEN
    ports.instruments.refusal = None
    question = ports.instruments.asks()
    await ports.service.confirm(question)
    codes.append(ports.service.state.value.code)
    assert codes == [Code.PORT_TAKEN, None]
    assert ports.instruments.wishes[-1] == ("confirm", question)
    await ports.service.decline(question)
    assert ports.instruments.wishes[-1] == ("decline", question)


async def test_what_nobody_foresaw_leaves_no_wish_under_way() -> None:
    ports = Ports()
    with pytest.raises(RuntimeError):
        await ports.service.bind("no such port", "no such driver")  # the fake knows none
    assert not ports.service.state.value.is_busy


async def test_attempts_are_bounded() -> None:
    ports = Ports()
    for number in range(ATTEMPTS_MOST + 10):
        await ports.service.try_port(f"/dev/ttyUSB{number}", "suntech")
    assert len(ports.service.state.value.attempts) == ATTEMPTS_MOST
