"""What is said with a LifeScan meter: its memory, for nobody, each packet once."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.measurement import QualityFlag, VitalKind
from bench.devices.simulated_line import SimulatedLine
from peripherals.catalogue import DRIVERS
from peripherals.drivers.lifescan_binary.codec import (
    ACKNOWLEDGES,
    EXPECTS,
    SEQUENCE,
    Question,
    encode,
)
from peripherals.drivers.said import Send
from peripherals.drivers.wall_clock import instant_of
from peripherals.emulators.wire_faults import WireFault

VISIT, OTHER_VISIT = VisitId(UUID(int=1)), VisitId(UUID(int=2))
RECORDS = 2  # that the simulated meter holds from the start


def line_of() -> SimulatedLine:
    line = SimulatedLine(DRIVERS["lifescan_binary"])
    line.run(0.5)
    assert line.run(5, lambda: line.conversation.is_ready)
    return line


def read(line: SimulatedLine) -> None:
    line.start(VISIT)
    assert line.run(20, lambda: not line.conversation.is_running)


def test_the_packets_are_the_published_ones() -> None:
    assert encode(b"", EXPECTS | ACKNOWLEDGES).hex() == "02060603cd41"
    assert encode(Question.VERSION.value, SEQUENCE | EXPECTS).hex() == "020903050d0203089f"


def test_it_is_greeted_and_named() -> None:
    line = line_of()
    assert line.seen == ["disconnect", "serial-number"]
    first = next(thing.data for thing in line.said if isinstance(thing, Send))
    assert first.hex() == "02060803c262"


def test_its_memory_belongs_to_nobody() -> None:
    line = line_of()
    line.device.shows("98")
    line.press()
    read(line)
    values = [m.value_of(VitalKind.GLUCOSE_MG_PER_DL) for m in line.measurements]
    assert values == [Decimal(98), Decimal(105), Decimal(105)]
    assert {m.visit for m in line.measurements} == {None}
    assert all(m.quality == {QualityFlag.FROM_MEMORY} for m in line.measurements)
    assert {m.device.serial_number for m in line.measurements} == {"C176SA014"}
    times = [m.device_time for m in line.measurements]
    newest = datetime.fromtimestamp(1_795_000_000 + 2 * 3600, UTC).replace(tzinfo=None)
    assert times[0] == instant_of(newest)
    assert len({m.frame_sha256 for m in line.measurements}) == 3
    assert [(r.visit, r.reason) for r in line.reasons] == [(VISIT, Code.MEMORY_READ)]


def test_nothing_that_changes_the_meter_is_ever_said() -> None:
    line = line_of()
    read(line)
    line.run(30)
    allowed = {"disconnect", "serial-number", "count", "record-0", "record-1"}
    assert set(line.seen) <= allowed


def test_an_empty_memory_says_so() -> None:
    line = line_of()
    line.device.fails("empty")
    read(line)
    assert [r.reason for r in line.reasons] == [Code.MEMORY_EMPTY]


def test_a_clock_that_was_never_set_makes_undated_readings() -> None:
    line = line_of()
    line.device.fails("clock-unset")
    read(line)
    assert len(line.measurements) == RECORDS
    assert all(
        m.device_time is None and QualityFlag.UNDATED in m.quality for m in line.measurements
    )


def test_a_meter_that_refuses_says_so() -> None:
    line = line_of()
    line.device.fails("refuse")
    read(line)
    assert [r.reason for r in line.reasons] == [Code.DEVICE_UNREADABLE]


@pytest.mark.parametrize("wire", [WireFault.SPLIT, WireFault.DUPLICATE, WireFault.GARBAGE])
def test_a_bad_line_loses_and_doubles_nothing(wire: WireFault) -> None:
    line = line_of()
    line.wire = wire
    read(line)
    assert len(line.measurements) == RECORDS


@pytest.mark.parametrize("lost", range(1, 8))
def test_a_lost_packet_is_asked_for_again(lost: int) -> None:
    """The nth word of the meter after the start is lost on the line."""
    line = line_of()
    spoken = 0
    answer = line.device.heard

    def heard(data: bytes, now: float) -> list[bytes]:
        nonlocal spoken
        kept = []
        for packet in answer(data, now):
            spoken += 1
            if spoken != lost:
                kept.append(packet)
        return kept

    line.device.heard = heard  # type: ignore[method-assign]  # the line between, not the meter
    read(line)
    assert len(line.measurements) == RECORDS
    assert [r.reason for r in line.reasons] == [Code.MEMORY_READ]


def test_a_start_while_it_is_looked_after_waits_for_the_answer() -> None:
    line = line_of()
    line.run(5, lambda: line.seen.count("serial-number") == 2)
    line.start(VISIT)
    assert line.run(5, lambda: not line.conversation.is_running)
    assert len(line.measurements) == RECORDS


def test_a_stop_in_the_middle_and_a_new_start() -> None:
    line = line_of()
    line.start(VISIT)
    line.run(0.1, lambda: "record-0" in line.seen)
    line.stop()
    with pytest.raises(Rejected):
        line.start(OTHER_VISIT)
        line.start(VISIT)
    assert line.run(5, lambda: not line.conversation.is_running)
    assert [r.reason for r in line.reasons] == [Code.MEASURING_STOPPED, Code.MEMORY_READ]


def test_a_meter_that_is_switched_off_is_missed() -> None:
    line = line_of()
    line.is_device_on = False
    assert line.run(12, lambda: line.conversation.is_silent)
    line = line_of()
    line.start(VISIT)
    line.is_device_on = False
    assert line.run(8, lambda: line.conversation.is_silent)
    assert line.reasons[-1].reason is Code.DEVICE_SILENT


def test_a_lost_line_ends_it_with_its_reason() -> None:
    line = line_of()
    line.start(VISIT)
    (ended,) = line.conversation.lost(Code.DEVICE_PULLED, line.at)
    assert getattr(ended, "reason", None) is Code.DEVICE_PULLED
