"""Instruments, series and score as they stand on the screen, on either side."""

from datetime import timedelta

import pytest

from app.domain.device import DeviceKind
from app.domain.failures import Code
from app.domain.measurement import VitalKind
from app.domain.visits import VisitState
from app.domain.vitals import STALE_STREAM_S
from tests.fakes.instrument import FakeInstrument
from tests.fakes.time_loop import settled, until
from tests.unit.view_models.given import POLICY, Screens
from ui import wording
from ui.tone import Tone
from ui.view_models.running_cuff import RunningCuffScreen
from ui.view_models.tiles import LIVE_GONE_S, TileScreen
from ui.view_models.vitals import InstrumentScreen
from ui.view_models.window import Page

OXIMETER, THERMOMETER = DeviceKind.OXIMETER, DeviceKind.THERMOMETER


def plain(words: str) -> str:
    return wording.spoken(words)


def instrument(screens: Screens, kind: DeviceKind) -> InstrumentScreen:
    return next(one for one in screens.vitals.screen.instruments if one.kind is kind)


def tile(screens: Screens, kind: DeviceKind, place: int = 0) -> TileScreen:
    return instrument(screens, kind).tiles[place]


async def with_oximeter(cart: Screens) -> FakeInstrument:
    cart.desk.oximeter.appears()
    await cart.open_chart()
    await settled()
    return cart.desk.oximeter


async def with_thermometer(cart: Screens) -> FakeInstrument:
    cart.desk.thermometer.appears()
    await cart.open_chart()
    await settled()
    return cart.desk.thermometer


# --- tiles ---------------------------------------------------------------------------------------


async def test_a_streamed_value_is_fresh_then_a_dash_and_never_the_last_one_as_if_alive(
    cart: Screens,
) -> None:
    oximeter = await with_oximeter(cart)
    cart.vitals.start_instrument(OXIMETER)
    await until(lambda: instrument(cart, OXIMETER).is_running)
    oximeter.streams(SPO2_PERCENT="97", PULSE_PER_MINUTE="72")
    await settled()
    shown = [(plain(one.value), one.unit) for one in instrument(cart, OXIMETER).tiles]
    assert shown == [("97", "%"), ("72", "/min")]
    await cart.desk.clock.passes(STALE_STREAM_S - 0.2)
    cart.tick()
    assert not tile(cart, OXIMETER).is_stale
    await cart.desk.clock.passes(0.3)
    cart.tick()
    assert tile(cart, OXIMETER).is_stale
    assert plain(tile(cart, OXIMETER).age) == "5 s ago"
    await cart.desk.clock.passes(LIVE_GONE_S)
    cart.tick()
    assert (tile(cart, OXIMETER).value, tile(cart, OXIMETER).is_stale) == ("", True)


async def test_a_perfusion_index_has_a_tile_while_the_oximeter_tells_one(cart: Screens) -> None:
    oximeter = await with_oximeter(cart)
    cart.vitals.start_instrument(OXIMETER)
    await until(lambda: instrument(cart, OXIMETER).is_running)
    oximeter.streams(SPO2_PERCENT="97", PULSE_PER_MINUTE="72")
    await settled()
    assert len(instrument(cart, OXIMETER).tiles) == 2
    oximeter.streams(PERFUSION_INDEX_PERCENT="4.57")
    await settled()
    index = tile(cart, OXIMETER, 2)
    assert (index.name, plain(index.value), index.unit) == ("Perfusion index", "4.57", "%")
    oximeter.measures(SPO2_PERCENT="97", PULSE_PER_MINUTE="72", PERFUSION_INDEX_PERCENT="4.51")
    await settled()
    assert plain(tile(cart, OXIMETER, 2).value) == "4.51"
    cart.vitals.keep_instrument(OXIMETER)
    await until(lambda: cart.vitals.screen.readings)
    assert "perfusion index 4.51 %" in cart.vitals.screen.readings[0].spoken
    await cart.desk.clock.passes(LIVE_GONE_S + 1)
    cart.tick()
    assert len(instrument(cart, OXIMETER).tiles) == 2


