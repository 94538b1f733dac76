"""Every oximeter that streams: shown while good, kept when steady, never a repeated number."""

from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import pytest

from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import QualityFlag, VitalKind
from bench.devices.simulated_line import SimulatedLine
from peripherals.catalogue import DRIVERS
from peripherals.drivers.cms50_v7.codec import RealTime, cms50_v7_codec
from peripherals.drivers.nonin_df2.codec import df2_codec
from peripherals.emulators.wire_faults import WireFault

VISIT, OTHER_VISIT = VisitId(UUID(int=1)), VisitId(UUID(int=2))
STREAMING = ["nonin_df2", "nonin_9560", "nonin_df7", "nonin_df8", "cms50_v7", "cms50_old"]
SELECTED = ["nonin_9560", "nonin_df7", "nonin_df8"]
of_every_stream = pytest.mark.parametrize("name", STREAMING)


def line_of(name: str) -> SimulatedLine:
    """Ready, and nobody has asked yet."""
    line = SimulatedLine(DRIVERS[name])
    assert line.run(5, lambda: line.conversation.is_ready), name
    return line


def running(name: str) -> SimulatedLine:
    line = line_of(name)
    line.start(VISIT)
    return line


def measured(name: str) -> SimulatedLine:
    line = running(name)
    assert line.run(6, lambda: bool(line.measurements)), name
    return line


@of_every_stream
def test_a_steady_finger_is_one_measurement_for_the_visit(name: str) -> None:
    line = running(name)
    line.device.shows("94/63")
    began = line.seconds
    assert line.run(6, lambda: bool(line.measurements))
    assert 3.0 <= line.seconds - began < 5.0
    line.run(10)
    (measurement,) = line.measurements
    assert measurement.visit == VISIT
    assert measurement.value_of(VitalKind.SPO2_PERCENT) == 94
    assert measurement.value_of(VitalKind.PULSE_PER_MINUTE) == 63
    assert len(measurement.frame_sha256) == 64
    assert measurement.quality == frozenset()


@of_every_stream
def test_the_stream_is_shown_before_and_after_the_measurement_until_the_stop(name: str) -> None:
    line = measured(name)
    shown = len(line.live_values)
    assert shown >= 2
    line.run(5)
    assert 2 * 5 <= len(line.live_values) - shown <= 2 * 5 * 2 + 2  # two kinds, 1 to 2 a second
    assert {value.visit for value in line.live_values} == {VISIT}
    line.stop()
    shown = len(line.live_values)
    line.run(5)
    assert len(line.live_values) == shown
    assert line.reasons == []
    assert not line.conversation.is_running and line.conversation.visit is None


@of_every_stream
def test_what_nobody_asked_for_is_never_a_measurement(name: str) -> None:
    line = line_of(name)
    line.run(20)
    assert line.measurements == [] and line.live_values == [] and line.reasons == []
    assert not line.conversation.is_silent


@of_every_stream
def test_a_finger_that_goes_ends_the_live_values_at_once(name: str) -> None:
    line = measured(name)
    line.device.fails("no-finger")
    shown = len(line.live_values)
    line.run(0.1 if name not in ("nonin_df8",) else 1.1)
    at_once = [value.at for value in line.live_values[shown:]]
    line.run(20)  # it repeats its last numbers for 10 s, then it has none
    assert [value.at for value in line.live_values[shown:]] == at_once
    assert [reason.reason for reason in line.reasons] == [Code.NO_FINGER]
    assert line.reasons[0].visit == VISIT
    line.device.fails("none")
    assert line.run(6, lambda: len(line.live_values) > shown + len(at_once))
    assert len(line.measurements) == 1


@pytest.mark.parametrize("name", ["nonin_df2", "nonin_df7"])
def test_a_packet_with_one_frame_of_alarm_shows_nothing(name: str) -> None:
    line = measured(name)
    line.is_device_on = False
    shown = len(line.live_values)
    device = SimulatedLine(DRIVERS[name]).device
    device.heard(bytes.fromhex("027002020703"), 0)
    packet = bytearray(device.tick(1.0)[0])
    status, checksum = (121, 124) if name == "nonin_df2" else (120, 124)
    packet[status] |= 0x08
    packet[checksum] = (packet[checksum] + 8) % 256
    line.hear(bytes(packet))
    assert [reason.reason for reason in line.reasons] == [Code.NO_FINGER]
    assert len(line.live_values) == shown


@of_every_stream
def test_no_finger_from_the_start_is_told_once_and_soon(name: str) -> None:
    line = line_of(name)
    line.device.fails("no-finger")
    line.start(VISIT)
    assert line.run(3, lambda: bool(line.reasons))
    line.run(15)
    assert [reason.reason for reason in line.reasons] == [Code.NO_FINGER]
    assert line.live_values == [] and line.measurements == []


