"""The cuff over a real pty, spoken with by an emulator in a process of its own."""

import asyncio
import json
import logging
import random
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest

from app.domain.cuff import CuffEvent, CuffState
from app.domain.device import Presence
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement, NoMeasurement, VitalKind
from app.runtime.tasks import TaskOwner
from app.services.ports import Cuff
from peripherals.byte_port import MakePort
from peripherals.drivers.suntech.device import SUNTECH
from peripherals.line_setting import LineSetting
from peripherals.monitor import InstrumentMonitor
from peripherals.port_names import port_named
from peripherals.serial_port import SerialPort
from tests.whole.cuff_emulator import CuffEmulator

pytestmark = pytest.mark.whole

WAIT_LIMIT_S = 12.0
ABORT_LIMIT_S = 0.1
UNPLUG_LIMIT_S = 1.0
REPLUG_LIMIT_S = 2.0
DEAD_MAN_S = 0.5  # 5 s in the product; the test has no need to wait so long

EventT = TypeVar("EventT")


@dataclass
class Listener:
    """Keeps all events of a cuff with the time at which they were heard."""

    cuff: Cuff
    heard: list[tuple[float, CuffEvent]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        async for event in self.cuff.events():
            self.heard.append((time.monotonic(), event))
            self._news.set()

    async def until(self, is_it: Callable[[CuffEvent], bool], after: int = 0) -> float:
        """When it was heard; `after` that many events were."""
        async with asyncio.timeout(WAIT_LIMIT_S):
            while True:
                for at, event in self.heard[after:]:
                    if is_it(event):
                        return at
                self._news.clear()
                await self._news.wait()

    def all(self, kind: type[EventT]) -> list[EventT]:
        return [event for _, event in self.heard if isinstance(event, kind)]


def is_found(event: CuffEvent) -> bool:
    return isinstance(event, CuffState) and event.status.presence is Presence.FOUND


def is_missing(event: CuffEvent) -> bool:
    return isinstance(event, CuffState) and event.status.presence is Presence.MISSING


def is_over(event: CuffEvent) -> bool:
    return isinstance(event, Measurement | NoMeasurement)


def is_inflated(event: CuffEvent) -> bool:
    return isinstance(event, LiveValue) and event.quantity.value > 60


@asynccontextmanager
async def listened(path: str, make_port: MakePort = port_named) -> AsyncIterator[Listener]:
    async with (
        InstrumentMonitor(path, SUNTECH, make_port=make_port) as cuff,
        TaskOwner("test") as tasks,
    ):
        listener = Listener(cuff)
        tasks.start(listener.listen(), "listen")
        yield listener


def a_pressure() -> tuple[int, int, int]:
    """Fresh and plausible in each run, so that no constant can pass."""
    diastolic = random.randint(55, 95)
    return diastolic + random.randint(30, 60), diastolic, random.randint(50, 110)


async def test_start_live_result(tmp_path: Path) -> None:
    systolic, diastolic, pulse = a_pressure()
    visit = VisitId(uuid4())
    async with CuffEmulator(tmp_path, "--seconds", "1.6") as emulator:
        await emulator.told(f"result {systolic}/{diastolic}/{pulse}")
        async with listened(emulator.port) as listener:
            await listener.until(is_found)
            await listener.cuff.start(visit)
            with pytest.raises(Rejected):
                await listener.cuff.start(VisitId(uuid4()))
            await listener.until(is_over)
        (measured,) = listener.all(Measurement)
        values = [int(quantity.value) for quantity in measured.quantities]
        assert values == [systolic, diastolic, round((systolic + 2 * diastolic) / 3), pulse]
        assert measured.visit == visit
        assert measured.device.port == emulator.port
        live = listener.all(LiveValue)
        assert len(live) >= 5
        assert {value.visit for value in live} == {visit}
        assert max(value.quantity.value for value in live) > systolic - 10
        names = [command["command"] for command in emulator.commands()]
        assert names[0] == "abort"  # the first word on a line
        assert names.count("start-adult") == 1


@pytest.mark.parametrize("fault", ["garbage", "split", "duplicate"])
async def test_a_bad_line_loses_no_measurement(tmp_path: Path, fault: str) -> None:
    systolic, diastolic, pulse = a_pressure()
    options = ("--seconds", "1.2", "--fault", fault)
    async with CuffEmulator(tmp_path, *options) as emulator:
        await emulator.told(f"result {systolic}/{diastolic}/{pulse}")
        async with listened(emulator.port) as listener:
            await listener.until(is_found)
            await listener.cuff.start(VisitId(uuid4()))
            await listener.until(is_over)
    assert listener.all(NoMeasurement) == []
    (measured,) = listener.all(Measurement)
    assert measured.value_of(VitalKind.SYSTOLIC_MMHG) == systolic
    assert measured.value_of(VitalKind.DIASTOLIC_MMHG) == diastolic


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("error:87", Code.CUFF_LEAK),
        ("error:2", Code.CUFF_ARTEFACT),
        ("refuse", Code.DEVICE_REFUSED),
        ("stall", Code.DEVICE_SILENT),
        ("unplug", Code.DEVICE_PULLED),
    ],
)
async def test_a_failing_cuff_says_why(tmp_path: Path, fault: str, reason: Code) -> None:
    visit = VisitId(uuid4())
    async with CuffEmulator(tmp_path, "--seconds", "1.2", "--fault", fault) as emulator:
        async with listened(emulator.port) as listener:
            await listener.until(is_found)
            await listener.cuff.start(visit)
            await listener.until(is_over)
        (nothing,) = listener.all(NoMeasurement)
        assert (nothing.visit, nothing.reason) == (visit, reason)
        assert not listener.all(Measurement)
        if fault == "stall":
            await emulator.until_heard("abort", 2)  # not only the one at the beginning


