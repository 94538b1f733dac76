"""A handshake with every device of the catalogue answers, or listens, and starts nothing."""

import asyncio

import pytest

from app.domain.device_binding import Answer
from peripherals.byte_port import BytePort
from peripherals.catalogue import ALL_DRIVERS
from peripherals.drivers.driver import Driver
from peripherals.emulators.all_emulators import EMULATORS
from peripherals.emulators.simulated import Simulated
from peripherals.finding.handshake import LIMIT_S, shake_hands
from peripherals.line_setting import LineSetting
from tests.fakes.byte_port import FakeBytePort, FakeLine
from tests.fakes.time_loop import LoopClock
from tests.unit.peripherals.finding.given import LoopTime

SECONDS = 6.0
# Those that say nothing before somebody has measured; all others must answer.
PUSHING = {"hbp9030", "hbp9020", "terumo_bp500", "visomat", "ble_bp", "ble_bp_bm85"}


class Bench:
    """One simulated device on a fake line in the loop's time, and the commands that it received."""

    def __init__(self, name: str) -> None:
        self.clock = LoopClock(asyncio.get_running_loop())
        self.commands: list[str] = []
        self.device: Simulated = EMULATORS[name].make(
            SECONDS, lambda command, raw: self.commands.append(command)
        )
        self.line = FakeLine(self.device.heard, self.device.tick)
        self.line.clock = LoopTime(self.clock)

    def port(self, _: str, line: LineSetting) -> BytePort:
        self.line.opened_as.append(line)
        return FakeBytePort(self.line)

    async def shaken(self, driver: Driver) -> Answer:
        return (await shake_hands(driver, self.port, "port", self.clock)).answer


@pytest.mark.parametrize("driver", ALL_DRIVERS, ids=lambda driver: driver.name)
async def test_it_answers_or_listens_and_nothing_is_started(driver: Driver) -> None:
    bench = Bench(driver.name)
    answer = await bench.shaken(driver)
    assert answer is (Answer.LISTENING if driver.name in PUSHING else Answer.ANSWERED)
    assert not [command for command in bench.commands if "start" in command]
    assert not bench.line.is_open
    assert bench.clock.monotonic() < (1 + len(driver.other_lines)) * (LIMIT_S + 0.5)


@pytest.mark.parametrize("driver", ALL_DRIVERS, ids=lambda driver: driver.name)
async def test_a_device_that_is_switched_off_is_no_answer(driver: Driver) -> None:
    bench = Bench(driver.name)
    bench.line.heard = lambda data, now_s: []
    bench.line.tick = lambda now_s: []
    assert await bench.shaken(driver) in (Answer.SILENT, Answer.LISTENING)
    assert bench.line.opened_as == [driver.line, *driver.other_lines]


@pytest.mark.parametrize("driver", ALL_DRIVERS, ids=lambda driver: driver.name)
async def test_another_device_is_not_taken_for_it(driver: Driver) -> None:
    """A line of text again and again, as a label printer or a modem might say it."""
    bench = Bench(driver.name)
    bench.line.heard = lambda data, now_s: []
    bench.line.tick = lambda now_s: [b"READY 0042;ERROR\r\n"]
    assert await bench.shaken(driver) is Answer.UNREADABLE
