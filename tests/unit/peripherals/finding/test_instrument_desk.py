"""Instruments are chosen by a person, found again by their adapter, and never guessed."""

import json
import stat
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from app.domain.cuff import CuffState
from app.domain.device import DeviceStatus, Evidence, Impairment, Presence, Standing
from app.domain.device_binding import Answer, NamedInstrument, PortIdentity
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement
from app.services.ports import Cuff
from peripherals.drivers.suntech.codec import Command, encode
from peripherals.drivers.suntech.device import SUNTECH
from peripherals.finding.instrument_desk import FILE_NAME, InstrumentDesk
from tests.fakes.cuff import measurement
from tests.fakes.time_loop import until
from tests.unit.peripherals.finding.given import CHEAP, CUFF, NUMBERED, Machine, free_paths

ABORT, START = encode(Command.ABORT), encode(Command.START_ADULT)
ONE, TWO = "/dev/ttyUSB0", "/dev/ttyUSB1"


def status(desk: InstrumentDesk) -> DeviceStatus:
    found = desk.slot(CUFF).status.value
    assert found is not None
    return found


def is_found(desk: InstrumentDesk) -> bool:
    seen = desk.slot(CUFF).status.value
    return seen is not None and seen.presence is Presence.FOUND


async def test_a_port_that_nobody_chose_is_shown_and_never_opened(tmp_path: Path) -> None:
    machine = Machine()
    line = machine.plug(ONE, CHEAP)
    async with machine.desk(tmp_path) as desk:
        await machine.clock.passes(30)
        assert free_paths(desk) == [ONE]
        assert desk.state.value.devices == ()
        assert desk.slot(CUFF).driver is None
        with pytest.raises(Unavailable) as nothing:
            await desk.slot(CUFF).start(VisitId(uuid4()))
        assert nothing.value.code is Code.DEVICE_MISSING
    assert line.written == []
    assert machine.looks >= 29  # every second


async def test_a_chosen_instrument_answers_and_is_there_after_the_next_start(
    tmp_path: Path,
) -> None:
    machine = Machine()
    machine.plug(ONE, CHEAP)
    async with machine.desk(tmp_path) as desk:
        await desk.bind(ONE, "suntech")
        await until(lambda: is_found(desk))
        seen = status(desk)
        assert (seen.identity.port, seen.evidence) == (ONE, Evidence.OTHER_PROJECT)
        assert seen.standing is Standing.CONNECTED
        assert desk.state.value.devices == (seen,)
        assert desk.state.value.can_forget == (CUFF,)
        assert free_paths(desk) == []
    kept = tmp_path / FILE_NAME
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    async with machine.desk(tmp_path) as again:
        await until(lambda: is_found(again))
        events = again.slot(CUFF).events()
        told = await anext(events)
        assert isinstance(told, CuffState) and told.is_chosen
        await again.forget(CUFF)
        while isinstance(told, CuffState) and told.is_chosen:
            told = await anext(events)
        assert isinstance(told, CuffState) and told.status.presence is Presence.MISSING
        assert free_paths(again) == [ONE]
        assert again.state.value.devices == ()
    assert json.loads(kept.read_text())["bindings"] == []


async def test_an_adapter_with_a_number_is_followed_to_any_port(tmp_path: Path) -> None:
    machine = Machine()
    machine.plug(ONE, NUMBERED)
    async with machine.desk(tmp_path) as desk:
        await desk.bind(ONE, "suntech")
        await until(lambda: is_found(desk))
        line = machine.pull(ONE)
        await until(lambda: not is_found(desk))
        assert status(desk).reason is Code.DEVICE_PULLED
        machine.plug(TWO, replace(NUMBERED, place="2-1"), line)
        back_s = machine.clock.monotonic()
        await until(lambda: is_found(desk))
        assert machine.clock.monotonic() - back_s <= 2.0
        assert status(desk).identity.port == TWO
        assert desk.state.value.questions == ()


async def test_a_cheap_adapter_at_another_place_waits_for_a_person(tmp_path: Path) -> None:
    machine = Machine()
    machine.plug(ONE, CHEAP)
    elsewhere = replace(CHEAP, place="1-4")
    async with machine.desk(tmp_path) as desk:
        await desk.bind(ONE, "suntech")
        await until(lambda: is_found(desk))
        line = machine.pull(ONE)
        await until(lambda: not is_found(desk))
        machine.plug(TWO, elsewhere, line)
        await until(lambda: desk.state.value.questions)
        words = len(line.written)
        await machine.clock.passes(30)
        assert not is_found(desk)
        assert len(line.written) == words  # not a byte before somebody said yes
        (question,) = desk.state.value.questions
        await desk.confirm(question)
        await until(lambda: is_found(desk))
        assert status(desk).identity.port == TWO
        with pytest.raises(Unavailable):
            await desk.confirm(question)  # pressed twice
    async with machine.desk(tmp_path) as again:
        await until(lambda: is_found(again))
        assert again.state.value.questions == ()