@pytest.mark.parametrize("name", STREAMING)
def test_a_device_that_finds_no_pulse_says_so(name: str) -> None:
    line = line_of(name)
    line.device.fails("lost-beat" if name.startswith("nonin") else "searching")
    line.start(VISIT)
    line.run(15)
    assert [reason.reason for reason in line.reasons] == [Code.PULSE_NOT_FOUND]
    assert line.live_values == [] and line.measurements == []


@of_every_stream
def test_a_leap_begins_the_three_seconds_anew(name: str) -> None:
    line = running(name)
    line.run(2)
    line.device.shows("80/72")
    line.run(2.4)
    assert line.measurements == []
    assert line.run(4, lambda: bool(line.measurements))
    assert line.measurements[0].value_of(VitalKind.SPO2_PERCENT) == 80


@of_every_stream
def test_a_stop_before_the_measurement_says_so(name: str) -> None:
    line = running(name)
    line.run(1.5)
    line.stop()
    line.run(10)
    assert line.measurements == []
    assert [(r.visit, r.reason) for r in line.reasons] == [(VISIT, Code.MEASURING_STOPPED)]


@of_every_stream
def test_the_next_visit_begins_at_nothing(name: str) -> None:
    line = running(name)
    line.run(2.5)
    line.stop()
    line.start(OTHER_VISIT)
    began = line.seconds
    assert line.run(6, lambda: bool(line.measurements))
    assert line.seconds - began >= 3.0
    assert line.measurements[0].visit == OTHER_VISIT


@of_every_stream
def test_it_is_not_started_twice_nor_before_it_was_found(name: str) -> None:
    line = SimulatedLine(DRIVERS[name])
    for _ in range(2):
        with pytest.raises(Rejected) as refusal:
            line.start(VISIT)
        assert refusal.value.code is Code.DEVICE_BUSY
        if line.run(5, lambda: line.conversation.is_ready) and line.conversation.visit is None:
            line.start(VISIT)


@of_every_stream
def test_a_stream_that_ends_is_told_and_the_line_given_up(name: str) -> None:
    line = running(name)
    line.run(1)
    line.is_device_on = False
    assert line.run(7, lambda: line.conversation.is_silent)
    assert [reason.reason for reason in line.reasons] == [Code.DEVICE_SILENT]


@of_every_stream
def test_a_device_that_never_spoke_is_not_found(name: str) -> None:
    line = SimulatedLine(DRIVERS[name])
    line.is_device_on = False
    assert line.run(8, lambda: line.conversation.is_silent)
    assert not line.conversation.is_ready


@of_every_stream
def test_a_pulled_cable_ends_it_with_its_reason(name: str) -> None:
    line = running(name)
    line.run(1)
    (ended,) = line.conversation.lost(Code.DEVICE_PULLED, line.at)
    assert getattr(ended, "reason", None) is Code.DEVICE_PULLED
    assert line.conversation.lost(Code.DEVICE_PULLED, line.at) == []


@of_every_stream
@pytest.mark.parametrize("wire", [WireFault.SPLIT, WireFault.DUPLICATE])
def test_a_bad_line_makes_no_wrong_number(name: str, wire: WireFault) -> None:
    """Cut into bytes nothing changes; a stream that comes twice is none of that device."""
    line = running(name)
    line.wire = wire
    line.run(8)
    got = [m.value_of(VitalKind.SPO2_PERCENT) for m in line.measurements]
    assert got == ([Decimal(97)] if wire is WireFault.SPLIT else [])


def test_half_the_frames_are_no_stream() -> None:
    line = running("cms50_old")
    line.is_device_on = False
    frame = bytes([0x86, 40, 5, 72, 97])
    for _ in range(20 * 30):
        line.run(0.05)
        line.hear(frame * 2)  # 40 a second
    assert line.measurements == []
    for _ in range(20 * 5):
        line.run(0.05)
        line.hear(frame * 3)  # 60 a second
    assert len(line.measurements) == 1


def test_flags_of_the_device_stay_with_the_measurement() -> None:
    for fault, flag in (
        ("artefact", QualityFlag.ARTEFACT),
        ("low-battery", QualityFlag.LOW_BATTERY),
    ):
        for name in ("nonin_df2", "nonin_df7", "nonin_df8"):
            line = line_of(name)
            line.device.fails(fault)
            line.start(VISIT)
            line.run(6)
            assert line.measurements[0].quality == {flag}


