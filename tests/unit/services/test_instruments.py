"""Every instrument keeps the cuff's laws: for whom it was started, and nobody beside them."""

import pytest

from app.domain.audit import Act
from app.domain.device import DeviceKind
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.measurement import Measurement, VitalKind
from app.domain.tray import WhyAside
from app.domain.visits import VisitState
from app.services.vitals_state import InstrumentState
from tests.fakes.instrument import FakeInstrument
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes, Known

OXIMETER, THERMOMETER = DeviceKind.OXIMETER, DeviceKind.THERMOMETER


async def in_visit(cart: DeskOnFakes) -> tuple[Known, FakeInstrument, FakeInstrument]:
    """With an oximeter that was there from the start, and a thermometer plugged in later."""
    known = await cart.knows_visit(VisitState.IN_VISIT)
    cart.oximeter.appears()
    await cart.chart.open(known.visit)
    cart.listens()
    cart.thermometer.appears()
    await settled()
    return known, cart.oximeter, cart.thermometer


def of(cart: DeskOnFakes, kind: DeviceKind) -> InstrumentState:
    return cart.vitals.state.value.of(kind)


def aside(cart: DeskOnFakes) -> list[Measurement]:
    return [item.measured for item in cart.tray.state.value.items]


async def other_visit(cart: DeskOnFakes) -> Known:
    await cart.vitals.visit_closed()
    cart.chart.shut()
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    await cart.chart.open(other.visit)
    await settled()
    return other


async def test_a_temperature_alone_is_kept(cart: DeskOnFakes) -> None:
    known, _, thermometer = await in_visit(cart)
    await cart.vitals.measure(THERMOMETER)
    thermometer.measures(TEMPERATURE_CELSIUS="36.6")
    await settled()
    assert of(cart, THERMOMETER).is_undecided
    record = await cart.vitals.keep(THERMOMETER)
    [pending] = await cart.pending()
    assert (pending.change.record, pending.change.visit) == (record, known.visit)
    kept = [event for event in await cart.audited() if event.act is Act.READING_KEPT]
    assert [event.subject for event in kept] == [record]


async def test_each_has_its_own_result_and_running_one_stops_no_other(cart: DeskOnFakes) -> None:
    _, oximeter, thermometer = await in_visit(cart)
    for kind in (OXIMETER, THERMOMETER, DeviceKind.BLOOD_PRESSURE_CUFF):
        await cart.vitals.measure(kind)
    oximeter.streams(SPO2_PERCENT="97", PULSE_PER_MINUTE="72")
    oximeter.measures(SPO2_PERCENT="97", PULSE_PER_MINUTE="72")
    thermometer.measures(TEMPERATURE_CELSIUS="36.6")
    cart.cuff.measures(128, 76)
    await settled()
    assert all(
        of(cart, kind).is_undecided
        for kind in (OXIMETER, THERMOMETER, DeviceKind.BLOOD_PRESSURE_CUFF)
    )
    assert of(cart, OXIMETER).is_running
    await cart.vitals.keep(THERMOMETER)
    await cart.vitals.discard(OXIMETER)
    assert [of(cart, kind).is_undecided for kind in (OXIMETER, THERMOMETER)] == [False, False]
    assert of(cart, DeviceKind.BLOOD_PRESSURE_CUFF).is_undecided


async def test_a_stream_goes_on_after_its_measurement_and_what_it_adds_nobody_asked_for(
    cart: DeskOnFakes,
) -> None:
    _, oximeter, _ = await in_visit(cart)
    await cart.vitals.measure(OXIMETER)
    oximeter.streams(SPO2_PERCENT="97")
    oximeter.measures(SPO2_PERCENT="97")
    oximeter.streams(SPO2_PERCENT="96")
    extra = oximeter.measures(SPO2_PERCENT="95")
    await settled()
    state = of(cart, OXIMETER)
    assert state.live[VitalKind.SPO2_PERCENT].quantity.value == 96
    assert state.result is not None
    assert state.result.measured.value_of(VitalKind.SPO2_PERCENT) == 97
    assert aside(cart) == [extra]


async def test_another_patient_stops_every_instrument_and_fences_what_comes_late(
    cart: DeskOnFakes,
) -> None:
    known, oximeter, thermometer = await in_visit(cart)
    await cart.vitals.measure(OXIMETER)
    await cart.vitals.measure(THERMOMETER)
    await settled()
    await other_visit(cart)
    assert (oximeter.stops, thermometer.stops) == (1, 1)
    late = thermometer.tells(known.visit, TEMPERATURE_CELSIUS="39.1")
    oximeter.streams(SPO2_PERCENT="81")
    await settled()
    assert aside(cart) == [late]
    assert [item.why for item in cart.tray.state.value.items] == [WhyAside.ANOTHER_VISIT]
    assert (of(cart, THERMOMETER).result, of(cart, OXIMETER).live) == (None, {})


