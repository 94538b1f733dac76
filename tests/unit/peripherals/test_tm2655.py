"""The A&D TM-2655 with its emulator and word by word: start, stop, memory, keys, speeds."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.cuff import CuffState
from app.domain.failures import Code, Rejected
from app.domain.measurement import Measurement, NoMeasurement, QualityFlag, VitalKind
from peripherals.drivers.said import Ignored, Said, Send
from peripherals.drivers.tm2655.codec import Command, codec, encode
from peripherals.drivers.tm2655.conversation import (
    ANSWER_LIMIT_S,
    MEASUREMENT_LIMIT_S,
    Phase,
    Tm2655Conversation,
)
from peripherals.drivers.tm2655.device import TM2655
from peripherals.emulators.suntech import Shown
from peripherals.emulators.tm2655 import SimulatedTm2655, block
from peripherals.emulators.wire_faults import WireFault
from peripherals.line_setting import LineSetting
from peripherals.moment import Moment
from tests.unit.peripherals.instrument_cart import (
    CYCLE_S,
    InstrumentCart,
    a_pressure,
    values_of,
    visit_of,
)
from tests.unit.peripherals.pressure_vectors import vectors_of

VISIT, OTHER = visit_of(1), visit_of(2)
START, STOP, READ = (encode(c) for c in (Command.START, Command.STOP, Command.READ_RESULT))
HEAD = b"\x16\x16\x0100"
TAKEN, REFUSED = HEAD + b"\x06", HEAD + b"\x15"
OLD, NEW = block(Shown(144, 92, 80), "2611210801", 0), block(Shown(131, 83, 67), "2611210815", 0)
BEGIN = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


class Desk:
    """A conversation, a codec and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.conversation = Tm2655Conversation(TM2655.identity("/dev/ttyUSB0"))
        self.codec = codec()
        self.seconds = 100.0
        self.said: list[Said] = []
        self.take(self.conversation.opened(self.at))

    @property
    def at(self) -> Moment:
        return Moment(BEGIN + timedelta(seconds=self.seconds), self.seconds)

    def take(self, said: list[Said]) -> list[Said]:
        self.said += said
        return said

    def hears(self, *pieces: bytes) -> list[Said]:
        frames: list[Any] = [frame for piece in pieces for frame in self.codec.feed(piece)]
        frames += self.codec.idle()
        return [t for frame in frames for t in self.take(self.conversation.heard(frame, self.at))]

    def passes(self, seconds: float) -> list[Said]:
        self.seconds += seconds
        return self.take(self.conversation.tick(self.at))

    def starts(self) -> list[Said]:
        return self.take(self.conversation.start(VISIT, self.at))

    def greeted(self) -> "Desk":
        self.hears(TAKEN)
        self.hears(TAKEN, OLD)
        assert self.conversation.phase is Phase.RESTING
        return self

    def running(self) -> "Desk":
        self.greeted()
        self.starts()
        self.hears(TAKEN)
        assert self.conversation.phase is Phase.RUNNING
        return self


def sent(said: list[Said]) -> list[bytes]:
    return [thing.data for thing in said if isinstance(thing, Send)]


def measured(said: list[Said]) -> list[Measurement]:
    return [thing for thing in said if isinstance(thing, Measurement)]


def reasons(said: list[Said]) -> list[Code]:
    return [thing.reason for thing in said if isinstance(thing, NoMeasurement)]


def test_the_emulator_speaks_the_published_bytes() -> None:
    raws = {vector.name: vector.raw for vector in vectors_of("tm2655")}
    seen: list[str] = []
    device = SimulatedTm2655(
        Shown(102, 62, 83), CYCLE_S, lambda name, raw: seen.append(name), lambda: BEGIN
    )
    assert device.heard(raws["read the last result"], 0.0) == [raws["refused"]]
    assert device.heard(raws["start"], 1.0) == [raws["taken"]]
    assert device.heard(raws["start"], 1.5) == [raws["refused"]]
    assert device.heard(raws["stop"], 2.0) == [raws["taken"]]
    assert device.tick(20.0) == []
    device.heard(raws["start"], 21.0)
    (made,) = device.tick(27.1)
    published = raws["102/62 with head, RB and M, and a separator at the end"]
    different = [n for n in range(len(made)) if made[n] != published[n]]
    assert len(made) == len(published)
    assert all(made[n : n + 1].isdigit() for n in different)  # the date, and the mean as it rounds
    assert seen == ["read-result", "start", "start", "stop", "start"]


