"""What the far end tells of its instruments: believed as far as a body goes, for its visit."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.changes import HeardRecord, RecordType
from app.domain.device import DeviceKind
from app.domain.failures import Code
from app.domain.ids import PersonId, RecordId, VisitId, new_id
from app.domain.measurement import VitalKind
from app.domain.reading import Reading, fields_of
from app.domain.visits import VisitState
from tests.fakes.cuff import measurement
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes, Known


async def in_visit(desk: DeskOnFakes) -> Known:
    known = await desk.knows_visit(VisitState.IN_VISIT)
    await desk.chart.open(known.visit)
    desk.listens()
    await settled()
    return known


def live_told(value: int, at: datetime) -> dict[str, Any]:
    return {
        "kind": "live-value",
        "vital": "spo2-percent",
        "value": str(value),
        "at": at.isoformat(),
    }


def age_s(desk: DeskOnFakes) -> float:
    live = desk.far_vitals.state.value.live[VitalKind.SPO2_PERCENT]
    return (desk.clock.now() - live.at).total_seconds()


async def test_a_live_value_that_was_long_on_its_way_is_as_old_as_it_is(
    doctor: DeskOnFakes,
) -> None:
    """An outage holds words up; when they come, the last number must not look alive."""
    known = await in_visit(doctor)
    far_wrong = timedelta(minutes=7)  # no two clocks agree
    said = doctor.clock.now()
    doctor.far_vitals.heard(known.visit, live_told(97, said - far_wrong))
    await doctor.clock.passes(20)
    doctor.far_vitals.heard(known.visit, live_told(91, said + timedelta(seconds=1) - far_wrong))
    assert age_s(doctor) == pytest.approx(19, abs=0.01)
    doctor.far_vitals.heard(known.visit, live_told(96, doctor.clock.now() - far_wrong))
    assert age_s(doctor) == pytest.approx(0, abs=0.01)


async def test_a_far_clock_that_is_set_anew_makes_values_old_for_a_minute_at_most(
    doctor: DeskOnFakes,
) -> None:
    known = await in_visit(doctor)
    ages = []
    for second in range(80):
        set_back = timedelta(seconds=60 if second >= 10 else 0)
        doctor.far_vitals.heard(known.visit, live_told(97, doctor.clock.now() - set_back))
        ages.append(age_s(doctor))
        await doctor.clock.passes(1)
    assert (ages[9], ages[10], ages[-1]) == pytest.approx((0, 60, 0), abs=0.01)


async def test_words_for_a_visit_that_is_not_open_here_are_passed_over(
    doctor: DeskOnFakes,
) -> None:
    known = await in_visit(doctor)
    before = doctor.far_vitals.state.value
    told = live_told(97, doctor.clock.now())
    doctor.far_vitals.heard(VisitId(new_id()), told)
    doctor.chart.shut()
    doctor.far_vitals.heard(known.visit, told)
    assert doctor.far_vitals.state.value == before


async def test_what_was_kept_there_ends_what_was_said_of_its_instrument(
    doctor: DeskOnFakes,
) -> None:
    known = await in_visit(doctor)
    for word in (
        {"kind": "no-measurement", "device": "blood-pressure-cuff", "code": "cuff-leak"},
        {"kind": "no-measurement", "device": "oximeter", "code": "no-finger"},
        {"kind": "live-value", "vital": "temperature-celsius", "value": "37.1"},
    ):
        doctor.far_vitals.heard(known.visit, word)  # type: ignore[arg-type]  # a payload
    await hears_reading(doctor, known, doctor.acts.person.id)  # our own cuff's
    assert DeviceKind.BLOOD_PRESSURE_CUFF in doctor.far_vitals.state.value.ended
    await hears_reading(doctor, known, PersonId(new_id()))
    state = doctor.far_vitals.state.value
    assert set(state.ended) == {DeviceKind.OXIMETER}
    assert set(state.live) == {VitalKind.TEMPERATURE_CELSIUS}
    doctor.far_vitals.heard(known.visit, {"kind": "cuff-pressure", "value": "132"})
    await hears_reading(doctor, known, PersonId(new_id()))
    assert set(doctor.far_vitals.state.value.live) == {VitalKind.TEMPERATURE_CELSIUS}


async def hears_reading(desk: DeskOnFakes, known: Known, by: PersonId) -> None:
    """The chart shows one more."""
    reading = Reading(
        id=RecordId(new_id()),
        visit=known.visit,
        patient=known.patient,
        measured=measurement(known.visit, 128, 76, at=desk.clock),
        kept_at=desk.clock.now(),
        kept_by=by,
    )
    heard = HeardRecord(
        RecordType.READING, reading.id, fields_of(reading), known.patient, known.visit
    )
    await desk.acts.do(lambda unit: unit.heard.keep(heard))
    await settled()
    assert reading.id in {one.id for one in desk.chart.state.value.readings}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


async def test_whatever_the_far_end_says_nothing_breaks(doctor: DeskOnFakes) -> None:
    known = await in_visit(doctor)
    good: dict[str, Any] = {
        **live_told(97, doctor.clock.now()),
        "device": "oximeter",
        "code": "no-finger",
    }
    kinds = ("live-value", "cuff-pressure", "no-measurement", "reading")

    @settings(max_examples=150, deadline=None, database=None)
    @given(kind=st.sampled_from(kinds), name=st.sampled_from(sorted(good)), value=JSON)
    def say(kind: str, name: str, value: Any) -> None:
        doctor.far_vitals.heard(known.visit, good | {"kind": kind} | {name: value})
        for live in doctor.far_vitals.state.value.live.values():
            assert live.at.tzinfo is not None

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
    doctor.far_vitals.heard(known.visit, payload)
    assert not doctor.far_vitals.state.value.live
    assert doctor.far_vitals.state.value.code is Code.FAR_UNREADABLE


async def test_every_kind_of_live_value_is_heard_and_none_outlives_its_visit(
    doctor: DeskOnFakes,
) -> None:
    known = await in_visit(doctor)
    told = {VitalKind.SPO2_PERCENT: "97", VitalKind.PULSE_PER_MINUTE: "72"}
    for kind, value in told.items():
        payload: dict[str, Any] = {"kind": "live-value", "vital": str(kind), "value": value}
        doctor.far_vitals.heard(known.visit, payload)
    live = doctor.far_vitals.state.value.live
    assert {kind: one.quantity.value for kind, one in live.items()} == {
        kind: Decimal(value) for kind, value in told.items()
    }
    other = await doctor.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    await doctor.chart.open(other.visit)
    assert not doctor.far_vitals.state.value.live


@pytest.mark.parametrize(("vital", "value"), [("spo2-percent", "101"), ("of-a-later-one", "5")])
async def test_a_live_value_that_is_none_of_ours_is_left_out(
    doctor: DeskOnFakes, vital: str, value: str
) -> None:
    known = await in_visit(doctor)
    doctor.far_vitals.heard(known.visit, {"kind": "live-value", "vital": vital, "value": value})
    assert not doctor.far_vitals.state.value.live
    assert doctor.far_vitals.state.value.code is Code.FAR_UNREADABLE