@pytest.mark.parametrize("code", [Code.MEMORY_READ, Code.MEMORY_EMPTY])
async def test_a_memory_that_was_read_is_no_failure(cart: Screens, code: Code) -> None:
    thermometer = await with_thermometer(cart)
    cart.vitals.start_instrument(THERMOMETER)
    await settled()
    thermometer.fails(code)
    await settled()
    screen = instrument(cart, THERMOMETER)
    assert (screen.message, screen.message_tone) == (wording.failure(code), Tone.PLAIN)
    assert screen.can_start and screen.can_discard
    cart.vitals.start()
    await until(lambda: cart.vitals.screen.is_running)
    cart.desk.cuff.fails(code)
    await settled()
    cuff = cart.vitals.screen
    assert (cuff.result_message, cuff.result_tone) == (wording.failure(code), Tone.PLAIN)


async def test_what_came_out_of_a_memory_is_a_task_and_not_a_fault(cart: Screens) -> None:
    await cart.open_chart()
    cart.desk.cuff.tells_from_memory(131, 79, 74, cart.desk.clock.now() - timedelta(hours=2))
    await settled()
    screen = cart.vitals.screen
    said = (wording.failure(Code.FROM_MEMORY), Tone.ATTENTION)
    assert (screen.message, screen.message_tone) == said
    cart.desk.cuff.is_pulled()
    await settled()
    assert cart.vitals.screen.cuff_tone is Tone.BAD


async def test_a_spot_value_grows_old_by_the_clinics_rule(cart: Screens) -> None:
    thermometer = await with_thermometer(cart)
    cart.vitals.start_instrument(THERMOMETER)
    await settled()
    thermometer.measures(TEMPERATURE_CELSIUS="38.4")
    await settled()
    assert plain(tile(cart, THERMOMETER).name) == "Not kept: Temperature"
    assert instrument(cart, THERMOMETER).message == wording.failure(Code.RESULT_UNDECIDED)
    cart.vitals.keep_instrument(THERMOMETER)
    await until(lambda: cart.vitals.screen.readings)
    assert plain(tile(cart, THERMOMETER).value) == "38.4"
    fresh_for = POLICY.stale_after[VitalKind.TEMPERATURE_CELSIUS]
    await cart.desk.clock.passes(fresh_for.total_seconds() - 1)
    cart.tick()
    assert not tile(cart, THERMOMETER).is_stale
    await cart.desk.clock.passes(2)
    cart.tick()
    assert tile(cart, THERMOMETER).is_stale
    [row] = cart.vitals.screen.readings
    assert row.spoken.startswith("Temperature 38.4 °C, kept ")


async def test_a_refused_value_is_struck_through_with_its_reason(cart: Screens) -> None:
    thermometer = await with_thermometer(cart)
    cart.vitals.start_instrument(THERMOMETER)
    await settled()
    thermometer.measures(TEMPERATURE_CELSIUS="12.0")
    await settled()
    screen = instrument(cart, THERMOMETER)
    assert (screen.tiles[0].is_refused, screen.can_keep, screen.can_discard) == (True, False, True)
    assert (screen.message, screen.message_tone) == (
        wording.failure(Code.OUT_OF_RANGE),
        Tone.BAD,
    )


async def test_a_low_saturation_is_doubted_and_can_be_kept(cart: Screens) -> None:
    oximeter = await with_oximeter(cart)
    cart.vitals.start_instrument(OXIMETER)
    await settled()
    oximeter.measures(SPO2_PERCENT="64", PULSE_PER_MINUTE="72")
    await settled()
    screen = instrument(cart, OXIMETER)
    assert (screen.message, screen.can_keep) == (wording.failure(Code.SPO2_DOUBTFUL), True)


