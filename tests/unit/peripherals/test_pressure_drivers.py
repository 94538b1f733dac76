"""Every blood-pressure driver with its emulator: whose a result is, and what a bad line makes."""

import random
from datetime import timedelta

import pytest

from app.domain.cuff import CuffState
from app.domain.device import Presence
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.measurement import QualityFlag
from app.domain.vitals import assess
from peripherals.catalogue import DRIVERS
from peripherals.drivers.pushing import LONGEST_S, SHORTEST_S, WINDOW_S
from peripherals.emulators.suntech import Shown
from peripherals.emulators.wire_faults import WireFault
from tests.unit.peripherals.instrument_cart import (
    CYCLE_S,
    InstrumentCart,
    a_pressure,
    values_of,
    visit_of,
)

PUSHING = ("hbp9030", "hbp9020", "terumo_bp500", "ua767pc", "ble_bp", "ble_bp_bm85")
STARTED_BY_KEY = (*PUSHING, "tm2655")
REMEMBERING = ("bm58", "microlife", "visomat")
VISIT, OTHER = visit_of(7), visit_of(8)
DATED = {"hbp9030", "hbp9020", "terumo_bp500", "ble_bp", "ble_bp_bm85"}


def shown_text(shown: Shown) -> str:
    return f"{shown.systolic}/{shown.diastolic}/{shown.pulse}"


def shown_by(cart: InstrumentCart, seed: int) -> tuple[int, int, int]:
    shown = a_pressure(random.Random(seed))
    cart.device.shows(shown_text(shown))
    return shown.systolic, shown.diastolic, shown.pulse


# --- pressed by a person -------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUSHING)
async def test_an_armed_visit_takes_the_next_result(name: str) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        expected = shown_by(cart, 1)
        await cart.instrument.start(VISIT)
        with pytest.raises(Rejected):
            await cart.instrument.start(OTHER)
        cart.press()
        await cart.until(lambda: bool(cart.measured()))
    (measured,) = cart.measured()
    assert values_of(measured) == expected
    assert measured.visit == VISIT
    assert assess(measured) is None
    assert (measured.device_time is not None) == (name in DATED)
    assert measured.device.driver_version == DRIVERS[name].version
    assert cart.reasons() == []
    assert cart.line.armed_for == []  # nothing can be stopped, so no switch is armed


@pytest.mark.parametrize("name", STARTED_BY_KEY)
async def test_what_nobody_asked_for_belongs_to_no_visit(name: str) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        expected = shown_by(cart, 2)
        cart.press()
        await cart.until(lambda: bool(cart.measured()))
    (measured,) = cart.measured()
    assert (measured.visit, values_of(measured)) == (None, expected)
    assert QualityFlag.FROM_MEMORY not in measured.quality
    assert (QualityFlag.UNDATED in measured.quality) == (measured.device_time is None)


@pytest.mark.parametrize("name", PUSHING)
async def test_an_armed_visit_is_answered_once(name: str) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        shown_by(cart, 3)
        await cart.instrument.start(VISIT)
        cart.press()
        await cart.passes(CYCLE_S + 1)
        await cart.passes(60)
        shown_by(cart, 4)
        cart.press()
        await cart.passes(CYCLE_S + 1)
    assert [measured.visit for measured in cart.measured()] == [VISIT, None]


@pytest.mark.parametrize("name", PUSHING)
async def test_what_a_program_that_died_may_have_begun_is_nobody_s(name: str) -> None:
    """Its key was pressed for another patient; we began in between and know nothing of it."""
    cart = InstrumentCart(name, is_new=False)
    async with cart.found():
        shown_by(cart, 3)
        cart.press()
        await cart.instrument.start(VISIT)
        await cart.passes(CYCLE_S + 1)
        await cart.passes(60)
        shown_by(cart, 4)
        cart.press()
        await cart.passes(CYCLE_S + 1)
    assert [measured.visit for measured in cart.measured()] == [None, VISIT]


