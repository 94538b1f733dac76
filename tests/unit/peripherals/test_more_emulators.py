"""The simulated oximeters, thermometer, scale and meter against published bytes."""

import json
from itertools import pairwise

import pytest

from peripherals.emulators import nonin
from peripherals.emulators.all_emulators import EMULATORS
from peripherals.emulators.and_scale import line
from peripherals.emulators.cms50_v7 import framed
from peripherals.emulators.lifescan_binary import SimulatedLifeScan, packet
from peripherals.emulators.simulated import Simulated
from peripherals.emulators.welchallyn_suretemp import reply
from tests.unit.peripherals.told_vectors import NAMES, vectors_of


def published(name: str, vector: str) -> bytes:
    (found,) = [v for v in vectors_of(name) if v["name"] == vector]
    return bytes.fromhex(found["hex"])


def made(name: str) -> Simulated:
    return EMULATORS[name].make(4.0, lambda *_: None)


def test_nonin_bytes_are_laid_out_as_published() -> None:
    eight = made("nonin_df8")
    accepted = eight.heard(published("nonin_df8", "select data format 8"), 0.0)
    assert accepted == [b"\x06"]
    assert eight.tick(0.0) == [published("nonin_df8", "pulse 72, SpO2 97, SmartPoint")]
    spot = made("nonin_df13")
    spot.heard(published("nonin_df13", "select data format 13"), 0.0)
    assert spot.pressed(1.0) == [published("nonin_df13", "spot check 72/97")]
    (ours,) = made("nonin_df2").tick(0.0)
    theirs = published("nonin_df2", "packet 72/97")
    assert len(ours) == len(theirs) == 125
    # The published packet leaves E-SpO2-D empty; waves differ, and the sums with them.
    same = [n for n in range(25) if n != 16]
    assert [ours[5 * n + 3] for n in same] == [theirs[5 * n + 3] for n in same]
    assert ours[1::5] == theirs[1::5] and ours[0::5] == theirs[0::5]
    assert all(sum(ours[n : n + 4]) % 256 == ours[n + 4] for n in range(0, 125, 5))


def test_a_9560_takes_its_own_format_and_the_time_and_refuses_the_rest() -> None:
    device = nonin.SimulatedNonin(nonin.shown_of("97/72"), 0, 13, lambda *_: None)
    assert device.heard(bytes.fromhex("027002020203"), 0.0) == [b"\x15"]
    assert device.heard(bytes.fromhex("027002020d03"), 0.0) == [b"\x06"]
    assert device.heard(bytes.fromhex("027206320c1f0e1e0f03"), 0.0) == [b"\x06"]
    assert device.pressed(1.0)[0][6:14].hex() == "2050123114301500"
    device.fails("refuse")
    assert device.heard(bytes.fromhex("027002020d03"), 0.0) == [b"\x15"]


def test_a_removed_finger_repeats_the_numbers_with_the_alarm_for_ten_seconds() -> None:
    device = made("nonin_df2")
    device.tick(0.0)
    device.pressed(1.0)
    sent = [packet for n in range(60) for packet in device.tick(1.0 + n / 3)]
    assert all(raw[1] & 0x08 for raw in sent)
    values = [raw[8 * 5 + 3] for raw in sent]
    assert values[:29] == [97] * 29 and set(values[32:]) == {127}
    device.pressed(30.0)
    assert device.tick(30.4)[-1][1] == 0x81


def test_cms50_bytes_are_the_captured_ones() -> None:
    device = made("cms50_v7")
    assert device.tick(5.0) == []
    for command, answer in (
        ("stop storage", "device free"),
        ("ask for the identity", "identity"),
    ):
        assert device.heard(published("cms50_v7", command), 0.0) == [published("cms50_v7", answer)]
    device.fails("no-finger")
    assert device.heard(published("cms50_v7", "start real time"), 0.0) == []
    assert device.tick(0.0) == [published("cms50_v7", "no finger")]
    captured = published("cms50_v7", "real time 65/97")
    assert framed(1, [0x05, 0x33, 0x16, 65, 97, 0xFF, 0xFF]) == captured