async def test_no_is_remembered_until_the_adapter_is_pulled(tmp_path: Path) -> None:
    machine = Machine()
    machine.plug(ONE, CHEAP)
    elsewhere = replace(CHEAP, place="1-4")
    async with machine.desk(tmp_path) as desk:
        await desk.bind(ONE, "suntech")
        line = machine.pull(ONE)
        await machine.clock.passes(1)
        machine.plug(TWO, elsewhere, line)
        await until(lambda: desk.state.value.questions)
        await desk.decline(desk.state.value.questions[0])
        await machine.clock.passes(10)
        assert desk.state.value.questions == ()
        assert free_paths(desk) == [TWO]  # another instrument may be chosen for it
        machine.pull(TWO)
        await machine.clock.passes(3)
        machine.plug(TWO, elsewhere, line)
        await until(lambda: desk.state.value.questions)


async def test_who_listens_hears_one_cuff_through_all_changes(tmp_path: Path) -> None:
    machine = Machine()
    first = machine.plug(ONE, CHEAP)
    async with machine.desk(tmp_path) as desk:
        cuff: Cuff = desk.slot(CUFF)  # mypy compares the two here
        events = cuff.events()
        await desk.bind(ONE, "suntech")
        await until(lambda: is_found(desk))
        visit = VisitId(uuid4())
        await cuff.start(visit)
        async for event in events:
            if isinstance(event, Measurement):
                assert event.visit == visit
                break
        second = machine.plug(TWO, NUMBERED)
        await until(lambda: TWO in free_paths(desk))
        await cuff.start(visit)
        async for event in events:
            if isinstance(event, LiveValue):
                break
        await desk.bind(TWO, "suntech")
        await until(lambda: is_found(desk) and status(desk).identity.port == TWO)
        assert first.written[-1][1] == ABORT  # a cuff that is let go does not go on
        assert second.written[0][1] == ABORT
        assert START not in [data for _, data in second.written]
        assert free_paths(desk) == [ONE]
        async for event in events:
            if isinstance(event, CuffState) and event.status.identity.port == TWO:
                assert event.visit is None
                break


async def test_a_handshake_starts_nothing_and_keeps_nothing(tmp_path: Path) -> None:
    machine = Machine()
    line = machine.plug(ONE, CHEAP)
    async with machine.desk(tmp_path) as desk:
        assert await desk.try_port(ONE, "suntech") is Answer.ANSWERED
        assert free_paths(desk) == [ONE]
        assert desk.state.value.devices == ()
        assert START not in [data for _, data in line.written]
        assert not line.is_open
    assert not (tmp_path / FILE_NAME).exists()


async def test_what_is_tried_says_why_it_does_not_answer(tmp_path: Path) -> None:
    machine = Machine()
    machine.plug("silent", CHEAP).heard = lambda data, now_s: []
    machine.plug("another", replace(CHEAP, place="2")).heard = lambda data, now_s: [b"ST,GS,+1 kg"]
    machine.plug("busy", replace(CHEAP, place="3")).is_open = True
    machine.plug("gone", replace(CHEAP, place="4"))
    async with machine.desk(tmp_path) as desk:
        machine.lines["gone"].is_plugged = False
        tried = {
            path: await desk.try_port(path, "suntech")
            for path in ("silent", "another", "busy", "gone")
        }
    assert tried == {
        "silent": Answer.SILENT,
        "another": Answer.UNREADABLE,
        "busy": Answer.BUSY,
        "gone": Answer.MISSING,
    }


async def test_trying_a_chosen_instrument_does_not_open_its_port_twice(tmp_path: Path) -> None:
    machine = Machine()
    line = machine.plug(ONE, CHEAP)
    async with machine.desk(tmp_path) as desk:
        await desk.bind(ONE, "suntech")
        assert await desk.try_instrument(CUFF) is Answer.ANSWERED
        line.heard = lambda data, now_s: []
        await until(lambda: not is_found(desk))
        assert await desk.try_instrument(CUFF) is Answer.SILENT
        machine.pull(ONE)
        await machine.clock.passes(5)
        assert await desk.try_instrument(CUFF) is Answer.MISSING
        with pytest.raises(Unavailable) as gone:
            await desk.try_port(ONE, "suntech")
        assert gone.value.code is Code.DEVICE_MISSING