@pytest.mark.parametrize("name", PUSHING)
async def test_after_the_longest_measurement_nothing_of_before_can_come(name: str) -> None:
    cart = InstrumentCart(name, is_new=False)
    async with cart.found():
        await cart.passes(LONGEST_S + 1)
        shown_by(cart, 3)
        await cart.instrument.start(VISIT)
        cart.press()
        await cart.passes(CYCLE_S + 1)
    assert [measured.visit for measured in cart.measured()] == [VISIT]


@pytest.mark.parametrize("name", ["hbp9030", "ua767pc"])
async def test_a_window_that_nobody_used_is_closed_with_a_reason(name: str) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        await cart.instrument.start(VISIT)
        await cart.passes(WINDOW_S - 1)
        assert cart.reasons() == []
        await cart.passes(2)
        assert cart.reasons() == [(VISIT, Code.NO_RESULT_CAME)]
        cart.press()
        await cart.passes(CYCLE_S + 1)
    assert [measured.visit for measured in cart.measured()] == [None]


@pytest.mark.parametrize("name", PUSHING)
async def test_what_a_closed_window_still_brings_is_not_the_next_visits(name: str) -> None:
    """The device cannot be stopped: its key was pressed, on the arm of the visit before."""
    cart = InstrumentCart(name)
    async with cart.found():
        await cart.instrument.start(VISIT)
        cart.press()
        await cart.instrument.stop()
        await cart.instrument.start(OTHER)
        await cart.until(lambda: len(cart.measured()) == 1)
        await cart.passes(10)
        shown_by(cart, 5)
        cart.press()
        await cart.until(lambda: len(cart.measured()) == 2)
    assert cart.reasons() == [(VISIT, Code.CUFF_STOPPED)]
    assert [measured.visit for measured in cart.measured()] == [None, OTHER]


@pytest.mark.parametrize("name", ["hbp9030", "ua767pc"])
async def test_what_an_unused_window_still_brings_is_not_the_next_visits(name: str) -> None:
    """Its key was pressed shortly before the window closed by itself."""
    cart = InstrumentCart(name)
    async with cart.found():
        await cart.instrument.start(VISIT)
        await cart.passes(WINDOW_S - 0.3)
        cart.press()
        await cart.until(lambda: cart.reasons() == [(VISIT, Code.NO_RESULT_CAME)])
        await cart.instrument.start(OTHER)
        await cart.until(lambda: len(cart.measured()) == 1)
    assert [measured.visit for measured in cart.measured()] == [None]


@pytest.mark.parametrize("name", PUSHING)
async def test_what_was_begun_before_its_cable_was_pulled_is_not_the_next_visits(name: str) -> None:
    cart = InstrumentCart(name, cycle_s=40.0)
    async with cart.found():
        await cart.instrument.start(VISIT)
        cart.press()
        await cart.passes(1)
        cart.line.is_plugged = False
        await cart.until(lambda: cart.reasons() == [(VISIT, Code.DEVICE_PULLED)])
        cart.line.is_plugged = True
        await cart.until(lambda: cart.is_found)
        await cart.instrument.start(OTHER)
        await cart.until(lambda: len(cart.measured()) == 1)
        await cart.passes(10)
        shown_by(cart, 5)
        cart.press()
        await cart.until(lambda: len(cart.measured()) == 2)
    assert [measured.visit for measured in cart.measured()] == [None, OTHER]


@pytest.mark.parametrize("name", PUSHING)
async def test_what_comes_too_soon_after_arming_was_begun_before_it(name: str) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        cart.press()
        await cart.passes(CYCLE_S - SHORTEST_S + 0.5)
        await cart.instrument.start(VISIT)
        await cart.until(lambda: len(cart.measured()) == 1)
        await cart.passes(10)
        shown_by(cart, 6)
        cart.press()
        await cart.until(lambda: len(cart.measured()) == 2)
    assert [measured.visit for measured in cart.measured()] == [None, VISIT]