async def test_what_was_started_before_a_visit_was_closed_is_not_its_when_it_opens_again(
    cart: DeskOnFakes,
) -> None:
    """In between the thermometer may have been in anybody's mouth."""
    known, _, thermometer = await in_visit(cart)
    await cart.vitals.measure(THERMOMETER)
    await cart.vitals.visit_closed()
    cart.chart.shut()
    await cart.chart.open(known.visit)
    late = thermometer.tells(known.visit, TEMPERATURE_CELSIUS="39.1")
    await settled()
    assert aside(cart) == [late]
    assert [item.why for item in cart.tray.state.value.items] == [WhyAside.LATE]
    assert of(cart, THERMOMETER).result is None


async def test_a_live_value_of_nobody_stands_beside_no_name(cart: DeskOnFakes) -> None:
    _, oximeter, _ = await in_visit(cart)
    oximeter.streams(SPO2_PERCENT="81")  # put on by hand: whose finger is it?
    await settled()
    assert of(cart, OXIMETER).live == {}


async def test_a_start_that_was_refused_leaves_what_runs_as_it_was(cart: DeskOnFakes) -> None:
    _, oximeter, _ = await in_visit(cart)
    await cart.vitals.measure(OXIMETER)
    await cart.vitals.measure(OXIMETER)
    assert of(cart, OXIMETER).code is Code.DEVICE_BUSY
    oximeter.measures(SPO2_PERCENT="97")
    await settled()
    assert of(cart, OXIMETER).is_undecided  # it is still the first start's answer


async def test_a_visit_that_closes_while_a_start_is_under_way_is_not_measured_for(
    cart: DeskOnFakes,
) -> None:
    known, _, thermometer = await in_visit(cart)

    async def somebody_closes_the_chart() -> None:
        await cart.vitals.visit_closed()
        cart.chart.shut()

    thermometer.when_started = somebody_closes_the_chart
    await cart.vitals.measure(THERMOMETER)
    assert (thermometer.starts, thermometer.visit) == ([known.visit], None)


async def test_a_closing_visit_starts_nothing_any_more(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await cart.vitals.visit_closed()
    with pytest.raises(Rejected) as caught:
        await cart.vitals.measure(THERMOMETER)
    assert caught.value.code is Code.NO_VISIT_OPEN


async def test_an_instrument_that_is_gone_is_said_to_be(cart: DeskOnFakes) -> None:
    _, _, thermometer = await in_visit(cart)
    thermometer.is_pulled()
    await settled()
    await cart.vitals.measure(THERMOMETER)
    assert of(cart, THERMOMETER).code is Code.DEVICE_PULLED
    await cart.vitals.measure(DeviceKind.SCALE)  # there is no place for one here
    assert of(cart, DeviceKind.SCALE).code is Code.DEVICE_MISSING


async def test_live_values_of_a_stream_go_to_the_far_end_but_not_each_of_them(
    cart: DeskOnFakes,
) -> None:
    known, oximeter, _ = await in_visit(cart)
    cart.channel.goes_up()
    await cart.vitals.measure(OXIMETER)
    for number in range(60):  # a second of a fast one
        oximeter.streams(SPO2_PERCENT=str(90 + number % 9))
        await cart.clock.passes(1 / 60)
    await settled()
    told = [words for words in cart.channel.said_of("live") if words[1] == known.visit]
    assert 5 <= len(told) <= 8
    payload = told[0][2]
    assert isinstance(payload, dict)
    assert (payload["kind"], payload["vital"]) == ("live-value", "spo2-percent")


async def test_a_discarded_result_leaves_its_trace(cart: DeskOnFakes) -> None:
    known, _, thermometer = await in_visit(cart)
    await cart.vitals.measure(THERMOMETER)
    thermometer.measures(TEMPERATURE_CELSIUS="36.6")
    await settled()
    item = of(cart, THERMOMETER).result
    assert item is not None
    cart.store.worker.is_full = True
    with pytest.raises(Unavailable):
        await cart.vitals.discard(THERMOMETER)
    cart.store.worker.is_full = False
    assert of(cart, THERMOMETER).result is item
    await cart.vitals.discard(THERMOMETER)
    [event] = [one for one in await cart.audited() if one.act is Act.MEASUREMENT_DISCARDED]
    assert (event.subject, event.visit, event.patient) == (item.id, known.visit, known.patient)
