"""A series on a cuff: a person starts it, anybody stops it, any change of the patient ends it."""

import asyncio
from typing import Any

import pytest

from app.domain.audit import Act
from app.domain.bp_protocol import BpSeries, Choice, Phase, Verdict
from app.domain.bp_setting import Arm, BpSetting, CuffSize, Position
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.tray import Place, WhyAside
from app.domain.visits import VisitState
from tests.fakes.time_loop import settled, until
from tests.unit.services.given import DeskOnFakes, Known

SETTING = BpSetting(Arm.LEFT, CuffSize.ADULT, Position.SEATED)


def series_of(cart: DeskOnFakes) -> BpSeries:
    series = cart.bp_protocol.state.value.series
    assert series is not None
    return series


async def begun(cart: DeskOnFakes) -> Known:
    known = await cart.knows_visit(VisitState.IN_VISIT)
    await cart.chart.open(known.visit)
    cart.listens()
    await settled()
    await cart.bp_protocol.begin(SETTING)
    return known


async def reading(cart: DeskOnFakes, systolic: int, diastolic: int, **more: Any) -> None:
    """The next one starts by itself, and comes to this."""
    before = len(cart.cuff.starts)
    await until(lambda: len(cart.cuff.starts) > before, limit_s=1000)
    await cart.clock.passes(30)
    cart.cuff.measures(systolic, diastolic, **more)
    await settled()


async def three(cart: DeskOnFakes) -> None:
    for systolic in (130, 128, 126):
        await reading(cart, systolic, systolic - 50)


async def test_rest_readings_and_pauses_then_all_of_it_is_kept_in_one_act(
    cart: DeskOnFakes,
) -> None:
    known = await begun(cart)
    await cart.clock.passes(299)
    assert cart.cuff.starts == []
    began_s = cart.clock.monotonic()
    await three(cart)
    assert 150 < cart.clock.monotonic() - began_s < 240
    assert series_of(cart).phase is Phase.DONE
    await cart.bp_protocol.keep()
    changes = [item.change for item in await cart.pending()]
    assert {(change.visit, change.patient) for change in changes} == {(known.visit, known.patient)}
    fields: list[dict[str, Any]] = [dict(change.fields_set) for change in changes]
    assert [one["quantities"][0]["value"] for one in fields] == ["130", "128", "126", "128"]
    assert [one["series"]["number"] for one in fields] == [1, 2, 3, 0]
    singles = [str(change.record) for change in changes[:3]]
    assert fields[3]["series"]["averaged"] == singles
    assert {one["taken"]["rested_s"] for one in fields} == {300}
    assert fields[0]["taken"]["cuff_size"] == "adult"
    assert cart.bp_protocol.state.value.series is None
    kept = [event for event in await cart.audited() if event.act is Act.READING_KEPT]
    assert len(kept) == 4
    assert await cart.acts.read(lambda unit: unit.measurements.waiting(Place.SHOWN)) == []
    assert cart.tray.state.value.items == ()


async def test_a_result_of_the_series_is_not_shown_a_second_time_for_keeping(
    cart: DeskOnFakes,
) -> None:
    await begun(cart)
    await reading(cart, 130, 80)
    assert cart.vitals.state.value.of().result is None
    assert [one.verdict for one in series_of(cart).tries] == [Verdict.COUNTED]


async def test_stop_aborts_on_the_wire_and_nothing_starts_any_more(cart: DeskOnFakes) -> None:
    await begun(cart)
    await reading(cart, 130, 80)
    await until(lambda: len(cart.cuff.starts) == 2, limit_s=1000)
    await cart.bp_protocol.stop()
    await cart.clock.passes(1000)
    assert (cart.cuff.stops, cart.cuff.visit, len(cart.cuff.starts)) == (1, None, 2)
    assert (series_of(cart).phase, series_of(cart).reason) == (Phase.ENDED, Code.CUFF_STOPPED)


async def test_stop_between_two_readings_is_a_stop_too(cart: DeskOnFakes) -> None:
    await begun(cart)
    await cart.clock.passes(100)
    assert cart.bp_protocol.state.value.is_active
    await cart.bp_protocol.stop()
    await cart.clock.passes(1000)
    assert cart.cuff.starts == []
    await cart.bp_protocol.discard()
    assert cart.bp_protocol.state.value.series is None