@pytest.mark.parametrize("name", PUSHING)
async def test_pulled_while_armed_ends_with_that_reason(name: str) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        await cart.instrument.start(VISIT)
        cart.line.is_plugged = False
        await cart.until(lambda: bool(cart.reasons()))
        with pytest.raises(Unavailable):
            await cart.instrument.start(OTHER)
        cart.line.is_plugged = True
        await cart.passes(3)
        cart.press()
        await cart.until(lambda: bool(cart.measured()))
    assert cart.reasons() == [(VISIT, Code.DEVICE_PULLED)]
    assert [measured.visit for measured in cart.measured()] == [None]


BEARABLE = {  # what each kind of line gets through; silence cannot divide a noisy stream
    WireFault.SPLIT: PUSHING,
    WireFault.DUPLICATE: PUSHING,
    WireFault.GARBAGE: ("hbp9030", "terumo_bp500"),
}


@pytest.mark.parametrize(
    ("fault", "name"), [(fault, name) for fault, names in BEARABLE.items() for name in names]
)
async def test_a_bad_line_loses_no_result_and_doubles_none(fault: WireFault, name: str) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        cart.wire = fault
        for number in range(1, 6):
            expected = shown_by(cart, number)
            await cart.instrument.start(visit_of(number))
            cart.press()
            await cart.until(lambda n=number: len(cart.measured()) == n)  # type: ignore[misc]  # bound now
            assert values_of(cart.measured()[-1]) == expected
            await cart.passes(70)
    assert [measured.visit for measured in cart.measured()] == [visit_of(n) for n in range(1, 6)]
    assert cart.reasons() == []


@pytest.mark.parametrize(
    ("name", "fault", "reason"),
    [
        ("hbp9030", "error:7", Code.CUFF_ERROR),
        ("hbp9030", "bad-date", Code.DEVICE_UNREADABLE),
        ("hbp9020", "bad-date", Code.DEVICE_UNREADABLE),
        ("terumo_bp500", "bad-date", Code.DEVICE_UNREADABLE),
        ("ua767pc", "error:1", Code.CUFF_ERROR),
        ("ble_bp", "no-number", Code.CUFF_ERROR),
        ("ble_bp_bm85", "no-number", Code.CUFF_ERROR),
    ],
)
async def test_a_device_that_could_not_measure_says_why(
    name: str, fault: str, reason: Code
) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        cart.device.fails(fault)
        await cart.instrument.start(VISIT)
        cart.press()
        await cart.until(lambda: bool(cart.reasons()))
        cart.device.fails("none")
        cart.press()
        await cart.until(lambda: bool(cart.measured()))
    assert cart.reasons() == [(VISIT, reason)]
    assert [measured.visit for measured in cart.measured()] == [None]


async def test_beyond_what_the_device_measures_is_no_reading() -> None:
    cart = InstrumentCart("hbp9030")
    async with cart.found():
        cart.device.shows("59/40/60")  # a person may have it, this device cannot tell it
        await cart.instrument.start(VISIT)
        cart.press()
        await cart.until(lambda: bool(cart.reasons()))
    assert cart.reasons() == [(VISIT, Code.CUFF_OUT_OF_RANGE)]


@pytest.mark.parametrize("name", ["hbp9030", "ble_bp", "ble_bp_bm85"])
async def test_what_the_device_doubts_stands_beside_the_numbers(name: str) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        cart.device.fails("moved")
        await cart.instrument.start(VISIT)
        cart.press()
        await cart.until(lambda: bool(cart.measured()))
    assert QualityFlag.MOVED in cart.measured()[0].quality


@pytest.mark.parametrize("name", ["ble_bp", "ble_bp_bm85"])
async def test_what_bluetooth_remembered_is_not_of_this_visit(name: str) -> None:
    """On connecting, such a device hands over what it measured before, of whomever."""
    cart = InstrumentCart(name)
    async with cart.found():
        await cart.instrument.start(VISIT)
        cart.device.fails("from-memory")
        cart.press()
        await cart.passes(CYCLE_S + 1)
        cart.device.fails("none")
        shown_by(cart, 9)
        cart.press()
        await cart.passes(CYCLE_S + 1)
    old, new = cart.measured()
    assert (old.visit, new.visit) == (None, VISIT)
    assert QualityFlag.FROM_MEMORY in old.quality and QualityFlag.FROM_MEMORY not in new.quality
    assert old.device_time is not None
    assert old.received_at - old.device_time > timedelta(days=2)


