"""What is said with instruments that measure once: spot-check oximeter, thermometer, scale."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest

from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import QualityFlag, VitalKind
from bench.devices.simulated_line import SimulatedLine
from peripherals.catalogue import DRIVERS
from peripherals.drivers.said import Ignored, Send
from peripherals.drivers.wall_clock import instant_of
from peripherals.emulators.wire_faults import WireFault

VISIT, OTHER_VISIT = VisitId(UUID(int=1)), VisitId(UUID(int=2))
SPOT = ["nonin_df13", "welchallyn_suretemp", "and_scale"]
SHOWS = {
    "nonin_df13": ("93/61", VitalKind.SPO2_PERCENT, Decimal(93)),
    "welchallyn_suretemp": ("38.4", VitalKind.TEMPERATURE_CELSIUS, Decimal("38.40")),
    "and_scale": ("81.35 kg", VitalKind.WEIGHT_KG, Decimal("81.35")),
}
of_every_spot_device = pytest.mark.parametrize("name", SPOT)


def line_of(name: str) -> SimulatedLine:
    line = SimulatedLine(DRIVERS[name])
    line.run(0.5)
    assert line.run(5, lambda: line.conversation.is_ready), name
    return line


def measured(name: str) -> SimulatedLine:
    line = line_of(name)
    line.device.shows(SHOWS[name][0])
    line.start(VISIT)
    line.run(1)
    line.press()
    assert line.run(10, lambda: bool(line.measurements)), name
    return line


def sent(line: SimulatedLine) -> list[bytes]:
    return [thing.data for thing in line.said if isinstance(thing, Send)]


@of_every_spot_device
def test_one_start_one_measurement(name: str) -> None:
    line = measured(name)
    _, kind, value = SHOWS[name]
    line.run(20)
    (measurement,) = line.measurements
    assert (measurement.visit, measurement.value_of(kind)) == (VISIT, value)
    assert not line.conversation.is_running and line.conversation.visit is None
    assert line.reasons == []


@of_every_spot_device
@pytest.mark.parametrize("wire", [WireFault.SPLIT, WireFault.DUPLICATE, WireFault.GARBAGE])
def test_a_bad_line_changes_nothing(name: str, wire: WireFault) -> None:
    line = line_of(name)
    line.wire = wire
    line.device.shows(SHOWS[name][0])
    line.start(VISIT)
    line.run(1)
    line.press()
    line.run(15)
    assert [m.value_of(SHOWS[name][1]) for m in line.measurements] == [SHOWS[name][2]]


@of_every_spot_device
def test_it_is_not_started_twice(name: str) -> None:
    line = line_of(name)
    line.start(VISIT)
    with pytest.raises(Rejected) as refusal:
        line.start(OTHER_VISIT)
    assert refusal.value.code is Code.DEVICE_BUSY
    assert line.conversation.visit == VISIT


@of_every_spot_device
def test_a_stop_is_told_and_what_comes_later_is_not_that_visits(name: str) -> None:
    line = line_of(name)
    line.start(VISIT)
    line.run(1)
    line.stop()
    assert [(r.visit, r.reason) for r in line.reasons] == [(VISIT, Code.MEASURING_STOPPED)]
    line.press()
    line.run(10)
    assert {m.visit for m in line.measurements} <= {None}
    line.stop()
    assert len(line.reasons) == 1


@of_every_spot_device
def test_one_that_brings_nothing_is_given_up_with_a_reason(name: str) -> None:
    line = line_of(name)
    line.start(VISIT)
    assert line.run(301, lambda: bool(line.reasons))
    assert line.reasons[0].reason is Code.NO_RESULT_CAME


@of_every_spot_device
def test_a_lost_line_ends_it_with_its_reason(name: str) -> None:
    line = line_of(name)
    line.start(VISIT)
    (ended,) = line.conversation.lost(Code.DEVICE_PULLED, line.at)
    assert getattr(ended, "reason", None) is Code.DEVICE_PULLED
    assert line.conversation.lost(Code.DEVICE_PULLED, line.at) == []


@of_every_spot_device
def test_the_switch_of_a_frozen_screen_stops_nothing(name: str) -> None:
    line = line_of(name)
    line.start(VISIT)
    assert line.conversation.abort_bytes == b""
    assert line.conversation.aborted_by_switch(line.at) == []
    assert line.conversation.is_running


# --- spot-check oximeter ------------------------------------------------------------------------


def test_a_spot_check_carries_the_time_that_the_device_was_told() -> None:
    line = measured("nonin_df13")
    assert line.seen == ["format-13", "set-time"]
    told = line.measurements[0].device_time
    assert told is not None and abs((told - line.at.utc).total_seconds()) < 60


def test_a_spot_check_out_of_the_memory_is_nobodys() -> None:
    line = line_of("nonin_df13")
    line.start(VISIT)
    line.device.fails("memory")
    line.press()
    line.run(0.5)
    (found,) = line.measurements
    assert found.visit is None and QualityFlag.FROM_MEMORY in found.quality
    assert line.conversation.is_running  # the one that was asked for is still to come
    line.device.fails("none")
    line.press()
    line.run(0.5)
    assert line.measurements[1].visit == VISIT


def test_a_spot_check_that_nobody_asked_for_is_nobodys() -> None:
    line = line_of("nonin_df13")
    line.press()
    line.run(0.5)
    assert [m.visit for m in line.measurements] == [None]


def test_a_spot_check_begun_for_the_visit_before_is_nobodys() -> None:
    line = line_of("nonin_df13")
    line.start(VISIT)
    line.run(1)
    line.stop()
    line.start(OTHER_VISIT)
    line.run(2)
    line.press()
    line.run(0.5)
    assert [m.visit for m in line.measurements] == [None]
    line.run(30)
    line.device.shows("94/62")
    line.press()
    line.run(0.5)
    assert line.measurements[1].visit == OTHER_VISIT


def test_an_undated_spot_check_says_so() -> None:
    line = line_of("nonin_df13")
    line.device.fails("clock-unset")
    line.press()
    line.run(0.5)
    (found,) = line.measurements
    assert found.device_time is None and QualityFlag.UNDATED in found.quality


@pytest.mark.parametrize("fault", ["no-finger", "lost-beat"])
def test_a_spot_check_without_a_result_says_so(fault: str) -> None:
    line = line_of("nonin_df13")
    line.device.fails(fault)
    line.start(VISIT)
    line.press()
    line.run(0.5)
    assert [r.reason for r in line.reasons] == [Code.PULSE_NOT_FOUND]
    assert line.measurements == []


def test_a_9560_that_takes_no_format_is_given_up() -> None:
    line = SimulatedLine(DRIVERS["nonin_df13"])
    line.device.fails("refuse")
    assert line.run(8, lambda: line.conversation.is_silent)
    assert not line.conversation.is_ready


def test_an_answer_in_noise_counts_only_while_it_is_awaited() -> None:
    line = line_of("nonin_df13")
    before = len(sent(line))
    line.hear(b"\x06\x15" * 20)
    assert len(sent(line)) == before


def test_the_devices_wall_clock_is_this_places() -> None:
    naive = datetime(2026, 11, 20, 14, 5, 30)  # noqa: DTZ001 - as a device shows it
    assert instant_of(naive).astimezone(UTC) == naive.astimezone(UTC)


# --- thermometer --------------------------------------------------------------------------------


def test_a_thermometer_is_not_asked_faster_than_its_manual_allows() -> None:
    line = SimulatedLine(DRIVERS["welchallyn_suretemp"], turn_s=0.01)
    asked: list[float] = []
    line.run(3)
    line.start(VISIT)
    for _ in range(600):
        before = len(sent(line))
        line.run(0.01)
        asked += [line.seconds] * (len(sent(line)) - before)
    assert len(asked) > 15
    gaps = [later - sooner for sooner, later in pairwise(asked)]
    assert min(gaps) >= 0.173


def test_what_the_thermometer_still_holds_is_not_this_patients() -> None:
    line = line_of("welchallyn_suretemp")
    line.device.fails("old-result")
    line.start(VISIT)
    line.run(10)
    assert line.measurements == []
    line.press()  # the probe is taken out
    assert line.run(10, lambda: bool(line.measurements))
    assert line.measurements[0].value_of(VitalKind.TEMPERATURE_CELSIUS) == Decimal("36.80")


def test_zero_kelvin_is_no_temperature() -> None:
    line = line_of("welchallyn_suretemp")
    line.start(VISIT)
    line.run(60)
    assert line.measurements == [] and line.reasons == []


def test_an_error_of_the_thermometer_is_told() -> None:
    line = line_of("welchallyn_suretemp")
    line.device.fails("error:7")
    line.start(VISIT)
    line.run(2)
    assert [r.reason for r in line.reasons] == [Code.THERMOMETER_ERROR]


def test_a_refusing_or_silent_thermometer_is_told() -> None:
    line = line_of("welchallyn_suretemp")
    line.start(VISIT)
    line.device.fails("refuse")
    line.run(2)
    assert [r.reason for r in line.reasons] == [Code.DEVICE_REFUSED]
    line.start(OTHER_VISIT)
    line.is_device_on = False
    assert line.run(5, lambda: line.conversation.is_silent)
    assert [r.reason for r in line.reasons][1:] == [Code.DEVICE_SILENT]


def test_a_record_that_was_not_asked_for_is_passed_over() -> None:
    line = line_of("welchallyn_suretemp")
    line.run(0.2)
    record = bytes.fromhex("030210941c0213000000000076af99434e00000000000200000100d4")
    said = line.hear(record) + line.hear(record)
    assert any(isinstance(thing, Ignored) for thing in said)


# --- scale --------------------------------------------------------------------------------------


def words(line: SimulatedLine, text: str) -> None:
    line.hear(text.encode() + b"\r\n")


@pytest.mark.parametrize(
    ("shown", "kilograms"),
    [
        ("72.50 kg", "72.50"),
        ("3450.5 g", "3.4505"),
        ("150.20 lb", "68.129574"),  # 68.129573974, as fine as a reading may be
        ("100 lb", "45.359237"),
    ],
)
def test_units_are_converted_without_a_float(shown: str, kilograms: str) -> None:
    line = line_of("and_scale")
    line.device.shows(shown)
    line.start(VISIT)
    line.press()
    assert line.run(10, lambda: bool(line.measurements))
    assert line.measurements[0].value_of(VitalKind.WEIGHT_KG) == Decimal(kilograms)


def test_a_moving_weight_is_shown_and_never_kept() -> None:
    line = line_of("and_scale")
    line.device.fails("moving")
    line.start(VISIT)
    line.press()
    line.run(20)
    assert line.measurements == [] and len(line.live_values) > 10
    assert {value.visit for value in line.live_values} == {VISIT}


def test_an_empty_scale_and_a_container_are_no_weight() -> None:
    line = line_of("and_scale")
    line.start(VISIT)
    line.run(5)
    line.device.fails("tare")
    line.press()
    line.run(5)
    assert line.measurements == []


def test_overload_is_told() -> None:
    line = line_of("and_scale")
    line.device.fails("overload")
    line.start(VISIT)
    line.press()
    line.run(1)
    assert [r.reason for r in line.reasons] == [Code.SCALE_OVERLOAD]


def test_a_scale_with_one_header_is_read_too() -> None:
    line = line_of("and_scale")
    line.device.fails("one-header")
    line.start(VISIT)
    line.press()
    assert line.run(10, lambda: bool(line.measurements))
    assert line.measurements[0].value_of(VitalKind.WEIGHT_KG) == Decimal("72.50")


def test_a_weighing_that_nobody_asked_for_is_told_once_each() -> None:
    line = line_of("and_scale")
    line.press()
    line.run(30)
    line.press()
    line.run(2)
    line.press()
    line.run(10)
    assert [m.visit for m in line.measurements] == [None, None]


def test_a_scale_that_tells_on_its_key_tells_each_time() -> None:
    line = line_of("and_scale")
    line.is_device_on = False
    for _ in range(2):
        line.run(10)
        words(line, "ST,GS,+0072.50kg")
    line.start(VISIT)
    words(line, "ST,GS,+0072.50kg")
    assert [m.visit for m in line.measurements] == [None, None, VISIT]


def test_below_zero_is_no_weight() -> None:
    line = line_of("and_scale")
    line.start(VISIT)
    line.is_device_on = False
    words(line, "ST,NT,-0072.50kg")
    assert line.measurements == []


def test_a_scale_that_speaks_and_is_not_understood_is_given_up_for_another_setting() -> None:
    line = line_of("and_scale")
    line.start(VISIT)
    line.is_device_on = False
    for _ in range(15):
        line.hear(bytes(byte | 0x80 for byte in b"ST,GS,+0072.50kg\r\n"))
        line.run(0.2)  # such a line is silent now and then, or a frame of it is found never
    assert line.conversation.is_silent
    assert [r.reason for r in line.reasons] == [Code.DEVICE_UNREADABLE]
    assert [str(s) for s in line.driver.other_lines] == ["9600 8N1"]