def test_the_first_word_is_stop_and_the_second_moves_nothing() -> None:
    desk = Desk()
    assert desk.said == [Send(STOP, is_urgent=True)]
    assert sent(desk.hears(TAKEN)) == [READ]
    assert not desk.conversation.is_ready


def test_a_unit_that_has_nothing_to_say_to_a_stop_is_greeted_all_the_same() -> None:
    desk = Desk()
    assert sent(desk.passes(0.6)) == [READ]
    desk.hears(REFUSED)  # no last result
    assert desk.conversation.is_ready


def test_what_it_remembers_belongs_to_nobody() -> None:
    desk = Desk().greeted()
    (old,) = measured(desk.said)
    assert old.visit is None
    assert old.quality == {QualityFlag.FROM_MEMORY}
    assert old.value_of(VitalKind.SYSTOLIC_MMHG) == 144
    assert old.device_time is not None
    assert old.device_time.replace(tzinfo=None).isoformat() == "2026-11-21T08:01:00"
    desk.passes(5.1)
    assert [type(thing) for thing in desk.hears(TAKEN, OLD)] == [Ignored]


def test_a_measurement_belongs_to_the_visit_of_its_start() -> None:
    desk = Desk().running()
    desk.passes(40)
    (result,) = measured(desk.hears(NEW))
    assert result.visit == VISIT
    assert [int(q.value) for q in result.quantities] == [131, 83, 99, 67]
    assert desk.conversation.phase is Phase.RESTING
    assert desk.conversation.visit is None


def test_the_answer_to_an_earlier_question_is_not_the_result() -> None:
    """The greeting was asked twice; the second answer comes after the start."""
    desk = Desk().running()
    assert measured(desk.hears(OLD)) == []
    assert desk.conversation.phase is Phase.RUNNING


def test_a_start_waits_for_the_answer_that_is_on_its_way() -> None:
    desk = Desk().greeted()
    assert sent(desk.passes(5.1)) == [READ]
    assert sent(desk.starts()) == []
    assert desk.conversation.is_running
    said = desk.hears(TAKEN, NEW)  # somebody pressed the unit's key a while ago
    assert [m.visit for m in measured(said)] == [None]
    assert sent(said) == [START]
    desk.hears(TAKEN)
    assert desk.conversation.phase is Phase.RUNNING


def test_a_start_waits_no_longer_than_an_answer_takes() -> None:
    desk = Desk().greeted()
    desk.passes(5.1)
    desk.starts()
    assert sent(desk.passes(ANSWER_LIMIT_S + 0.01)) == [START]


def test_stop_while_the_start_waits_sends_no_start() -> None:
    desk = Desk().greeted()
    desk.passes(5.1)
    desk.starts()
    said = desk.take(desk.conversation.stop(desk.at))
    assert (sent(said), reasons(said)) == ([STOP], [Code.CUFF_STOPPED])
    assert START not in sent(desk.hears(TAKEN, NEW) + desk.passes(2) + desk.hears(TAKEN))


def test_a_refused_start_is_said_so() -> None:
    desk = Desk().greeted()
    desk.starts()
    assert reasons(desk.hears(REFUSED)) == [Code.DEVICE_REFUSED]
    assert desk.conversation.phase is Phase.RESTING


def test_a_start_without_an_answer_is_never_repeated() -> None:
    desk = Desk().greeted()
    assert sent(desk.starts()) == [START]
    said = [thing for _ in range(60) for thing in desk.passes(0.05)]
    assert START not in sent(said)
    assert sent(said)[0] == STOP
    assert reasons(said) == [Code.DEVICE_SILENT]


def test_a_measurement_without_end_is_stopped() -> None:
    desk = Desk().running()
    said = desk.passes(MEASUREMENT_LIMIT_S + 1)
    assert (sent(said), reasons(said)) == ([STOP], [Code.CUFF_TIME_LIMIT])


def test_stop_is_said_again_until_it_is_answered_and_what_comes_late_is_for_nobody() -> None:
    desk = Desk().running()
    desk.take(desk.conversation.stop(desk.at))
    assert sent(desk.passes(0.6)) == [STOP]
    late = measured(desk.hears(NEW))
    assert [m.visit for m in late] == [None]
    assert sent(desk.passes(0.6)) == [STOP]
    desk.hears(TAKEN)
    assert desk.conversation.phase is Phase.RESTING