async def test_a_port_has_one_instrument(tmp_path: Path) -> None:
    machine = Machine()
    machine.plug(ONE, CHEAP)
    async with machine.desk(tmp_path) as desk:
        await desk.bind(ONE, "suntech")
        for act in (desk.bind, desk.try_port):
            with pytest.raises(Unavailable) as taken:
                await act(ONE, "suntech")
            assert taken.value.code is Code.PORT_TAKEN
        with pytest.raises(Unavailable) as missing:
            await desk.bind("/dev/ttyUSB9", "suntech")
        assert missing.value.code is Code.DEVICE_MISSING


async def test_a_line_with_faults_is_degraded_and_well_again(tmp_path: Path) -> None:
    machine = Machine()
    line = machine.plug(ONE, CHEAP)
    async with machine.desk(tmp_path) as desk:
        await desk.bind(ONE, "suntech")
        await until(lambda: is_found(desk))
        since, sound = status(desk).since, line.heard
        line.heard = lambda data, now_s: [b"\xff\xfe\xfd", *sound(data, now_s)]
        await until(lambda: status(desk).standing is Standing.DEGRADED)
        bad = status(desk)
        assert bad.impairment is Impairment.LINE_FAULTS
        assert bad.impaired_since is not None and bad.impaired_since > since
        line.heard = sound
        await until(lambda: status(desk).standing is Standing.CONNECTED)
        assert status(desk).since == since


async def test_the_command_line_names_a_port_whatever_adapter_it_is(tmp_path: Path) -> None:
    machine = Machine()
    named = tmp_path / "cuff"
    line = machine.plug(str(named), CHEAP)
    async with machine.desk(tmp_path, NamedInstrument(CUFF, str(named), "suntech")) as desk:
        await until(lambda: status(desk).reason is Code.DEVICE_MISSING)
        named.touch()
        await until(lambda: is_found(desk))
        assert line.written[0][1] == ABORT
        assert free_paths(desk) == []  # it is in use, not free
        assert desk.state.value.can_forget == ()
    assert not (tmp_path / FILE_NAME).exists()


async def test_a_name_that_is_no_driver_is_refused_at_the_start(tmp_path: Path) -> None:
    machine = Machine()
    with pytest.raises(Rejected) as unknown:
        await machine.opened(tmp_path, NamedInstrument(CUFF, ONE, "no-such-driver"))
    assert unknown.value.code is Code.DRIVER_UNKNOWN


async def test_a_binding_of_a_newer_program_is_kept_and_told(tmp_path: Path) -> None:
    machine = Machine()
    machine.plug(ONE, CHEAP)
    newer = replace(SUNTECH, name="newer")
    async with machine.desk(tmp_path, drivers={"newer": newer}) as desk:
        await desk.bind(ONE, "newer")
    async with machine.desk(tmp_path) as older:
        assert older.state.value.code is Code.DRIVER_UNKNOWN
        assert older.state.value.devices == ()
    assert json.loads((tmp_path / FILE_NAME).read_text())["bindings"][0]["driver"] == "newer"


async def test_an_unreadable_file_is_told_and_put_aside(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"{ half a")
    machine = Machine()
    machine.plug(ONE, PortIdentity())
    async with machine.desk(tmp_path) as desk:
        codes = [desk.state.value.code]
        await desk.bind(ONE, "suntech")
        codes.append(desk.state.value.code)
    assert codes == [Code.BINDINGS_UNREADABLE, None]
    assert (tmp_path / f"{FILE_NAME}.unreadable").read_bytes() == b"{ half a"


async def test_what_cannot_be_written_down_is_used_and_said(tmp_path: Path) -> None:
    machine = Machine()
    machine.plug(ONE, CHEAP)
    (tmp_path / f"{FILE_NAME}.new").mkdir()
    async with machine.desk(tmp_path) as desk:
        with pytest.raises(Unavailable) as not_kept:
            await desk.bind(ONE, "suntech")
        assert not_kept.value.code is Code.BINDINGS_NOT_KEPT
        assert desk.state.value.code is Code.BINDINGS_NOT_KEPT
        await until(lambda: is_found(desk))


async def test_a_measurement_that_comes_before_anybody_listens_is_heard_by_who_does(
    tmp_path: Path,
) -> None:
    """The lines are open before the services are: a device may push at that very moment."""
    machine = Machine()
    async with machine.desk(tmp_path) as desk:
        slot = desk.slot(CUFF)
        early, late = (measurement(None, mmhg, 76, at=machine.clock) for mmhg in (128, 131))
        slot.tell(early)
        events = slot.events()
        slot.tell(late)
        after = slot.events()
    assert [event async for event in events] == [early, late]
    assert [event async for event in after] == []