async def test_an_instrument_can_be_stopped_and_what_it_said_discarded(cart: Screens) -> None:
    oximeter = await with_oximeter(cart)
    cart.vitals.start_instrument(OXIMETER)
    await settled()
    cart.vitals.stop_instrument(OXIMETER)
    await until(lambda: not instrument(cart, OXIMETER).is_running)
    assert oximeter.stops == 1
    oximeter.fails(Code.DEVICE_SILENT)
    await settled()
    assert instrument(cart, OXIMETER).message == wording.failure(Code.DEVICE_SILENT)
    cart.vitals.discard_instrument(OXIMETER)
    await until(lambda: not instrument(cart, OXIMETER).message)


async def test_the_far_side_sees_values_and_no_controls(doctor: Screens) -> None:
    known = await doctor.open_chart()
    assert doctor.vitals.screen.instruments == ()
    for vital, value in (("spo2-percent", "97"), ("pulse-per-minute", "72")):
        told = {"kind": "live-value", "vital": vital, "value": value}
        doctor.desk.far_vitals.heard(known.visit, told)  # type: ignore[arg-type]  # a payload
    screen = instrument(doctor, OXIMETER)
    assert not screen.has_controls
    assert [plain(one.value) for one in screen.tiles] == ["97", "72"]
    await doctor.desk.clock.passes(LIVE_GONE_S + 1)
    doctor.tick()
    assert doctor.vitals.screen.instruments == ()


async def test_the_far_side_sees_at_once_that_there_is_no_number_and_why(doctor: Screens) -> None:
    known = await doctor.open_chart()

    def hears(**told: str) -> None:
        doctor.desk.far_vitals.heard(known.visit, told)  # type: ignore[arg-type]  # a payload

    def has_pressure() -> bool:
        return doctor.vitals.screen.live is not None

    hears(kind="live-value", vital="spo2-percent", value="97")
    hears(kind="cuff-pressure", value="132")
    hears(kind="no-measurement", device="oximeter", code="no-finger")
    screen = instrument(doctor, OXIMETER)
    assert screen.tiles[0].is_stale
    assert (screen.message, screen.message_tone) == (
        wording.failure(Code.NO_FINGER),
        Tone.ATTENTION,
    )
    assert has_pressure()  # the cuff goes on
    hears(kind="live-value", vital="spo2-percent", value="96")
    assert (instrument(doctor, OXIMETER).message, tile(doctor, OXIMETER).is_stale) == ("", False)
    hears(kind="no-measurement", device="blood-pressure-cuff", code="cuff-leak")
    assert not has_pressure()
    assert doctor.vitals.screen.result_message == wording.failure(Code.CUFF_LEAK)
    hears(kind="cuff-pressure", value="40")
    assert doctor.vitals.screen.result_message == ""
    hears(kind="no-measurement", device="glucometer", code="memory-read")
    assert [one.kind for one in doctor.vitals.screen.instruments] == [OXIMETER]
    for nonsense in ({"device": "oximeter", "code": "x"}, {"device": "x", "code": "no-finger"}):
        hears(kind="no-measurement", **nonsense)
        assert doctor.vitals.screen.message == wording.failure(Code.FAR_UNREADABLE)


async def test_a_far_pressure_never_stands_where_our_own_running_cuff_is_shown(
    cart: Screens,
) -> None:
    known = await cart.open_chart()
    cart.desk.far_vitals.heard(known.visit, {"kind": "cuff-pressure", "value": "30"})
    live = cart.vitals.screen.live
    assert live is not None and plain(live.value) == "30"
    cart.vitals.start()
    await until(lambda: cart.vitals.screen.is_running)
    assert cart.vitals.screen.live is None


# --- the series ----------------------------------------------------------------------------------


def can_stop(cart: Screens) -> bool:
    return cart.vitals.screen.can_stop


def strip(cart: Screens) -> RunningCuffScreen:
    return cart.running_cuff.screen


async def begun(cart: Screens) -> None:
    await cart.open_chart()
    await settled()
    cart.bp_protocol.begin(1, 2, 0)
    await until(lambda: not cart.bp_protocol.screen.can_choose)


async def reading(cart: Screens, systolic: int, diastolic: int) -> None:
    before = len(cart.desk.cuff.starts)
    await until(lambda: len(cart.desk.cuff.starts) > before, limit_s=1000)
    cart.desk.cuff.measures(systolic, diastolic)
    await settled()