def test_the_numbers_are_those_of_the_display() -> None:
    line = running("nonin_df2")
    line.is_device_on = False
    device = SimulatedLine(DRIVERS["nonin_df2"]).device
    raw = bytearray(device.tick(1.0)[0])
    for slot, value in ((8, 91), (19, 0), (20, 66)):
        raw[slot * 5 + 3] = value
        raw[slot * 5 + 4] = sum(raw[slot * 5 : slot * 5 + 4]) % 256
    for _ in range(12):
        for _ in range(6):
            line.run(0.05)
        line.hear(bytes(raw))
        line.run(1 / 3 - 0.3)
    (found,) = line.measurements[:1]
    assert found.value_of(VitalKind.SPO2_PERCENT) == 91
    assert found.value_of(VitalKind.PULSE_PER_MINUTE) == 66
    assert found.frame_sha256 == sha256(raw).hexdigest()


@pytest.mark.parametrize("name", SELECTED)
def test_a_9560_is_told_its_format_again_until_it_streams(name: str) -> None:
    line = SimulatedLine(DRIVERS[name])
    line.device.fails("refuse")
    line.run(2.5)
    assert not line.conversation.is_ready
    assert len(line.seen) == 5
    line.device.fails("none")
    assert line.run(4, lambda: line.conversation.is_ready)
    assert len(line.seen) == 6  # and not again while it streams


def test_a_cms50_is_asked_kept_alive_and_stopped() -> None:
    line = SimulatedLine(DRIVERS["cms50_v7"])
    assert line.run(2, lambda: line.conversation.is_ready)
    assert line.seen == ["stop-storage", "stop", "identity"] * 3
    line.start(VISIT)
    line.run(40)  # without a word it would end after 30 s
    assert not line.conversation.is_silent
    assert line.seen.count("keep-alive") >= 35 and line.seen.count("start") == 1
    line.stop()
    line.run(0.1)
    assert line.seen[-1] == "stop"
    before = line.seen.count("stop")
    line.run(20)
    assert line.seen.count("stop") > before  # it is looked after at rest, by what moves nothing
    assert not line.conversation.is_silent


def test_a_perfusion_index_is_told_as_long_as_there_is_one() -> None:
    index = VitalKind.PERFUSION_INDEX_PERCENT
    line = running("cms50_v7")
    line.device.shows("97/72/4.57")
    assert line.run(6, lambda: bool(line.measurements))
    assert line.measurements[0].value_of(index) == Decimal("4.57")
    told = [live.quantity.value for live in line.live_values if live.quantity.kind is index]
    assert len(told) >= 4 and set(told) == {Decimal("4.57")}
    line.device.shows("97/72/2.58")  # 258 is 0102, which is both orders
    line.run(5)
    assert line.live_values[-1].quantity.value == Decimal("4.57")
    line.device.fails("no-finger")
    line.run(1)
    line.device.fails("none")
    line.run(3)
    assert line.live_values[-1].quantity.kind is not index  # nothing of a finger that was there


def test_a_perfusion_index_is_read_right_or_not_at_all() -> None:
    either = [(index, order) for index in range(2001) for order in (1, -1)]
    for index, order in either:
        low, high = index & 0xFF, index >> 8
        one, other = (low, high)[::order]
        raw = bytes([0x01, 0x80 | one >> 7 << 5 | other >> 7 << 6, 0x85, 0xB3, 0x86, 0xC1, 0xE1])
        raw += bytes([0x80 | one & 0x7F, 0x80 | other & 0x7F])
        (frame,) = cms50_v7_codec().feed(raw)
        assert isinstance(frame, RealTime)
        is_told = index > 0 and (low == high or low > 7)  # 0 is no finger's
        assert frame.index_percent == (Decimal(index) / 100 if is_told else None)


def test_a_cms50_whose_start_was_lost_is_asked_again() -> None:
    line = line_of("cms50_v7")
    line.device.fails("refuse")
    line.start(VISIT)
    line.run(2.5)
    line.device.fails("none")
    assert line.run(8, lambda: bool(line.measurements))


def test_the_switch_of_a_frozen_screen_does_not_end_a_stream() -> None:
    for name in STREAMING:
        line = running(name)
        assert line.conversation.abort_bytes == b""
        assert line.conversation.aborted_by_switch(line.at) == []
        assert line.conversation.is_running


def test_noise_alone_is_no_device_and_no_finger() -> None:
    for name in STREAMING:
        line = SimulatedLine(DRIVERS[name], seed=5)
        line.is_device_on = False
        line.noise_bytes_per_s = DRIVERS[name].line.baud / 10
        line.run(30)
        assert not line.conversation.is_ready
        assert line.measurements == []


def test_the_codec_of_an_oem_module_takes_no_answers() -> None:
    assert all(type(item).__name__ == "Fault" for item in df2_codec().feed(b"\x06\x15" * 100))
