"""The cuff in a visit: what is kept, what is refused and why, and what belongs to another visit."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.clock import ClockOffset
from app.domain.device import DeviceKind
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.measurement import Measurement, VitalKind
from app.domain.tray import WhyAside
from app.domain.visits import VisitState
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes, Known


async def in_visit(desk: DeskOnFakes, state: VisitState = VisitState.IN_VISIT) -> Known:
    known = await desk.knows_visit(state)
    await desk.chart.open(known.visit)
    desk.listens()
    await settled()
    return known


async def measured(desk: DeskOnFakes, systolic: int, diastolic: int, pulse: int = 71) -> None:
    await desk.vitals.measure()
    desk.cuff.measures(systolic, diastolic, pulse)
    await settled()


def aside(desk: DeskOnFakes) -> list[Measurement]:
    return [one.measured for one in desk.tray.state.value.items]


def shown(desk: DeskOnFakes) -> Measurement | None:
    item = desk.vitals.state.value.of().result
    return None if item is None else item.measured


def refusal(desk: DeskOnFakes) -> Code | None:
    return desk.vitals.state.value.of().refused


async def test_a_good_reading_is_kept_with_its_audit_in_one_transaction(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    await measured(cart, 128, 76)
    assert cart.vitals.state.value.of().refused is None
    reading = await cart.vitals.keep()
    [pending] = await cart.pending()
    assert pending.change.record_type is RecordType.READING
    assert (pending.change.record, pending.change.visit) == (reading, known.visit)
    values = {q["kind"]: q["value"] for q in pending.change.fields_set["quantities"]}  # type: ignore[index, union-attr, call-overload]  # a document
    assert values["systolic-mmhg"] == "128" and values["diastolic-mmhg"] == "76"
    kept = [event for event in await cart.audited() if event.act is Act.READING_KEPT]
    assert [(event.subject, event.patient) for event in kept] == [(reading, known.patient)]
    assert cart.vitals.state.value.of().result is None


async def test_a_full_disk_keeps_nothing_and_the_result_stays_on_the_screen(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    cart.store.worker.is_full = True
    with pytest.raises(Unavailable):
        await cart.vitals.keep()
    cart.store.worker.is_full = False
    assert cart.vitals.state.value.of().result is not None
    assert await cart.pending() == []
    await cart.vitals.keep()
    assert len(await cart.pending()) == 1


async def test_pressing_keep_twice_keeps_one_reading(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    twice = asyncio.gather(cart.vitals.keep(), cart.vitals.keep(), return_exceptions=True)
    [refusal] = [outcome for outcome in await twice if isinstance(outcome, BaseException)]
    assert isinstance(refusal, Rejected)
    assert len(await cart.pending()) == 1


async def test_an_implausible_result_is_shown_refused_and_audited_but_never_kept(
    cart: DeskOnFakes,
) -> None:
    known = await in_visit(cart)
    await measured(cart, 301, 76)
    state = cart.vitals.state.value.of()
    assert state.refused is Code.OUT_OF_RANGE
    assert state.result is not None
    assert state.result.measured.value_of(VitalKind.SYSTOLIC_MMHG) == Decimal(301)
    assert aside(cart) == []  # it was refused, and that is written down
    with pytest.raises(Rejected) as caught:
        await cart.vitals.keep()
    assert caught.value.code is Code.OUT_OF_RANGE
    assert await cart.pending() == []
    [refused] = [event for event in await cart.audited() if event.act is Act.READING_REFUSED]
    assert (refused.code, refused.visit) == (Code.OUT_OF_RANGE, known.visit)


async def test_a_result_of_another_visit_goes_to_the_tray_and_cannot_be_kept(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    stray = cart.cuff.tells_a_result_for(other.visit, 128, 76)
    await settled()
    state = cart.vitals.state.value.of()
    assert (state.result, aside(cart)) == (None, [stray])
    with pytest.raises(Rejected) as caught:
        await cart.vitals.keep()
    assert caught.value.code is Code.NOTHING_TO_KEEP


async def test_a_result_that_nobody_asked_for_goes_to_the_tray(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    stray = cart.cuff.tells_a_result_for(None, 128, 76)
    await settled()
    assert aside(cart) == [stray]
    assert cart.vitals.state.value.of().result is None


async def test_a_result_that_arrives_after_the_visit_was_left_is_not_the_next_ones(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    await cart.vitals.measure()
    cart.chart.shut()
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    await cart.chart.open(other.visit)
    late = cart.cuff.measures(128, 76)
    await settled()
    state = cart.vitals.state.value.of()
    assert (state.result, aside(cart)) == (None, [late])


async def test_what_runs_for_another_visit_shows_no_pressure_and_no_fault_beside_this_patient(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    await cart.vitals.measure()
    cart.chart.shut()
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    await cart.chart.open(other.visit)
    cart.cuff.inflates_to(140)
    cart.cuff.fails(Code.CUFF_LEAK)
    await settled()
    state = cart.vitals.state.value.of()
    assert (state.live, state.no_measurement) == ({}, None)


async def test_a_result_that_is_set_aside_is_said(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    said: list[Code | None] = []
    cart.vitals.state.listen(lambda state: said.append(state.code))
    cart.cuff.tells_a_result_for(None, 128, 76)
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    cart.cuff.tells_a_result_for(other.visit, 128, 76)
    await settled()
    assert Code.NOBODY_ASKED in said
    assert said[-1] is Code.MEASURED_FOR_ANOTHER_VISIT


async def test_discarding_what_is_set_aside_is_an_act_by_id_and_without_a_value(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    cart.cuff.tells_a_result_for(other.visit, 128, 76)
    kept = cart.cuff.tells_a_result_for(None, 131, 79)
    await settled()
    first = cart.tray.state.value.items[0].id
    await cart.tray.discard(first)
    await cart.tray.discard(first)  # pressed twice
    assert aside(cart) == [kept]
    [event] = [one for one in await cart.audited() if one.act is Act.MEASUREMENT_DISCARDED]
    assert (event.subject, event.visit, event.patient) == (first, other.visit, other.patient)


async def test_what_is_set_aside_stays_while_its_discarding_cannot_be_written(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    stray = cart.cuff.tells_a_result_for(None, 128, 76)
    await settled()
    cart.store.worker.is_full = True
    with pytest.raises(Unavailable):
        await cart.tray.discard(cart.tray.state.value.items[0].id)
    cart.store.worker.is_full = False
    assert aside(cart) == [stray]


async def test_leaving_the_visit_stops_the_cuff_and_puts_the_result_aside(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    result = shown(cart)
    await cart.vitals.discard()
    await cart.vitals.measure()
    cart.cuff.inflates_to(140)
    await settled()
    await cart.vitals.visit_closed()
    await settled()
    assert cart.cuff.stops == 1
    assert cart.cuff.visit is None
    state = cart.vitals.state.value.of()
    assert (state.result, state.live) == (None, {})
    assert result not in aside(cart)  # it was discarded


async def test_a_result_left_undecided_is_found_in_the_tray(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    result = shown(cart)
    await cart.vitals.visit_closed()
    assert aside(cart) == [result]
    [item] = cart.tray.state.value.items
    assert item.why is WhyAside.UNDECIDED


async def test_a_visit_finished_elsewhere_stops_its_cuff(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    await cart.vitals.measure()
    cart.cuff.inflates_to(150)
    await settled()
    await cart.server_moves_visit(known, VisitState.FINISHED, version=2)
    await settled()
    assert cart.cuff.stops == 1


async def test_the_cuff_does_not_start_for_a_finished_visit(cart: DeskOnFakes) -> None:
    await in_visit(cart, VisitState.FINISHED)
    with pytest.raises(Rejected) as caught:
        await cart.vitals.measure()
    assert caught.value.code is Code.NO_VISIT_OPEN
    assert cart.cuff.starts == []


async def test_a_result_is_not_kept_once_the_visit_is_finished(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    await measured(cart, 128, 76)
    await cart.server_moves_visit(known, VisitState.FINISHED, version=2)
    await settled()
    with pytest.raises(Rejected) as caught:
        await cart.vitals.keep()
    assert caught.value.code is Code.NO_VISIT_OPEN


async def test_a_result_that_may_be_kept_is_decided_upon_before_the_next_start(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    result = cart.vitals.state.value.of().result
    with pytest.raises(Rejected) as caught:
        await cart.vitals.measure()
    assert caught.value.code is Code.RESULT_UNDECIDED
    assert cart.vitals.state.value.of().result is result is not None
    assert len(cart.cuff.starts) == 1
    await cart.vitals.keep()
    await measured(cart, 131, 79)
    await cart.vitals.discard()
    await cart.vitals.measure()
    assert len(cart.cuff.starts) == 3


async def test_nothing_is_started_while_a_result_is_being_written_down(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await cart.vitals.measure()
    cart.store.worker.takes_s = 0.3
    cart.cuff.measures(128, 76)
    await cart.clock.passes(0.1)
    with pytest.raises(Rejected) as caught:
        await cart.vitals.measure()
    assert caught.value.code is Code.RESULT_UNDECIDED
    cart.store.worker.takes_s = 0.0
    await cart.clock.passes(0.3)
    assert (shown(cart) is not None, len(cart.cuff.starts)) == (True, 1)


async def test_a_result_that_takes_anothers_place_on_the_screen_sends_it_to_the_tray(
    cart: DeskOnFakes,
) -> None:
    known = await in_visit(cart)
    await measured(cart, 128, 76)
    first = shown(cart)
    cart.vitals._asked[DeviceKind.BLOOD_PRESSURE_CUFF] = known.visit  # however it came to that
    second = cart.cuff.tells_a_result_for(known.visit, 131, 79)
    await settled()
    assert (shown(cart), aside(cart)) == (second, [first])


async def test_a_refused_result_stands_in_no_ones_way(cart: DeskOnFakes) -> None:
    """Its sentence says: measure again."""
    await in_visit(cart)
    await measured(cart, 301, 76)
    await measured(cart, 128, 76)
    assert refusal(cart) is None


async def test_a_missing_cuff_says_why(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    cart.cuff.is_pulled()
    await settled()
    await cart.vitals.measure()
    assert cart.vitals.state.value.of().code is Code.DEVICE_PULLED
    told = cart.vitals.state.value.of().told
    assert told is not None
    assert told.status.reason is Code.DEVICE_PULLED


async def test_no_number_comes_with_its_reason(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await cart.vitals.measure()
    cart.cuff.inflates_to(120)
    cart.cuff.fails(Code.CUFF_LEAK)
    await settled()
    state = cart.vitals.state.value.of()
    assert state.no_measurement is not None
    assert state.no_measurement.reason is Code.CUFF_LEAK
    assert (state.result, state.live) == (None, {})


async def test_stop_is_said_even_when_the_line_is_broken(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await cart.vitals.measure()
    cart.cuff.stop_refusal = Unavailable(Code.DEVICE_PULLED)
    await cart.vitals.stop()
    assert cart.cuff.stops == 1
    assert cart.vitals.state.value.of().code is Code.DEVICE_PULLED


async def test_times_more_than_two_minutes_off_must_be_confirmed_first(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    cart.acts.offset = ClockOffset(timedelta(minutes=3), timedelta(seconds=1))
    with pytest.raises(Rejected) as caught:
        await cart.vitals.keep()
    assert caught.value.code is Code.TIMES_NOT_CONFIRMED
    assert cart.vitals.state.value.of().result is not None
    await cart.acts.confirm_times()
    await cart.vitals.keep()
    [pending] = await cart.pending()
    assert pending.change.stamp.offset == cart.acts.offset


async def test_a_kept_reading_is_told_to_the_far_end_by_its_id(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    cart.channel.goes_up()
    await measured(cart, 128, 76)
    reading = await cart.vitals.keep()
    await settled()
    told = [words for words in cart.channel.said_of("live") if words[2]["kind"] == "reading"]  # type: ignore[index]  # a payload
    assert [(words[1], words[2]["record"]) for words in told] == [(known.visit, str(reading))]  # type: ignore[index]  # a payload


async def test_live_pressure_is_told_for_its_own_visit_only(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    cart.channel.goes_up()
    cart.cuff.inflates_to(60)  # nobody started it
    await cart.vitals.measure()
    cart.cuff.inflates_to(132)
    await settled()
    [told] = cart.channel.said_of("live")
    assert told[1] == known.visit
    assert told[2] == {
        "kind": "cuff-pressure",
        "value": "132",
        "at": cart.clock.now().isoformat(),
    } | {"at": told[2]["at"]}  # type: ignore[index]  # a payload


async def test_the_cuff_is_heard_again_after_an_audit_event_could_not_be_written(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    await cart.vitals.measure()
    cart.store.worker.is_full = True
    cart.cuff.measures(301, 76)
    await settled()
    assert refusal(cart) is Code.OUT_OF_RANGE
    cart.store.worker.is_full = False
    await measured(cart, 128, 76)
    assert refusal(cart) is None
    assert cart.vitals.state.value.of().result is not None


async def test_who_may_not_keep_readings_keeps_none(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    later_role: Any = "visitor"
    cart.acts.now_acting(replace(cart.acts.person, role=later_role))
    with pytest.raises(Rejected) as caught:
        await cart.vitals.keep()
    assert caught.value.code is Code.NOT_ALLOWED