async def test_a_wrong_device_on_the_port_is_said_when_the_window_closes() -> None:
    cart = InstrumentCart("hbp9030")
    async with cart.found():
        await cart.instrument.start(VISIT)
        cart.line.tick = lambda now_s: [b"bp,1,2,3,4,5,6,7,8,9,10,11\r\n"]
        await cart.until(lambda: bool(cart.reasons()))
    assert cart.reasons() == [(VISIT, Code.DEVICE_UNREADABLE)]


@pytest.mark.parametrize("name", ["hbp9020", "terumo_bp500"])
async def test_nonsense_at_one_speed_is_tried_at_the_next(name: str) -> None:
    cart = InstrumentCart(name)
    driver = DRIVERS[name]

    def at_the_right_speed(now_s: float) -> list[bytes]:
        said = cart.device.tick(now_s)
        if cart.line.opened_as[-1] == driver.other_lines[0]:
            return said
        return [bytes(byte ^ 0x99 for byte in answer) for answer in said]

    cart.line.tick = at_the_right_speed
    async with cart.found():
        cart.press()
        await cart.until(lambda: len(cart.line.opened_as) == 2)
        reasons = [e.status.reason for e in cart.told if isinstance(e, CuffState)]
        assert Code.DEVICE_UNREADABLE in reasons
        await cart.passes(3)
        expected = shown_by(cart, 5)
        cart.press()
        await cart.until(lambda: bool(cart.measured()))
        await cart.passes(30)
    assert values_of(cart.measured()[0]) == expected
    assert len(cart.line.opened_as) == 2  # it stays where it was understood


async def test_a_port_that_does_not_open_is_not_a_monitor() -> None:
    cart = InstrumentCart("ua767pc")
    cart.device.fails("refuse")
    async with cart.watched():
        await cart.passes(30)
        assert not any(
            e.status.presence is Presence.FOUND for e in cart.told if isinstance(e, CuffState)
        )
        cart.device.fails("none")
        await cart.passes(10)
        assert cart.seen.count("open") > 3
    states = [e for e in cart.told if isinstance(e, CuffState)]
    assert any(state.status.presence is Presence.FOUND for state in states)


# --- memories ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REMEMBERING)
async def test_a_memory_belongs_to_no_visit(name: str) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        expected = shown_by(cart, 6)
        assert cart.measured() == []  # greeting it tells nothing
        cart.press()
        await cart.instrument.start(VISIT)
        await cart.until(lambda: bool(cart.reasons()))
    assert cart.reasons() == [(VISIT, Code.MEMORY_READ)]
    measured = cart.measured()
    assert [m.visit for m in measured] == [None] * 3
    assert all(QualityFlag.FROM_MEMORY in m.quality for m in measured)
    undated, yesterday, now = measured
    assert values_of(undated) == (131, 84, 66)
    assert undated.device_time is None and QualityFlag.UNDATED in undated.quality
    assert values_of(yesterday) == (142, 91, 74)
    assert yesterday.device_time is not None and QualityFlag.UNDATED not in yesterday.quality
    assert values_of(now) == expected
    assert len({m.frame_sha256 for m in measured}) == 3


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("bm58", WireFault.SPLIT),
        ("microlife", WireFault.SPLIT),
        ("microlife", WireFault.DUPLICATE),
        ("microlife", WireFault.GARBAGE),
        ("visomat", WireFault.SPLIT),
        ("visomat", WireFault.GARBAGE),
    ],
)
async def test_a_bad_line_loses_no_record(name: str, fault: WireFault) -> None:
    cart = InstrumentCart(name)
    cart.wire = fault
    async with cart.found():
        cart.press()
        await cart.instrument.start(VISIT)
        await cart.until(lambda: bool(cart.reasons()))
    assert cart.reasons() == [(VISIT, Code.MEMORY_READ)]
    assert len(cart.measured()) == 3