async def test_a_stop_on_the_cuff_itself_or_by_its_switch_ends_the_series(
    cart: DeskOnFakes,
) -> None:
    await begun(cart)
    await until(lambda: len(cart.cuff.starts) == 1, limit_s=1000)
    cart.cuff.fails(Code.CUFF_STOPPED)
    await cart.clock.passes(1000)
    assert (series_of(cart).phase, len(cart.cuff.starts)) == (Phase.ENDED, 1)


async def test_an_error_waits_for_a_person_and_is_measured_again_by_their_word(
    cart: DeskOnFakes,
) -> None:
    await begun(cart)
    await until(lambda: len(cart.cuff.starts) == 1, limit_s=1000)
    cart.cuff.fails(Code.CUFF_LEAK)
    await cart.clock.passes(1000)
    assert (series_of(cart).phase, len(cart.cuff.starts)) == (Phase.DECIDING, 1)
    await cart.bp_protocol.decide(Choice.REPEAT)
    await three(cart)
    assert series_of(cart).phase is Phase.DONE
    assert [one.reason for one in series_of(cart).tries] == [Code.CUFF_LEAK, None, None, None]


async def test_an_implausible_reading_is_shown_audited_and_never_averaged(
    cart: DeskOnFakes,
) -> None:
    await begun(cart)
    await reading(cart, 301, 80)
    assert [one.reason for one in series_of(cart).tries] == [Code.OUT_OF_RANGE]
    assert Act.READING_REFUSED in await cart.acts_audited()
    await cart.bp_protocol.decide(Choice.LEAVE_OUT)
    await reading(cart, 130, 80)
    await reading(cart, 128, 78)
    await cart.bp_protocol.keep()
    values = [dict(item.change.fields_set)["quantities"] for item in await cart.pending()]
    assert [one[0]["value"] for one in values] == ["130", "128", "129"]  # type: ignore[index, call-overload]  # documents


async def test_a_cuff_that_is_not_idle_is_not_started_and_a_person_goes_on(
    cart: DeskOnFakes,
) -> None:
    known = await begun(cart)
    await cart.clock.passes(290)
    await cart.cuff.start(known.visit)  # somebody else's start, at the last moment
    await cart.clock.passes(60)
    assert (series_of(cart).phase, series_of(cart).reason) == (Phase.HELD, Code.DEVICE_BUSY)
    cart.cuff.fails(Code.CUFF_STOPPED)
    await cart.clock.passes(600)
    assert len(cart.cuff.starts) == 1  # not by itself, after who knows how long
    await cart.bp_protocol.hurry()
    await three(cart)
    assert series_of(cart).phase is Phase.DONE


async def test_a_cuff_that_went_is_held_and_not_tried_again_and_again(cart: DeskOnFakes) -> None:
    await begun(cart)
    cart.cuff.is_pulled()
    await cart.clock.passes(1000)
    assert (series_of(cart).phase, series_of(cart).reason) == (Phase.HELD, Code.DEVICE_MISSING)


async def test_another_patient_ends_it_and_what_was_read_lies_in_the_tray(
    cart: DeskOnFakes,
) -> None:
    known = await begun(cart)
    await reading(cart, 130, 80)
    await until(lambda: len(cart.cuff.starts) == 2, limit_s=1000)
    await cart.vitals.visit_closed()
    cart.chart.shut()
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    await cart.chart.open(other.visit)
    await cart.clock.passes(1000)
    assert cart.bp_protocol.state.value.series is None
    assert (cart.cuff.stops, len(cart.cuff.starts)) == (1, 2)
    [item] = cart.tray.state.value.items
    assert (item.measured.visit, item.why) == (known.visit, WhyAside.UNDECIDED)
    assert await cart.pending() == []


async def test_a_visit_finished_elsewhere_ends_it(cart: DeskOnFakes) -> None:
    known = await begun(cart)
    await reading(cart, 130, 80)
    await cart.server_moves_visit(known, VisitState.FINISHED, version=2)
    await cart.clock.passes(1000)
    assert (series_of(cart).phase, len(cart.cuff.starts)) == (Phase.ENDED, 1)
    with pytest.raises(Rejected) as caught:
        await cart.bp_protocol.keep()
    assert caught.value.code is Code.NO_VISIT_OPEN