async def test_a_series_says_what_will_happen_how_far_it_is_and_what_came_of_it(
    cart: Screens,
) -> None:
    await cart.open_chart()
    await settled()
    screen = cart.bp_protocol.screen
    assert plain(screen.plan) == "5 min of rest, then 3 readings, 1 min apart."
    assert (screen.can_begin, screen.arms[1]) == (True, "right arm")
    cart.bp_protocol.begin(1, 2, 0)
    await until(lambda: not cart.bp_protocol.screen.can_choose)
    clock = cart.bp_protocol.screen.clock
    assert clock is not None and plain(clock.value) == "5:00"
    assert can_stop(cart) and not cart.vitals.screen.can_start
    await cart.desk.clock.passes(61)
    cart.tick()
    clock = cart.bp_protocol.screen.clock
    assert clock is not None and plain(clock.value) == "3:59"
    for systolic in (130, 128, 126):
        await reading(cart, systolic, 80)
    screen = cart.bp_protocol.screen
    assert screen.average is not None and plain(screen.average.value) == "128/80"
    assert [plain(row.head) for row in screen.rows] == [
        "1: 130/80 mmHg",
        "2: 128/80 mmHg",
        "3: 126/80 mmHg",
    ]
    assert not can_stop(cart)
    cart.bp_protocol.keep()
    await until(lambda: len(cart.vitals.screen.readings) == 4)
    average = cart.vitals.screen.readings[0]
    assert plain(average.notes[0]) == "average of 3 readings"
    assert plain(average.notes[1]) == "right arm, large adult cuff, seated, 5 min of rest"
    assert cart.bp_protocol.screen.can_choose


async def test_a_reading_that_failed_is_asked_about(cart: Screens) -> None:
    await begun(cart)
    await until(lambda: len(cart.desk.cuff.starts) == 1, limit_s=1000)
    cart.desk.cuff.fails(Code.CUFF_LEAK)
    await settled()
    screen = cart.bp_protocol.screen
    assert plain(screen.question) == f"Reading 1: {wording.failure(Code.CUFF_LEAK)}"
    assert (screen.can_repeat, screen.can_leave_out, screen.can_count) == (True, True, False)
    cart.bp_protocol.leave_out()
    await until(lambda: not cart.bp_protocol.screen.question)
    assert cart.bp_protocol.screen.rows[0].verdict == wording.text("series.verdict.left-out")


async def test_stop_ends_the_series_whatever_page_is_shown(cart: Screens) -> None:
    cart.desk.server.people["kim", "pass word"] = cart.desk.acts.person
    cart.sign_in.sign_in("kim", "pass word")
    await until(lambda: cart.window.screen.page is Page.CART_HOME)
    await begun(cart)
    assert not strip(cart).is_shown
    cart.window.show_unsent(True)
    assert strip(cart).is_shown
    assert cart.running_cuff.screen.state == wording.text("vitals.starts-by-itself")
    cart.running_cuff.stop()
    await until(lambda: not cart.running_cuff.screen.is_shown)
    await cart.desk.clock.passes(1000)
    assert cart.desk.cuff.starts == []
    assert cart.bp_protocol.screen.state == wording.text("series.ended")


async def test_where_no_cuff_is_a_series_says_so(doctor: Screens) -> None:
    await doctor.open_chart()
    doctor.desk.cuff.is_pulled()
    await settled()
    screen = doctor.bp_protocol.screen
    assert (screen.can_begin, screen.message) == (False, wording.failure(Code.DEVICE_MISSING))


# --- the score -----------------------------------------------------------------------------------


async def all_measured(cart: Screens) -> None:
    """Everything that instruments tell, each kept."""
    oximeter, thermometer = await with_oximeter(cart), cart.desk.thermometer
    thermometer.appears()
    await settled()
    for kind in (OXIMETER, THERMOMETER, DeviceKind.BLOOD_PRESSURE_CUFF):
        cart.vitals.start_instrument(kind)
    await settled()
    oximeter.measures(SPO2_PERCENT="95", PULSE_PER_MINUTE="95")
    thermometer.measures(TEMPERATURE_CELSIUS="38.4")
    cart.desk.cuff.measures(128, 76, 95)
    await settled()
    for kind in (OXIMETER, THERMOMETER, DeviceKind.BLOOD_PRESSURE_CUFF):
        cart.vitals.keep_instrument(kind)
    await until(lambda: len(cart.vitals.screen.readings) == 3)