@pytest.mark.parametrize("name", REMEMBERING)
async def test_a_memory_read_twice_tells_the_same(name: str) -> None:
    """Whoever keeps them knows them again by time and values."""
    cart = InstrumentCart(name)
    async with cart.found():
        for number in (1, 2):
            if name == "visomat":
                cart.press()
            await cart.instrument.start(visit_of(number))
            await cart.until(lambda n=number: len(cart.reasons()) == n)  # type: ignore[misc]  # bound now
    told = [(m.device_time, values_of(m)) for m in cart.measured()]
    assert told[:2] == [t for t in told if told.count(t) > 1][:2]


@pytest.mark.parametrize(
    ("name", "fault", "reason", "whole"),
    [
        ("bm58", "refuse", Code.DEVICE_SILENT, 0),
        ("bm58", "bad-date", Code.DEVICE_UNREADABLE, 0),
        ("microlife", "refuse", Code.DEVICE_SILENT, 0),
        ("microlife", "bad-sum", Code.DEVICE_UNREADABLE, 0),
        ("microlife", "bad-date", Code.DEVICE_UNREADABLE, 0),
        ("visomat", "bad-date", Code.DEVICE_UNREADABLE, 0),
        ("visomat", "empty", Code.MEMORY_EMPTY, 0),
    ],
)
async def test_a_memory_that_cannot_be_read_says_why(
    name: str, fault: str, reason: Code, whole: int
) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        cart.device.fails(fault)
        if name == "visomat":
            cart.press()
        await cart.instrument.start(VISIT)
        await cart.until(lambda: bool(cart.reasons()))
    assert cart.reasons() == [(VISIT, reason)]
    assert len(cart.measured()) == whole


async def test_a_loose_cuff_of_long_ago_is_still_doubted() -> None:
    cart = InstrumentCart("microlife")
    async with cart.found():
        cart.device.fails("loose-cuff")
        await cart.instrument.start(VISIT)
        await cart.until(lambda: bool(cart.reasons()))
    assert all(QualityFlag.LOOSE_CUFF in m.quality for m in cart.measured())


@pytest.mark.parametrize("name", REMEMBERING)
async def test_reading_can_be_stopped(name: str) -> None:
    cart = InstrumentCart(name)
    async with cart.found():
        cart.wire = WireFault.SILENT
        await cart.instrument.start(VISIT)
        await cart.instrument.stop()
        await cart.passes(1)
    assert cart.reasons() == [(VISIT, Code.CUFF_STOPPED)]


# --- all -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", (*PUSHING, *REMEMBERING, "tm2655"))
async def test_noise_alone_is_never_a_measurement_of_a_visit(name: str) -> None:
    """Random bytes while a visit waits: none passes for its result."""
    noise = random.Random(77)
    cart = InstrumentCart(name)
    async with cart.found():
        cart.line.heard = lambda data, now_s: []
        await cart.instrument.start(VISIT)
        cart.line.tick = lambda now_s: [noise.randbytes(1000)]
        await cart.passes(10)
    assert cart.measured() == []


@pytest.mark.parametrize("name", (*PUSHING, *REMEMBERING, "tm2655"))
async def test_no_identifier_and_no_value_stands_in_the_log(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    cart = InstrumentCart(name)
    async with cart.found():
        cart.device.shows("157/91/63")
        cart.press()
        if name in REMEMBERING:
            await cart.instrument.start(VISIT)
        await cart.until(lambda: bool(cart.measured()))
    for word in ("157", "NOBODY", "8888888", "7777777"):
        assert word not in caplog.text


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_a_driver_is_named_as_its_vectors(name: str) -> None:
    driver = DRIVERS[name]
    assert driver.name == name
    assert driver.version.startswith(name.replace("_", "-"))