async def test_leaving_while_the_cuff_is_being_started_leaves_it_stopped(
    cart: DeskOnFakes,
) -> None:
    await begun(cart)
    await cart.bp_protocol.hurry()
    for _ in range(400):  # at every step of its way
        await asyncio.sleep(0)
        if cart.cuff.starts:
            break
        await cart.clock.passes(0.01)
    await cart.vitals.visit_closed()
    cart.chart.shut()
    await cart.clock.passes(500)
    assert (cart.cuff.visit, len(cart.cuff.starts)) == (None, 1)


async def test_what_was_read_survives_a_crash_in_the_middle(cart: DeskOnFakes) -> None:
    await begun(cart)
    await reading(cart, 130, 80)
    stored = await cart.acts.read(lambda unit: unit.measurements.waiting(Place.SHOWN))
    assert len(stored) == 1


@pytest.mark.parametrize("trouble", ["no visit", "running", "undecided", "missing", "series"])
async def test_what_keeps_a_series_from_beginning(cart: DeskOnFakes, trouble: str) -> None:
    known = await cart.knows_visit(VisitState.IN_VISIT)
    cart.listens()
    code = Code.NO_VISIT_OPEN
    if trouble != "no visit":
        await cart.chart.open(known.visit)
    await settled()
    if trouble == "running":
        await cart.vitals.measure()
        code = Code.DEVICE_BUSY
    if trouble == "undecided":
        await cart.vitals.measure()
        cart.cuff.measures(128, 76)
        code = Code.RESULT_UNDECIDED
    if trouble == "missing":
        cart.cuff.is_pulled()
        code = Code.DEVICE_MISSING
    await settled()
    if trouble == "series":
        await cart.bp_protocol.begin(SETTING)
        code = Code.SERIES_RUNNING
    with pytest.raises(Rejected) as caught:
        await cart.bp_protocol.begin(SETTING)
    assert caught.value.code is code


async def test_a_full_disk_keeps_nothing_and_the_series_stays_on_the_screen(
    cart: DeskOnFakes,
) -> None:
    await begun(cart)
    await three(cart)
    series = series_of(cart)
    cart.store.worker.is_full = True
    with pytest.raises(Unavailable):
        await cart.bp_protocol.keep()
    cart.store.worker.is_full = False
    assert (series_of(cart), await cart.pending()) == (series, [])
    await cart.bp_protocol.keep()
    assert len(await cart.pending()) == 4


async def test_discarding_a_series_leaves_its_trace(cart: DeskOnFakes) -> None:
    await begun(cart)
    with pytest.raises(Rejected):
        await cart.bp_protocol.discard()  # it runs
    await three(cart)
    await cart.bp_protocol.discard()
    acts = await cart.acts_audited()
    assert acts.count(Act.MEASUREMENT_DISCARDED) == 3
    assert await cart.pending() == []
    assert cart.tray.state.value.items == ()


async def test_one_reading_more_after_the_end(cart: DeskOnFakes) -> None:
    await begun(cart)
    await reading(cart, 130, 80)
    await reading(cart, 128, 78)
    await reading(cart, 145, 79)
    assert series_of(cart).is_far_apart
    await cart.bp_protocol.once_more()
    await reading(cart, 131, 79)
    assert (series_of(cart).phase, len(series_of(cart).counted)) == (Phase.DONE, 4)


async def test_an_old_result_is_no_reading_of_the_series(cart: DeskOnFakes) -> None:
    await begun(cart)
    at = cart.clock.now()
    cart.cuff.tells_from_memory(120, 70, 66, at)
    await until(lambda: len(cart.cuff.starts) == 1, limit_s=1000)
    cart.cuff.answers_with_its_memory(120, 70, 66, at)
    await settled()
    assert [one.reason for one in series_of(cart).tries] == [Code.KNOWN_BEFORE]


async def test_a_start_by_hand_in_the_middle_of_a_reading_costs_the_series_nothing(
    cart: DeskOnFakes,
) -> None:
    await begun(cart)
    await until(lambda: len(cart.cuff.starts) == 1, limit_s=1000)
    await settled()
    await cart.vitals.measure()  # refused: it runs
    await settled()
    assert series_of(cart).phase is Phase.MEASURING
    cart.cuff.measures(130, 80)
    await settled()
    assert [one.verdict for one in series_of(cart).tries] == [Verdict.COUNTED]