async def test_a_score_is_whole_or_there_is_none_and_it_says_what_is_missing(
    cart: Screens,
) -> None:
    await all_measured(cart)
    screen = cart.news2.screen
    assert screen.score == ""
    assert plain(screen.incomplete) == ("No score. Missing: Respiration, Oxygen, Consciousness.")
    assert screen.scales == ()  # a presenter does not choose
    cart.news2.keep("22", 0, 0, -1)
    await until(lambda: cart.news2.screen.kept == 1)
    await until(lambda: cart.news2.screen.score)
    screen = cart.news2.screen
    assert (plain(screen.score), screen.incomplete) == ("NEWS2 5", "")
    assert (screen.risk, screen.tone) == (wording.text("news2.risk.urgent"), Tone.BAD)
    assert [plain(row.points)[:8] for row in screen.rows] == [
        f"scores {points}" for points in (2, 1, 0, 0, 1, 0, 1)
    ]
    await cart.desk.clock.passes(POLICY.news2_oldest.total_seconds() + 5)
    cart.tick()
    screen = cart.news2.screen
    assert screen.score == ""
    assert plain(screen.incomplete).startswith("No score. Older than 1 h: ")


@pytest.mark.parametrize(
    ("typed", "oxygen", "consciousness"),
    [
        ("", 0, 0),
        ("x", 0, 0),
        ("1.5", 0, 0),
        ("-4", 0, 0),
        ("²", 0, 0),
        ("16", -1, 0),
        ("16", 0, -1),
    ],
)
async def test_what_is_not_typed_whole_is_not_kept(
    cart: Screens, typed: str, oxygen: int, consciousness: int
) -> None:
    await cart.open_chart()
    cart.news2.keep(typed, oxygen, consciousness, -1)
    await settled()
    assert cart.news2.screen.message == wording.failure(Code.OBSERVATION_INCOMPLETE)
    assert await cart.desk.pending() == []


async def test_breaths_that_nobody_has_are_refused_by_the_rule(cart: Screens) -> None:
    await cart.open_chart()
    cart.news2.keep("99", 0, 0, -1)
    await until(lambda: cart.news2.screen.message)
    assert cart.news2.screen.message == wording.failure(Code.OUT_OF_RANGE)
    assert cart.news2.screen.kept == 0


async def test_a_clinician_chooses_the_scale_and_it_stays(doctor: Screens) -> None:
    await doctor.open_chart()
    assert len(doctor.news2.screen.scales) == 2
    doctor.news2.keep("16", 0, 0, 1)
    await until(lambda: doctor.news2.screen.scale == 2)
    doctor.news2.keep("17", 0, 0, 1)
    await until(lambda: doctor.news2.screen.kept == 2)
    documents = [dict(item.change.fields_set) for item in await doctor.desk.pending()]
    chosen = [str(fields["quantities"]).count("spo2-scale") for fields in documents]
    assert chosen == [1, 0]  # said once, when it was another


async def test_a_child_has_no_score(cart: Screens) -> None:
    known = await cart.open_chart()
    row = cart.desk.chart.row
    young = cart.desk.clock.now().date() - timedelta(days=365 * 15)
    state = cart.desk.chart.state.value
    child = type(row.patient)(known.patient, "Doe", "Ben", young, "1")
    cart.desk.chart.state.tell(type(state)(row=type(row)(row.visit, child, row.is_pending)))
    assert cart.news2.screen.incomplete == wording.text("news2.too-young")
    assert cart.news2.screen.rows == ()


async def test_a_finished_visit_takes_no_observation(cart: Screens) -> None:
    await cart.open_chart(VisitState.FINISHED)
    assert not cart.news2.screen.can_type