async def test_stop_is_on_the_wire_within_100_ms(tmp_path: Path) -> None:
    delays_s = []
    async with CuffEmulator(tmp_path) as emulator, listened(emulator.port) as listener:
        await listener.until(is_found)
        for _ in range(5):
            before, aborts = len(listener.heard), len(emulator.times_of("abort"))
            await listener.cuff.start(VisitId(uuid4()))
            await listener.until(lambda e: isinstance(e, LiveValue), before)
            clicked = time.monotonic()
            await listener.cuff.stop()
            await listener.until(is_over, before)
            await listener.until(
                lambda e: isinstance(e, CuffState) and not e.is_running, before + 1
            )
            delays_s.append((await emulator.until_heard("abort", aborts + 1))[aborts] - clicked)
            await emulator.until_resting()  # it lets the air out before it can be started again
        assert {nothing.reason for nothing in listener.all(NoMeasurement)} == {Code.CUFF_STOPPED}
    print(f"stop to wire: {', '.join(f'{delay * 1000:.1f}' for delay in delays_s)} ms")
    assert max(delays_s) <= ABORT_LIMIT_S


async def test_a_frozen_loop_is_relieved_by_the_port_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def make_port(path: str, line: LineSetting) -> SerialPort:
        return SerialPort(path, line, dead_man_s=DEAD_MAN_S)

    async with CuffEmulator(tmp_path) as emulator, listened(emulator.port, make_port) as listener:
        await listener.until(is_found)
        await listener.cuff.start(VisitId(uuid4()))
        await listener.until(lambda e: isinstance(e, LiveValue))
        aborts = len(emulator.times_of("abort"))
        frozen = time.monotonic()
        while time.monotonic() - frozen < DEAD_MAN_S + 0.7:
            pass  # busy in Python, as a screen with a defect would be
        thawed = time.monotonic()
        at = emulator.times_of("abort")[aborts]
        assert at < thawed
        assert DEAD_MAN_S - 0.2 <= at - frozen <= DEAD_MAN_S + 0.4
        await listener.until(is_over)
        assert [nothing.reason for nothing in listener.all(NoMeasurement)] == [Code.CUFF_STOPPED]
        assert len(emulator.times_of("abort")) == aborts + 1
        print(f"loop frozen: abort after {at - frozen:.2f} s with a limit of {DEAD_MAN_S} s")
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == [
        "peripherals.serial_port"
    ]


