"""The tray: it outlives the program, knows the same one again, and gives it by a person's word."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import Measurement, QualityFlag, Quantity, VitalKind
from app.domain.tray import Place, WhyAside
from app.domain.visits import VisitState
from app.services import tray as tray_service
from app.services.tray import Tray
from peripherals.drivers.driver import Codec, Conversation
from peripherals.drivers.tm2655.device import TM2655
from peripherals.emulators.suntech import Shown
from peripherals.emulators.tm2655 import block
from peripherals.moment import Moment
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes, Known

TAKEN, REFUSED = b"\x16\x16\x0100\x06", b"\x16\x16\x0100\x15"
NOON = Moment(datetime(2026, 11, 21, 12, 0, tzinfo=UTC), 100.0)
PULSE_OF_ANOTHER = Quantity(VitalKind.PULSE_PER_MINUTE, Decimal(68))


async def in_visit(cart: DeskOnFakes) -> Known:
    known = await cart.knows_visit(VisitState.IN_VISIT)
    await cart.chart.open(known.visit)
    cart.listens()
    await settled()
    return known


def aside(desk: DeskOnFakes) -> list[Measurement]:
    return [item.measured for item in desk.tray.state.value.items]


def code_of(cart: DeskOnFakes) -> Code | None:
    return cart.tray.state.value.code


async def measured(cart: DeskOnFakes, systolic: int = 128) -> Measurement:
    await cart.vitals.measure()
    told = cart.cuff.measures(systolic, 76)
    await settled()
    return told


async def after_a_crash(cart: DeskOnFakes) -> Tray:
    """Another life of the program on the same store."""
    tray = Tray(cart.acts, cart.chart, lambda visit, payload: None)
    tray.start()
    await settled()
    return tray


async def test_what_nobody_asked_for_is_there_after_a_restart(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    stray = cart.cuff.tells_a_result_for(None, 128, 76)
    await settled()
    tray = await after_a_crash(cart)
    assert [item.measured for item in tray.state.value.items] == [stray]
    await tray.close()


async def test_what_stood_undecided_on_the_screen_is_nobodys_after_a_crash(
    cart: DeskOnFakes,
) -> None:
    known = await in_visit(cart)
    told = await measured(cart)
    tray = await after_a_crash(cart)
    [item] = tray.state.value.items
    assert (item.measured, item.why) == (told, WhyAside.UNDECIDED)
    [event] = [one for one in await cart.audited() if one.act is Act.MEASUREMENT_SET_ASIDE]
    assert (event.subject, event.visit, event.patient) == (item.id, known.visit, known.patient)
    await tray.close()


async def test_coming_in_is_an_act_by_id_and_without_a_value(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    cart.cuff.tells_a_result_for(other.visit, 128, 76)
    cart.cuff.tells_a_result_for(None, 131, 79)
    await settled()
    came = [one for one in await cart.audited() if one.act is Act.MEASUREMENT_SET_ASIDE]
    assert [(one.visit, one.patient) for one in came] == [
        (other.visit, other.patient),
        (None, None),
    ]
    assert [one.subject for one in came] == [item.id for item in cart.tray.state.value.items]
    said = [value for one in came for value in json.loads(one.canonical()).values()]
    assert not {"128", 128, "131", 131} & set(said)


async def test_a_person_gives_it_to_the_patient_who_stands_open(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    cart.channel.goes_up()
    at = cart.clock.now() - timedelta(hours=2)
    cart.cuff.tells_from_memory(131, 79, 74, at)
    await settled()
    [item] = cart.tray.state.value.items
    await cart.tray.assign(item.id)
    await settled()
    [pending] = await cart.pending()
    fields: dict[str, Any] = dict(pending.change.fields_set)
    assert pending.change.record_type is RecordType.READING
    assert (pending.change.visit, pending.change.patient) == (known.visit, known.patient)
    person = str(cart.acts.person.id)
    assert (fields["kept_by"], fields["assigned"]["by"]) == (person, person)
    assert (fields["assigned"]["why"], fields["device_time"]) == ("from-memory", at.isoformat())
    assert aside(cart) == []
    [event] = [one for one in await cart.audited() if one.act is Act.MEASUREMENT_ASSIGNED]
    assert (event.subject, event.patient) == (pending.change.record, known.patient)
    told = [words for words in cart.channel.said_of("live") if words[2]["kind"] == "reading"]  # type: ignore[index]  # a payload
    assert len(told) == 1


async def test_assigned_twice_by_a_double_click_it_is_one_reading(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    cart.cuff.tells_a_result_for(None, 128, 76)
    await settled()
    [item] = cart.tray.state.value.items
    twice = asyncio.gather(
        cart.tray.assign(item.id), cart.tray.assign(item.id), return_exceptions=True
    )
    [refused] = [outcome for outcome in await twice if outcome is not None]
    assert isinstance(refused, Rejected)
    assert len(await cart.pending()) == 1


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("implausible", Code.OUT_OF_RANGE),
        ("finished", Code.NO_VISIT_OPEN),
        ("role", Code.NOT_ALLOWED),
    ],
)
async def test_what_may_not_be_assigned_stays_where_it_is(
    cart: DeskOnFakes, what: str, code: Code
) -> None:
    known = await in_visit(cart)
    cart.cuff.tells_a_result_for(None, 301 if what == "implausible" else 128, 76)
    await settled()
    if what == "finished":
        await cart.server_moves_visit(known, VisitState.FINISHED, version=2)
        await settled()
    if what == "role":
        visitor: Any = "visitor"
        person = cart.acts.person
        cart.acts.now_acting(type(person)(person.id, person.name, visitor))
    [item] = cart.tray.state.value.items
    with pytest.raises(Rejected) as caught:
        await cart.tray.assign(item.id)
    assert caught.value.code is code
    assert cart.tray.state.value.items == (item,)
    assert await cart.pending() == []


async def test_a_memory_that_is_read_again_brings_nothing_new(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    at = cart.clock.now() - timedelta(hours=2)
    dump = [(120 + number, at - timedelta(minutes=number)) for number in range(5)]
    for _ in range(3):
        for systolic, taken in dump:
            cart.cuff.tells_from_memory(systolic, 70, 66, taken)
        cart.cuff.tells_from_memory(140, 90, 66, None)  # its clock was never set
        await settled(100)
    state = cart.tray.state.value
    assert len(state.items) == 6
    assert {item.times for item in state.items} == {3}
    assert state.told_again == 12


async def test_what_was_decided_upon_does_not_come_back_with_the_next_memory(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    at = cart.clock.now() - timedelta(hours=2)
    for systolic in (120, 121):
        cart.cuff.tells_from_memory(systolic, 70, 66, at)
    await settled()
    first, second = cart.tray.state.value.items
    await cart.tray.assign(first.id)
    await cart.tray.discard(second.id)
    for systolic in (120, 121):
        cart.cuff.tells_from_memory(systolic, 70, 66, at)
    await settled()
    assert aside(cart) == []
    assert len(await cart.pending()) == 1


async def test_an_old_result_is_no_answer_to_a_new_question(cart: DeskOnFakes) -> None:
    """A cuff that answers a start with what it had in store measured nobody now."""
    await in_visit(cart)
    at = cart.clock.now() - timedelta(hours=2)
    cart.cuff.tells_from_memory(120, 70, 66, at)
    await settled()
    await cart.vitals.measure()
    cart.cuff.answers_with_its_memory(120, 70, 66, at)
    await settled()
    state = cart.vitals.state.value.of()
    assert (state.result, state.code) == (None, Code.KNOWN_BEFORE)
    [item] = cart.tray.state.value.items
    assert item.times == 2


def told_by_a_tm2655(at: str) -> tuple[Measurement, Measurement]:
    """What it measures for the visit, and that again when its line is opened anew."""
    device, raw = TM2655.identity("/dev/ttyUSB0"), block(Shown(131, 83, 67), at, 0)
    found: list[Measurement] = []
    for is_asked in (True, False):
        codec, conversation = TM2655.codec(), TM2655.conversation(device)
        conversation.opened(NOON)
        for data in (TAKEN, REFUSED) if is_asked else (TAKEN, TAKEN + raw):
            found += _measured_of(codec, conversation, data)
        if is_asked:
            conversation.start(VisitId(UUID(int=1)), NOON)
            found += _measured_of(codec, conversation, TAKEN + raw)
    fresh, remembered = found
    return fresh, remembered


def _measured_of(codec: Codec, conversation: Conversation, data: bytes) -> list[Measurement]:
    said = [t for f in [*codec.feed(data), *codec.idle()] for t in conversation.heard(f, NOON)]
    return [thing for thing in said if isinstance(thing, Measurement)]


@pytest.mark.parametrize("at", ["2611210815", "0000000000"])
@pytest.mark.parametrize("is_kept", [True, False])
async def test_what_a_cuff_remembers_of_a_measurement_that_was_here_is_known_again(
    cart: DeskOnFakes, at: str, is_kept: bool
) -> None:
    """A TM-2655 tells its last result whenever its line is opened; also with a clock never set."""
    known = await in_visit(cart)
    fresh, remembered = told_by_a_tm2655(at)
    assert (fresh.device_time is None) == (at == "0000000000")
    assert remembered.visit is None and QualityFlag.FROM_MEMORY in remembered.quality
    await cart.vitals.measure()
    cart.cuff.tells(replace(fresh, visit=known.visit))
    await settled()
    await (cart.vitals.keep() if is_kept else cart.vitals.discard())
    for _ in range(2):
        cart.cuff.tells(remembered)
        await settled()
    assert aside(cart) == []
    assert cart.tray.state.value.told_again == 2
    cart.cuff.tells(replace(remembered, quantities=(*remembered.quantities[:3], PULSE_OF_ANOTHER)))
    await settled()
    assert len(aside(cart)) == 1


async def test_a_full_disk_is_said_and_what_came_meanwhile_is_written_when_there_is_room(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    cart.store.worker.is_full = True
    stray = cart.cuff.tells_a_result_for(None, 128, 76)
    await settled()
    assert aside(cart) == [stray]
    assert code_of(cart) is Code.STORE_FULL
    cart.store.worker.is_full = False
    await cart.clock.passes(tray_service.WRITE_AGAIN_S + 1)
    assert code_of(cart) is None
    assert aside(cart) == [stray]
    stored = await cart.acts.read(lambda unit: unit.measurements.waiting(Place.ASIDE))
    assert [item.measured for item in stored] == [stray]


async def test_what_could_not_be_written_is_kept_or_assigned_all_the_same(
    cart: DeskOnFakes,
) -> None:
    known = await in_visit(cart)
    cart.store.worker.is_full = True
    stray = cart.cuff.tells_a_result_for(None, 131, 79)
    await measured(cart, 128)
    cart.store.worker.is_full = False
    await cart.vitals.keep()
    [item] = cart.tray.state.value.items
    assert item.measured == stray
    await cart.tray.assign(item.id)
    await cart.clock.passes(tray_service.WRITE_AGAIN_S + 1)
    assert aside(cart) == []
    values = [change.change.fields_set["quantities"][0]["value"] for change in await cart.pending()]  # type: ignore[index, call-overload]  # a document
    assert values == ["128", "131"]
    assert {change.change.patient for change in await cart.pending()} == {known.patient}


async def test_more_than_memory_holds_is_refused_aloud(
    cart: DeskOnFakes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tray_service, "UNWRITTEN_MOST", 2)
    await in_visit(cart)
    cart.store.worker.is_full = True
    for number in range(3):
        cart.cuff.tells_a_result_for(None, 120 + number, 70)
    await settled(100)
    assert len(aside(cart)) == 2
    assert code_of(cart) is Code.TRAY_FULL
    [said] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "122" not in said.getMessage()
    cart.store.worker.is_full = False


async def test_a_result_that_is_being_written_when_its_visit_closes_is_not_the_next_ones(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    await cart.vitals.measure()
    told = cart.cuff.measures(128, 76)
    for _ in range(40):  # at every step of its way
        await asyncio.sleep(0)
        if (await cart.acts.read(lambda unit: unit.measurements.waiting(Place.SHOWN))) != []:
            break
    await cart.vitals.visit_closed()
    cart.chart.shut()
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    await cart.chart.open(other.visit)
    await settled()
    assert cart.vitals.state.value.of().result is None
    assert aside(cart) == [told]


async def test_closing_the_program_waits_for_what_is_being_written(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    stray = cart.cuff.tells_a_result_for(None, 128, 76)
    for _ in range(3):
        await asyncio.sleep(0)
    await cart.vitals.close()
    stored = await cart.acts.read(lambda unit: unit.measurements.waiting(Place.ASIDE))
    assert [item.measured for item in stored] == [stray]


async def test_equal_values_shortly_after_are_doubted(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    for _ in range(2):
        cart.cuff.tells_a_result_for(None, 128, 76)
    await settled()
    assert [item.is_like_another for item in cart.tray.state.value.items] == [False, True]


async def test_a_clinicians_desk_has_the_same_tray(doctor: DeskOnFakes) -> None:
    known = await in_visit(doctor)
    doctor.cuff.tells_a_result_for(None, 128, 76)
    await settled()
    [item] = doctor.tray.state.value.items
    await doctor.tray.assign(item.id)
    [pending] = await doctor.pending()
    assert pending.change.patient == known.patient
    assert item.measured.value_of(VitalKind.SYSTOLIC_MMHG) == 128
