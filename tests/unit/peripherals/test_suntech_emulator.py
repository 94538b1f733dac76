"""The simulated cuff against the published bytes; it shares no code with the driver."""

import random
from itertools import pairwise

import pytest

from peripherals.emulators.suntech import (
    Shown,
    SimulatedSunTech,
    module_frame,
    result_frame,
    shown_of,
)
from peripherals.emulators.wire_faults import WireFault, shaped
from tests.unit.peripherals.suntech_vectors import FROM_DEVICE, TO_DEVICE

COMMANDS = {v["expected"]["command"]: bytes.fromhex(v["hex"]) for v in TO_DEVICE}
ACKS = {
    vector["expected"][0]["answer"]: bytes.fromhex(vector["hex"])
    for vector in FROM_DEVICE
    if len(vector["expected"]) == 1 and vector["expected"][0].get("frame") == "ack"
}
CYCLE_S = 6.0


class Bench:
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.cuff = SimulatedSunTech(Shown(115, 74, 85), CYCLE_S, self._see)

    def _see(self, name: str, raw: bytes) -> None:
        self.seen.append(name)

    def asked(self, command: str, now_s: float) -> bytes:
        return b"".join(self.cuff.heard(COMMANDS[command], now_s))


@pytest.mark.parametrize("letter", sorted(ACKS))
def test_acknowledgements_are_the_published_ones(letter: str) -> None:
    assert module_frame(letter.encode()) == ACKS[letter]


def test_the_result_frame_is_laid_out_as_published() -> None:
    published = bytes.fromhex("3e1873004a001e01000000000000310755005800000000e9")
    made = result_frame(Shown(115, 74, 85), 30, 0)
    same = [n for n in range(24) if n not in (14, 15, 23)]  # test codes are invented, so the sum
    assert [made[n] for n in same] == [published[n] for n in same]
    assert sum(made) % 256 == 0


def test_a_cycle_rises_falls_and_ends_with_done_and_the_result() -> None:
    bench = Bench()
    assert bench.asked("START_ADULT", 0.0) == ACKS["O"]
    curve = []
    for tenth in range(1, 60):
        frame = bench.asked("CUFF_PRESSURE", tenth / 10)
        curve.append(int.from_bytes(frame[2:4], "little"))
    top = curve.index(max(curve))
    assert max(curve) > 115 and curve[-1] < 20
    assert all(a <= b for a, b in pairwise(curve[:top]))
    assert all(b <= a + 3 for a, b in pairwise(curve[top:]))  # it falls, with the pulse on it
    assert bench.asked("READ_RESULT", 5.95) == ACKS["B"]
    assert b"".join(bench.cuff.tick(6.01)) == ACKS["K"]
    result = bench.asked("READ_RESULT", 6.1)
    assert (result[2], result[4], result[16], result[20]) == (115, 74, 85, 0)


def test_abort_lets_the_air_out() -> None:
    bench = Bench()
    bench.asked("START_ADULT", 0.0)
    assert bench.asked("ABORT", 2.0) == ACKS["A"]
    assert int.from_bytes(bench.asked("CUFF_PRESSURE", 2.1)[2:4], "little") < 100
    assert bench.asked("CUFF_PRESSURE", 2.6)[2:4] == b"\x00\x00"
    assert bench.cuff.tick(7.0) == []  # no result comes of it
    assert bench.seen[:2] == ["start-adult", "abort"]


def test_commands_are_understood_however_they_are_cut() -> None:
    bench = Bench()
    stream = COMMANDS["ABORT"] + b"\x00\x99" + COMMANDS["CUFF_PRESSURE"] + COMMANDS["START_ADULT"]
    answers = b"".join(
        answer
        for n in range(len(stream))
        for answer in bench.cuff.heard(stream[n : n + 1], n / 1000)
    )
    assert bench.seen == ["abort", "cuff-pressure", "start-adult"]
    assert answers == ACKS["A"] + module_frame(b"\x00\x00") + ACKS["O"]


def test_what_is_no_command_is_said_so() -> None:
    bench = Bench()
    assert bench.cuff.heard(b"\x3a\x20\xa7", 0.0) == [ACKS["N"]]  # wrong checksum
    assert bench.cuff.heard(b"\x3a\xee", 1.0) == [ACKS["D"]]
    assert bench.cuff.heard(b"\x3a\x79\x05", 2.0) == []
    assert bench.cuff.tick(2.6) == [ACKS["T"]]
    assert bench.cuff.activity == "resting"


def test_a_failed_measurement_carries_no_numbers() -> None:
    bench = Bench()
    bench.cuff.error = 87
    bench.asked("START_ADULT", 0.0)
    bench.cuff.tick(6.0)
    result = bench.asked("READ_RESULT", 6.1)
    assert result[20] == 87
    assert result[2:6] == bytes(4)


@pytest.mark.parametrize("fault", [f for f in WireFault if f is not WireFault.SILENT])
def test_a_bad_line_still_carries_the_whole_frame(fault: WireFault) -> None:
    frame = COMMANDS["ABORT"]
    pieces = shaped(frame, fault, random.Random(1), b"\x3e")
    assert b"".join(piece for _, piece in pieces).endswith(frame)
    assert [at for at, _ in pieces] == sorted(at for at, _ in pieces)


def test_a_silent_line_carries_nothing() -> None:
    assert shaped(COMMANDS["ABORT"], WireFault.SILENT, random.Random(1)) == []


@pytest.mark.parametrize("text", ["", "120/80", "120/80/x", "120/-1/60", "120/80/300"])
def test_a_result_that_cannot_be_shown_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        shown_of(text)