async def test_a_renewed_switch_does_not_fire(tmp_path: Path) -> None:
    """A measurement three times as long as the limit, renewed every second by the loop."""

    def make_port(path: str, line: LineSetting) -> SerialPort:
        return SerialPort(path, line, dead_man_s=1.2)

    async with CuffEmulator(tmp_path, "--seconds", "3.6") as emulator:
        async with listened(emulator.port, make_port) as listener:
            await listener.until(is_found)
            await listener.cuff.start(VisitId(uuid4()))
            await listener.until(is_over)
        assert listener.all(Measurement)
        assert len(emulator.times_of("abort")) == 1


async def test_pulled_is_noticed_and_put_back_is_usable(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path, "--seconds", "1.2") as emulator:
        async with listened(emulator.port) as listener:
            await listener.until(is_found)
            visit = VisitId(uuid4())
            await listener.cuff.start(visit)
            await listener.until(is_inflated)
            before = len(listener.heard)
            pulled = time.monotonic()
            await emulator.told("unplug")
            noticed = await listener.until(is_missing, before) - pulled
            (nothing,) = listener.all(NoMeasurement)
            assert (nothing.visit, nothing.reason) == (visit, Code.DEVICE_PULLED)
            (gone,) = [state.status for state in listener.all(CuffState) if is_missing(state)][1:]
            assert gone.reason is Code.DEVICE_PULLED
            with pytest.raises(Unavailable) as away:
                await listener.cuff.start(visit)
            assert away.value.code is Code.DEVICE_PULLED
            before = len(listener.heard)
            back = time.monotonic()
            await emulator.told("replug")
            usable = await listener.until(is_found, before) - back
            await emulator.until_resting()  # it was still inflated when it came back
            await listener.cuff.start(visit)
            await listener.until(is_over, before)
        assert len(listener.all(Measurement)) == 1
    print(f"pulled: noticed after {noticed:.3f} s, usable {usable:.3f} s after its return")
    assert noticed <= UNPLUG_LIMIT_S
    assert usable <= REPLUG_LIMIT_S


async def test_leaving_stops_a_running_cuff(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path) as emulator:
        async with listened(emulator.port) as listener:
            await listener.until(is_found)
            await listener.cuff.start(VisitId(uuid4()))
            await listener.until(lambda e: isinstance(e, LiveValue))
            assert len(emulator.times_of("abort")) == 1
        await emulator.until_heard("abort", 2)


async def test_after_a_kill_the_first_act_is_abort(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path, "--seconds", "8") as emulator:
        victim = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.whole.cuff_victim", emulator.port, stdout=PIPE
        )
        assert victim.stdout is not None
        async with asyncio.timeout(WAIT_LIMIT_S):
            assert await victim.stdout.readline() == b"inflated\n"
        victim.kill()
        await victim.wait()
        assert json.loads(await emulator.say("status"))["activity"] == "measuring"
        known = len(emulator.commands())
        async with listened(emulator.port) as listener:
            await listener.until(is_found)
        assert emulator.commands()[known]["command"] == "abort"
        await emulator.until_resting()
        assert not listener.all(Measurement)


async def test_two_programs_on_one_port(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path) as emulator, listened(emulator.port) as first:
        await first.until(is_found)
        async with listened(emulator.port) as second:
            await second.until(
                lambda e: isinstance(e, CuffState) and e.status.reason is Code.DEVICE_BUSY
            )
            with pytest.raises(Unavailable) as busy:
                await second.cuff.start(VisitId(uuid4()))
            assert busy.value.code is Code.DEVICE_BUSY


async def test_a_file_is_not_a_cuff(tmp_path: Path) -> None:
    not_a_line = tmp_path / "notes.txt"
    not_a_line.write_text("no device")
    async with listened(str(not_a_line)) as listener:
        await listener.until(
            lambda e: isinstance(e, CuffState) and e.status.reason is Code.DEVICE_UNUSABLE
        )


async def test_bytes_that_nobody_takes_are_an_overrun_not_silence(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path) as emulator:
        port = SerialPort(emulator.port, LineSetting(9600), waiting_bytes=64)
        await port.open()
        try:
            for _ in range(20):
                port.write(bytes.fromhex("3a79050048"))
            await emulator.until_heard("cuff-pressure", 20)
            await asyncio.sleep(0.2)  # the answers are on their way
            with pytest.raises(Unavailable) as overrun:
                while True:
                    assert await port.read(1.0) is not None
            assert overrun.value.code is Code.OVERRUN
        finally:
            await port.close()
