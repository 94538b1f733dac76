"""Bad input of instruments, from their bytes to the sentence that stands on the screen."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.domain.access import Role
from app.domain.device import DeviceKind
from app.domain.failures import Code
from app.domain.measurement import LiveValue
from peripherals.catalogue import DRIVERS
from peripherals.drivers.driver import Driver
from peripherals.drivers.owed import Owed
from peripherals.emulators.all_emulators import EMULATORS
from peripherals.emulators.memory import UNSET_CLOCK
from peripherals.emulators.simulated import Simulated
from peripherals.monitor import InstrumentMonitor
from tests.fakes.byte_port import FakeLine
from tests.fakes.time_loop import LoopClock, settled, until
from tests.unit.peripherals.finding.given import LoopTime
from tests.unit.services.given import desk_on_fakes
from tests.unit.view_models.given import Screens, screens_of
from ui import wording
from ui.tone import Tone
from ui.view_models.vitals import InstrumentScreen

CYCLE_S = 6.0
OXIMETER = DeviceKind.OXIMETER


class Bench:
    """One simulated instrument on a line; `driver` is what the person chose for that port."""

    def __init__(self, emulator: str, driver: str = "") -> None:
        clock = LoopClock(asyncio.get_running_loop())
        self.device: Simulated = EMULATORS[emulator].make(CYCLE_S, lambda name, raw: None)
        self.line = FakeLine(self.device.heard, self.device.tick)
        self.line.clock = LoopTime(clock)
        self.driver: Driver = DRIVERS[driver or emulator]
        self.monitor = InstrumentMonitor(
            "fake",
            self.driver,
            clock=clock,
            make_port=self.line.port,
            is_port_there=self.line.is_there,
            owed=Owed(),
        )

    @asynccontextmanager
    async def at_the_cart(self) -> AsyncIterator[Screens]:
        async with (
            self.monitor,
            desk_on_fakes(Role.PRESENTER, instruments={self.driver.kind: self.monitor}) as desk,
            screens_of(desk, Role.PRESENTER) as screens,
        ):
            await screens.open_chart()
            yield screens


@pytest.fixture(autouse=True)
def with_application(application: object) -> None:
    """View models have timers."""


def oximeter(cart: Screens) -> InstrumentScreen:
    return next(one for one in cart.vitals.screen.instruments if one.kind is OXIMETER)


async def says(cart: Screens, code: Code) -> None:
    """In the line that tells whether the cuff is there."""
    await until(lambda: wording.failure(code) in cart.vitals.screen.cuff_state, 100)
    screen = cart.vitals.screen
    assert (screen.cuff_tone, screen.can_start) == (Tone.BAD, False)


@pytest.mark.parametrize("other", ["nonin_df2", "cms50_old", "and_scale"])
async def test_a_wrong_device_on_the_port_is_told_from_a_silent_one(other: str) -> None:
    bench = Bench(other, driver="suntech")
    async with bench.at_the_cart() as cart:
        await says(cart, Code.DEVICE_UNREADABLE)
        bench.line.heard, bench.line.tick = (lambda data, now_s: []), (lambda now_s: [])
        await says(cart, Code.DEVICE_SILENT)
        assert cart.tray.screen.rows == ()


async def test_a_wrong_speed_is_said_to_be_one() -> None:
    bench = Bench("suntech")
    noise = random.Random(7)
    bench.line.heard = lambda data, now_s: [noise.randbytes(len(data))]
    async with bench.at_the_cart() as cart:
        await says(cart, Code.DEVICE_UNREADABLE)
        assert "speed" in wording.failure(Code.DEVICE_UNREADABLE)


async def test_a_second_program_on_the_port_is_named_and_gone_when_it_is_closed() -> None:
    bench = Bench("suntech")
    bench.line.is_open = True
    async with bench.at_the_cart() as cart:
        await says(cart, Code.DEVICE_BUSY)
        bench.line.is_open = False
        await until(lambda: cart.vitals.screen.can_start)


@pytest.mark.parametrize(
    ("emulator", "fault", "code"),
    [
        ("suntech", "refuse", Code.DEVICE_REFUSED),
        ("tm2655", "refuse", Code.DEVICE_REFUSED),
        ("suntech", "error:87", Code.CUFF_LEAK),
        ("tm2655", "error:12", Code.CUFF_LEAK),
        ("suntech", "error:1", Code.CUFF_WEAK_SIGNAL),
        ("tm2655", "error:43", Code.CUFF_WEAK_SIGNAL),
        ("suntech", "error:2", Code.CUFF_ARTEFACT),
        ("suntech", "error:88", Code.CUFF_SAFETY),
        ("suntech", "error:89", Code.CUFF_OVERPRESSURE),
    ],
)
async def test_a_cuff_without_a_result_says_why(emulator: str, fault: str, code: Code) -> None:
    bench = Bench(emulator)
    async with bench.at_the_cart() as cart:
        await until(lambda: cart.vitals.screen.can_start)
        bench.device.fails(fault)
        cart.vitals.start()
        await until(lambda: cart.vitals.screen.result_message, 200)
        screen = cart.vitals.screen
        assert (screen.result_message, screen.result_tone) == (wording.failure(code), Tone.BAD)
        assert (screen.result, screen.can_keep) == (None, False)
        bench.device.fails("none")
        await until(lambda: cart.vitals.screen.can_start)
        cart.vitals.start()
        await until(lambda: cart.vitals.screen.can_keep, 200)


@pytest.mark.parametrize("name", ["nonin_df2", "nonin_df7", "nonin_df8", "cms50_v7", "cms50_old"])
async def test_a_finger_that_goes_leaves_a_dash_at_once_although_the_number_is_repeated(
    name: str,
) -> None:
    bench = Bench(name)
    async with bench.at_the_cart() as cart:
        await until(lambda: oximeter(cart).can_start)
        cart.vitals.start_instrument(OXIMETER)
        await until(lambda: oximeter(cart).can_keep, 60)
        cart.vitals.keep_instrument(OXIMETER)
        await until(lambda: cart.vitals.screen.readings)
        bench.device.shows("91/64")
        await until(lambda: wording.spoken(oximeter(cart).tiles[0].value) == "91")
        bench.device.fails("no-finger")
        went_s = cart.desk.clock.monotonic()
        await until(lambda: oximeter(cart).message == wording.failure(Code.NO_FINGER))
        assert cart.desk.clock.monotonic() - went_s < 2.5
        assert cart.desk.vitals.state.value.of(OXIMETER).live == {}
        for _ in range(20):  # it says its last number again and again
            await cart.desk.clock.passes(0.5)
            assert wording.spoken(oximeter(cart).tiles[0].value) != "91"


async def test_an_oximeter_that_finds_no_pulse_says_so() -> None:
    bench = Bench("cms50_v7")
    async with bench.at_the_cart() as cart:
        await until(lambda: oximeter(cart).can_start)
        bench.device.fails("searching")
        cart.vitals.start_instrument(OXIMETER)
        await until(lambda: oximeter(cart).message)
        assert oximeter(cart).message == wording.failure(Code.PULSE_NOT_FOUND)
        assert all(tile.is_stale for tile in oximeter(cart).tiles)


async def test_a_finger_that_comes_after_it_was_missed_is_measured_for_the_visit_that_asked() -> (
    None
):
    bench = Bench("cms50_v7")
    async with bench.at_the_cart() as cart:
        await until(lambda: oximeter(cart).can_start)
        bench.device.fails("no-finger")
        cart.vitals.start_instrument(OXIMETER)
        await until(lambda: oximeter(cart).message == wording.failure(Code.NO_FINGER))
        bench.device.fails("none")
        await until(lambda: oximeter(cart).can_keep, 60)
        assert cart.tray.screen.rows == ()
        cart.vitals.keep_instrument(OXIMETER)
        await until(lambda: cart.vitals.screen.readings)
        bench.device.fails("no-finger")
        await until(lambda: oximeter(cart).message == wording.failure(Code.NO_FINGER))
        bench.device.fails("none")
        await until(lambda: cart.desk.vitals.state.value.of(OXIMETER).live)
        assert oximeter(cart).message == ""


@pytest.mark.parametrize("name", ["microlife", "bm58"])
async def test_a_clock_that_was_never_set_is_said_and_never_taken_for_now(name: str) -> None:
    bench = Bench(name)
    bench.device.fails(UNSET_CLOCK)
    async with bench.at_the_cart() as cart:
        await until(lambda: cart.vitals.screen.can_start)
        cart.vitals.start()
        await until(lambda: cart.vitals.screen.result_message)
        await settled(100)
        assert cart.vitals.screen.result_message == wording.failure(Code.MEMORY_READ)
        clocks = [row.clock for row in cart.tray.screen.rows]
        assert wording.text("tray.clock-never-set") in clocks
        assert cart.vitals.screen.result is None


async def test_a_live_value_of_noise_never_stands_on_the_screen() -> None:
    bench = Bench("cms50_old")
    noise = random.Random(11)
    bench.line.tick = lambda now_s: [noise.randbytes(20)]
    async with bench.at_the_cart() as cart:
        heard: list[LiveValue] = []
        cart.desk.vitals.state.listen(lambda state: heard.extend(state.of(OXIMETER).live.values()))
        await cart.desk.clock.passes(60)
        assert not oximeter(cart).can_start and heard == []