def test_the_switch_ends_the_measurement_without_a_second_stop() -> None:
    desk = Desk().running()
    said = desk.take(desk.conversation.aborted_by_switch(desk.at))
    assert (sent(said), reasons(said)) == ([], [Code.CUFF_STOPPED])


def test_a_failure_ends_with_its_reason_also_when_it_is_the_same_as_before() -> None:
    failed = block(Shown(0, 0, 0), "2611210801", 44)
    desk = Desk()
    desk.hears(TAKEN)
    assert measured(desk.hears(TAKEN, failed)) == []
    assert reasons(desk.said) == []  # it failed before anybody asked
    for _ in range(2):
        desk.starts()
        desk.hears(TAKEN)
        desk.passes(10)
        assert reasons(desk.hears(failed)) == [Code.CUFF_ARTEFACT]


def test_a_failure_after_the_units_own_key_is_told_and_of_no_visit() -> None:
    desk = Desk().greeted()
    (told,) = desk.hears(block(Shown(0, 0, 0), "2611210820", 23))
    assert isinstance(told, NoMeasurement)
    assert (told.visit, told.reason) == (None, Code.CUFF_OVERPRESSURE)


def test_a_unit_that_falls_silent_is_given_up() -> None:
    desk = Desk().greeted()
    for _ in range(200):
        desk.passes(0.1)
    assert desk.conversation.is_silent


def test_a_running_unit_is_not_started_for_another_visit() -> None:
    desk = Desk().running()
    with pytest.raises(Rejected) as refusal:
        desk.conversation.start(OTHER, desk.at)
    assert refusal.value.code is Code.DEVICE_BUSY


# --- with its emulator, over the monitor --------------------------------------------------------


@pytest.mark.parametrize("fault", [f for f in WireFault if f is not WireFault.SILENT])
async def test_started_for_a_visit_over_any_line(fault: WireFault) -> None:
    cart = InstrumentCart("tm2655")
    async with cart.found():
        cart.wire = fault
        for number in (1, 2, 3):
            shown = a_pressure(random.Random(number))
            cart.device.shows(f"{shown.systolic}/{shown.diastolic}/{shown.pulse}")
            await cart.instrument.start(visit_of(number))
            await cart.until(lambda n=number: len(cart.measured()) == n)  # type: ignore[misc]  # bound now
            assert values_of(cart.measured()[-1]) == (
                shown.systolic,
                shown.diastolic,
                shown.pulse,
            )
            await cart.passes(70)
    assert [m.visit for m in cart.measured()] == [visit_of(n) for n in (1, 2, 3)]
    assert cart.line.armed_for == [STOP] * 3


async def test_stop_is_on_the_wire_before_it_returns() -> None:
    cart = InstrumentCart("tm2655")
    async with cart.found():
        await cart.instrument.start(VISIT)
        await cart.passes(1)
        await cart.instrument.stop()
        assert cart.line.written[-1][1] == STOP
        await cart.passes(CYCLE_S)
    assert cart.reasons() == [(VISIT, Code.CUFF_STOPPED)]
    assert cart.measured() == []


async def test_pressed_before_the_start_is_refused_and_its_result_is_nobodys() -> None:
    cart = InstrumentCart("tm2655")
    async with cart.found():
        cart.press()
        await cart.passes(1)
        await cart.instrument.start(VISIT)
        await cart.until(lambda: bool(cart.measured()))
    assert cart.reasons() == [(VISIT, Code.DEVICE_REFUSED)]
    assert [m.visit for m in cart.measured()] == [None]


@pytest.mark.parametrize("baud", [2400, 9600])
async def test_the_speed_that_the_unit_is_set_to_is_found(baud: int) -> None:
    cart = InstrumentCart("tm2655")
    plain = cart.line.heard

    def at_its_speed(data: bytes, now_s: float) -> list[bytes]:
        if cart.line.opened_as[-1].baud == baud:
            return plain(data, now_s)
        return [bytes(byte ^ 0x5A for byte in data)]  # what another speed makes of an answer

    cart.line.heard = at_its_speed
    async with cart.found():
        assert cart.line.opened_as[-1] == LineSetting(baud)
        await cart.instrument.start(VISIT)
        await cart.until(lambda: bool(cart.measured()))
        cart.line.is_plugged = False
        await cart.passes(2)
        cart.line.is_plugged = True
        await cart.passes(4)
    assert cart.line.opened_as[-1] == LineSetting(baud)
    told = {e.status.reason for e in cart.told if isinstance(e, CuffState)}
    assert (Code.DEVICE_UNREADABLE in told) == (baud == 9600)
