"""The cuff in a visit: what is kept, what is refused and why, and what belongs to another visit."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.clock import ClockOffset
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import PersonId, RecordId, VisitId, new_id
from app.domain.measurement import Measurement, VitalKind
from app.domain.visits import VisitState
from app.domain.vitals import Reading, fields_of
from tests.fakes.cuff import measurement
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
    return [one.measured for one in desk.vitals.state.value.set_aside]


def refusal(desk: DeskOnFakes) -> Code | None:
    return desk.vitals.state.value.refused


async def test_a_good_reading_is_kept_with_its_audit_in_one_transaction(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    await measured(cart, 128, 76)
    assert cart.vitals.state.value.refused is None
    reading = await cart.vitals.keep()
    [pending] = await cart.pending()
    assert pending.change.record_type is RecordType.READING
    assert (pending.change.record, pending.change.visit) == (reading, known.visit)
    values = {q["kind"]: q["value"] for q in pending.change.fields_set["quantities"]}  # type: ignore[index, union-attr, call-overload]  # a document
    assert values["systolic-mmhg"] == "128" and values["diastolic-mmhg"] == "76"
    kept = [event for event in await cart.audited() if event.act is Act.READING_KEPT]
    assert [(event.subject, event.patient) for event in kept] == [(reading, known.patient)]
    assert cart.vitals.state.value.result is None


async def test_a_full_disk_keeps_nothing_and_the_result_stays_on_the_screen(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    cart.store.worker.is_full = True
    with pytest.raises(Unavailable):
        await cart.vitals.keep()
    cart.store.worker.is_full = False
    assert cart.vitals.state.value.result is not None
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
    state = cart.vitals.state.value
    assert state.refused is Code.OUT_OF_RANGE
    assert state.result is not None
    assert state.result.value_of(VitalKind.SYSTOLIC_MMHG) == Decimal(301)
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
    state = cart.vitals.state.value
    assert (state.result, aside(cart)) == (None, [stray])
    with pytest.raises(Rejected) as caught:
        await cart.vitals.keep()
    assert caught.value.code is Code.NOTHING_TO_KEEP


async def test_a_result_that_nobody_asked_for_goes_to_the_tray(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    stray = cart.cuff.tells_a_result_for(None, 128, 76)
    await settled()
    assert aside(cart) == [stray]
    assert cart.vitals.state.value.result is None


async def test_the_tray_is_bounded_and_keeps_the_newest(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    strays = [cart.cuff.tells_a_result_for(None, 100 + n, 60) for n in range(30)]
    await settled(200)
    assert aside(cart) == strays[-20:]


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
    state = cart.vitals.state.value
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
    state = cart.vitals.state.value
    assert (state.live, state.no_measurement) == (None, None)


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
    first = cart.vitals.state.value.set_aside[0].id
    await cart.vitals.discard_set_aside(first)
    await cart.vitals.discard_set_aside(first)  # pressed twice
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
        await cart.vitals.discard_set_aside(cart.vitals.state.value.set_aside[0].id)
    cart.store.worker.is_full = False
    assert aside(cart) == [stray]


async def test_leaving_the_visit_stops_the_cuff_and_puts_the_result_aside(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    result = cart.vitals.state.value.result
    await cart.vitals.discard()
    await cart.vitals.measure()
    cart.cuff.inflates_to(140)
    await settled()
    await cart.vitals.visit_closed()
    await settled()
    assert cart.cuff.stops == 1
    assert cart.cuff.visit is None
    state = cart.vitals.state.value
    assert (state.result, state.live, state.from_far) == (None, None, ())
    assert result not in aside(cart)  # it was discarded


async def test_a_result_left_undecided_is_found_in_the_tray(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    result = cart.vitals.state.value.result
    await cart.vitals.visit_closed()
    assert aside(cart) == [result]


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
    result = cart.vitals.state.value.result
    with pytest.raises(Rejected) as caught:
        await cart.vitals.measure()
    assert caught.value.code is Code.RESULT_UNDECIDED
    assert cart.vitals.state.value.result is result is not None
    assert len(cart.cuff.starts) == 1
    await cart.vitals.keep()
    await measured(cart, 131, 79)
    await cart.vitals.discard()
    await cart.vitals.measure()
    assert len(cart.cuff.starts) == 3


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
    assert cart.vitals.state.value.code is Code.DEVICE_PULLED
    assert cart.vitals.state.value.cuff is not None
    assert cart.vitals.state.value.cuff.status.reason is Code.DEVICE_PULLED


async def test_no_number_comes_with_its_reason(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await cart.vitals.measure()
    cart.cuff.inflates_to(120)
    cart.cuff.fails(Code.CUFF_LEAK)
    await settled()
    state = cart.vitals.state.value
    assert state.no_measurement is not None
    assert state.no_measurement.reason is Code.CUFF_LEAK
    assert (state.result, state.live) == (None, None)


async def test_stop_is_said_even_when_the_line_is_broken(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await cart.vitals.measure()
    cart.cuff.stop_refusal = Unavailable(Code.DEVICE_PULLED)
    await cart.vitals.stop()
    assert cart.cuff.stops == 1
    assert cart.vitals.state.value.code is Code.DEVICE_PULLED


async def test_times_more_than_two_minutes_off_must_be_confirmed_first(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    cart.acts.offset = ClockOffset(timedelta(minutes=3), timedelta(seconds=1))
    with pytest.raises(Rejected) as caught:
        await cart.vitals.keep()
    assert caught.value.code is Code.TIMES_NOT_CONFIRMED
    assert cart.vitals.state.value.result is not None
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


def reading_told(desk: DeskOnFakes, known: Known, record: RecordId) -> dict[str, Any]:
    reading = Reading(
        id=record,
        visit=known.visit,
        patient=known.patient,
        measured=measurement(known.visit, 128, 76, at=desk.clock),
        kept_at=desk.clock.now(),
        kept_by=PersonId(new_id()),
    )
    return {"kind": "reading", "record": str(record), **fields_of(reading)}


async def test_a_reading_of_the_far_end_is_shown_once_and_goes_when_the_feed_brings_it(
    doctor: DeskOnFakes,
) -> None:
    known = await in_visit(doctor)
    record = RecordId(new_id())
    told = reading_told(doctor, known, record)
    doctor.vitals.heard_from_far(known.visit, told)
    doctor.vitals.heard_from_far(known.visit, told)  # over the call and over the server
    [shown] = doctor.vitals.state.value.from_far
    assert (shown.id, shown.is_pending) == (record, True)


async def test_a_reading_of_another_patient_is_refused(doctor: DeskOnFakes) -> None:
    known = await in_visit(doctor)
    other = await doctor.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    for wrong in (Known(known.visit, other.patient), Known(other.visit, known.patient), other):
        told = reading_told(doctor, wrong, RecordId(new_id()))
        doctor.vitals.heard_from_far(known.visit, told)
        assert doctor.vitals.state.value.from_far == ()
        assert doctor.vitals.state.value.code is Code.WRONG_PATIENT


async def test_words_for_a_visit_that_is_not_open_here_are_passed_over(
    doctor: DeskOnFakes,
) -> None:
    known = await in_visit(doctor)
    before = doctor.vitals.state.value
    told = reading_told(doctor, known, RecordId(new_id()))
    doctor.vitals.heard_from_far(VisitId(new_id()), told)
    doctor.chart.shut()
    doctor.vitals.heard_from_far(known.visit, told)
    assert doctor.vitals.state.value == before


async def test_a_value_no_body_can_have_is_not_believed_from_the_far_end_either(
    doctor: DeskOnFakes,
) -> None:
    known = await in_visit(doctor)
    told = reading_told(doctor, known, RecordId(new_id()))
    told["quantities"][0]["value"] = "301"
    doctor.vitals.heard_from_far(known.visit, told)
    assert doctor.vitals.state.value.from_far == ()
    assert doctor.vitals.state.value.code is Code.OUT_OF_RANGE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


async def test_whatever_the_far_end_says_nothing_breaks(doctor: DeskOnFakes) -> None:
    known = await in_visit(doctor)
    good = reading_told(doctor, known, RecordId(new_id()))

    @settings(max_examples=150, deadline=None, database=None)
    @given(name=st.sampled_from(sorted(good)), value=JSON)
    def say(name: str, value: Any) -> None:
        doctor.vitals.heard_from_far(known.visit, good | {name: value})
        for reading in doctor.vitals.state.value.from_far:
            assert reading.kept_at.tzinfo is not None

    say()


@pytest.mark.parametrize(
    "value",
    [
        *("NaN", "Infinity", "1E+999999999", "", None, [], "12a", "0" * 5000, {"a": 1}),
        *("331", "-1", "999999", "-0.5", True, 1e308),  # no cuff says such a thing
    ],
)
async def test_a_pressure_that_is_no_number_is_never_shown(doctor: DeskOnFakes, value: Any) -> None:
    known = await in_visit(doctor)
    payload = {"kind": "cuff-pressure", "value": value, "at": "now"}
    doctor.vitals.heard_from_far(known.visit, payload)
    assert doctor.vitals.state.value.live is None
    assert doctor.vitals.state.value.code is Code.FAR_UNREADABLE


@pytest.mark.parametrize("name", ["kept_at", "received_at", "device_time"])
@pytest.mark.parametrize(
    "time",
    ["2026-11-21T09:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "now", 5],
)
async def test_a_time_that_no_screen_can_show_is_not_a_time(
    doctor: DeskOnFakes, name: str, time: object
) -> None:
    known = await in_visit(doctor)
    told = reading_told(doctor, known, RecordId(new_id())) | {name: time}
    doctor.vitals.heard_from_far(known.visit, told)
    assert doctor.vitals.state.value.from_far == ()
    assert doctor.vitals.state.value.code is Code.FAR_UNREADABLE


async def test_a_far_pressure_never_stands_where_our_own_running_cuff_is_shown(
    cart: DeskOnFakes,
) -> None:
    known = await in_visit(cart)
    await cart.vitals.measure()
    await settled()
    cart.vitals.heard_from_far(known.visit, {"kind": "cuff-pressure", "value": "30"})
    assert cart.vitals.state.value.live is None
    assert not cart.vitals.state.value.is_live_from_far


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
    assert cart.vitals.state.value.result is not None


async def test_who_may_not_keep_readings_keeps_none(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await measured(cart, 128, 76)
    later_role: Any = "visitor"
    cart.acts.now_acting(replace(cart.acts.person, role=later_role))
    with pytest.raises(Rejected) as caught:
        await cart.vitals.keep()
    assert caught.value.code is Code.NOT_ALLOWED