@pytest.mark.parametrize(("name", "rate"), [("cms50_v7", 60), ("cms50_old", 60), ("nonin_df2", 3)])
def test_a_stream_has_its_rate_and_makes_up_for_no_sleep(name: str, rate: int) -> None:
    device = made(name)
    device.heard(published("cms50_v7", "start real time"), 0.0)
    sent = sum(len(device.tick(n / 100)) for n in range(1001))
    assert abs(sent - 10 * rate) <= 1
    assert len(device.tick(20.0)) == 1


def test_a_cms50_that_is_not_kept_alive_ends_after_half_a_minute() -> None:
    device = made("cms50_v7")
    device.heard(published("cms50_v7", "start real time"), 0.0)
    assert device.tick(29.9)
    assert device.tick(30.1) == [] and not device.told(30.1)["is_streaming"]
    device.heard(published("cms50_v7", "start real time"), 40.0)
    device.heard(published("cms50_v7", "keep alive"), 69.0)
    assert device.tick(98.0)


def test_the_first_protocol_keeps_the_pulses_eighth_bit_apart() -> None:
    device = made("cms50_old")
    device.shows("97/200")
    (frame,) = device.tick(0.0)
    assert frame[2] & 0x40 and frame[3] == 72 and frame[4] == 97
    assert frame[0] & 0x80 and not any(byte & 0x80 for byte in frame[1:])


def test_a_thermometer_answers_as_its_manual_says() -> None:
    published_reply = published("welchallyn_suretemp", "good reply to the mode command")
    assert reply(b"\x2a\x12", 2, b"") == published_reply
    device = made("welchallyn_suretemp")
    command = published("welchallyn_suretemp", "send temperature record")
    (record,) = device.heard(command, 0.0)
    assert len(record) == 28 and sum(record) % 256 == 0 and record[8:12] == bytes(4)
    device.pressed(0.0)
    assert device.heard(command[:4], 3.9) + device.heard(command[4:], 3.9)
    (done,) = device.heard(command, 4.1)
    assert done[8:12] != bytes(4)
    assert device.heard(command[:-1] + b"\x00", 5.0) == []  # a wrong sum is not answered


def test_a_scales_line_is_the_published_one() -> None:
    assert line("ST", "NT", "12.34", "kg") == published("and_scale", "12.34 kg net, stable")
    device = made("and_scale")
    before = device.tick(0.0)
    device.pressed(0.0)
    moving = [raw for n in range(1, 20) for raw in device.tick(n / 10)]
    stable = [raw for n in range(20, 40) for raw in device.tick(n / 10)]
    assert before == [b"ST,GS,+0000.00kg\r\n"]
    assert {raw[:2] for raw in moving} == {b"US"} and set(stable) == {b"ST,GS,+0072.50kg\r\n"}
    assert {len(raw) for raw in [*before, *moving, *stable]} == {18}


def test_a_meter_acknowledges_as_published_and_answers_twice_the_same() -> None:
    assert packet(6, b"").hex() == "02060603cd41" and packet(8, b"").hex() == "02060803c262"
    device = SimulatedLifeScan(105, lambda *_: None)
    device.heard(packet(8, b""), 0.0)
    question = packet(0, b"\x05\x0d\x02")
    first = device.heard(question, 0.0)
    assert first[0].hex() == "02060603cd41"
    assert device.heard(question, 1.0)[1] == first[1]


@pytest.mark.parametrize("name", NAMES)
def test_every_emulator_refuses_what_it_cannot_show_and_tells_its_state(name: str) -> None:
    device = made(name)
    for nonsense in ("", "x", "-1/70", "999/999", "12 stone"):
        with pytest.raises(ValueError):
            device.shows(nonsense)
    assert json.loads(json.dumps(device.told(1.0)))
    for fault in EMULATORS[name].faults:
        device.fails(fault.replace(":N", ":3"))
        device.fails("none")
    assert device.heard(b"\xff\x02\x03" * 400, 1.0) is not None


@pytest.mark.parametrize("name", ["nonin_df2", "cms50_old", "serial_scope"])
def test_a_stall_strikes_in_the_middle(name: str) -> None:
    device = made(name)
    struck = []
    for n in range(100):
        device.tick(n / 20)
        struck.append(device.is_striking(n / 20))
    assert not struck[0] and struck[-1]
    assert all(later or not sooner for sooner, later in pairwise(struck))
