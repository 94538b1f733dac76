"""Simulated instruments in processes of their own, over real ptys, with their own drivers."""

import asyncio
import os
import random
import subprocess
import sys
import time
import tty
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.domain.clock import SystemClock
from app.domain.cuff import CuffEvent, CuffState
from app.domain.device import Presence
from app.domain.failures import Code, Unavailable
from app.domain.measurement import Measurement, NoMeasurement
from peripherals.byte_port import Chunk
from peripherals.catalogue import DRIVERS
from peripherals.drivers import pushing
from peripherals.drivers.owed import Owed
from peripherals.hid_port import HidPort
from peripherals.monitor import InstrumentMonitor
from peripherals.recording import Recorder
from peripherals.replay import replayed
from peripherals.replaying import read_trace
from tests.unit.peripherals.instrument_cart import a_pressure, values_of, visit_of
from tests.whole.cuff_emulator import CuffEmulator

pytestmark = pytest.mark.whole

WAIT_LIMIT_S = 15.0
VISIT = visit_of(1)


async def until(
    events: AsyncIterator[CuffEvent], kind: type[CuffEvent] | Presence
) -> list[CuffEvent]:
    """All that was told, the awaited one last."""
    told: list[CuffEvent] = []
    async with asyncio.timeout(WAIT_LIMIT_S):
        async for event in events:
            told.append(event)
            if isinstance(kind, Presence):
                if isinstance(event, CuffState) and event.status.presence is kind:
                    return told
            elif isinstance(event, kind):
                return told
    raise AssertionError("the events ended")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("tm2655", "none"),
        ("tm2655", "garbage"),
        ("hbp9030", "split"),
        ("hbp9020", "duplicate"),
        ("terumo_bp500", "garbage"),
        ("ua767pc", "split"),
        ("ble_bp", "none"),
    ],
)
async def test_a_result_over_a_real_line(
    name: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "SHORTEST_S", 0.5)  # these devices are quicker than any arm
    shown = a_pressure(random.Random())
    options = ("--seconds", "1", "--fault", fault)
    async with CuffEmulator(tmp_path, *options, device=name) as emulator:
        await emulator.told(f"result {shown.systolic}/{shown.diastolic}/{shown.pulse}")
        async with InstrumentMonitor(emulator.port, DRIVERS[name], owed=Owed()) as monitor:
            events = monitor.events()
            await until(events, Presence.FOUND)
            await monitor.start(VISIT)
            if name != "tm2655":
                await emulator.told("press")
            measured = (await until(events, Measurement))[-1]
    assert isinstance(measured, Measurement)
    assert (measured.visit, values_of(measured)) == (
        VISIT,
        (shown.systolic, shown.diastolic, shown.pulse),
    )


@pytest.mark.parametrize("name", ["bm58", "microlife", "visomat"])
async def test_a_memory_over_a_real_line(name: str, tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path, "--seconds", "1", device=name) as emulator:
        async with InstrumentMonitor(emulator.port, DRIVERS[name], owed=Owed()) as monitor:
            events = monitor.events()
            await until(events, Presence.FOUND)
            await emulator.told("press")
            await monitor.start(VISIT)
            told = await until(events, NoMeasurement)
    measured = [event for event in told if isinstance(event, Measurement)]
    assert [m.visit for m in measured] == [None] * 3
    ended = told[-1]
    assert isinstance(ended, NoMeasurement) and ended.reason is Code.MEMORY_READ


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("stall", None), ("unplug", Code.DEVICE_PULLED), ("refuse", Code.DEVICE_REFUSED)],
)
async def test_faults_in_the_middle(fault: str, reason: Code | None, tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path, "--seconds", "1.6", device="tm2655") as emulator:
        async with InstrumentMonitor(emulator.port, DRIVERS["tm2655"]) as monitor:
            events = monitor.events()
            await until(events, Presence.FOUND)
            await emulator.told(f"fault {fault}")
            await monitor.start(VISIT)
            if fault == "stall":  # it says nothing more: stopping ends it, at once
                await asyncio.sleep(2.0)
                begun = time.monotonic()
                await monitor.stop()
                reason = Code.CUFF_STOPPED
            told = await until(events, NoMeasurement)
            if fault == "stall":
                heard = await emulator.until_heard("stop", 2)
                assert heard[-1] - begun <= 0.1
    ended = told[-1]
    assert isinstance(ended, NoMeasurement)
    assert (ended.visit, ended.reason) == (VISIT, reason)


async def test_a_real_session_recorded_and_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "SHORTEST_S", 0.5)
    driver, traces = DRIVERS["hbp9030"], tmp_path / "traces"
    recorder = Recorder(traces, driver, SystemClock())
    async with CuffEmulator(tmp_path, "--seconds", "1", device="hbp9030") as emulator:
        async with InstrumentMonitor(emulator.port, driver, recorder=recorder) as monitor:
            events = monitor.events()
            await until(events, Presence.FOUND)
            await monitor.start(VISIT)
            await emulator.told("press")
            measured = (await until(events, Measurement))[-1]
    (trace,) = traces.iterdir()
    done = await replayed(read_trace(trace))
    (again,) = [event for event in done.events if isinstance(event, Measurement)]
    assert isinstance(measured, Measurement)
    assert again.quantities == measured.quantities
    assert (again.visit, again.device_time) == (measured.visit, measured.device_time)
    assert b"NOBODY".hex() not in trace.read_text()


def test_every_device_is_listed_with_its_faults() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "peripherals.emulate", "--list"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    names = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert set(names) >= set(DRIVERS)
    for fault in ("garbage", "split", "duplicate", "stall", "unplug"):
        assert done.stdout.count(f" {fault} ") >= len(DRIVERS)


def test_an_unknown_device_or_fault_is_said_in_a_sentence() -> None:
    for words in (["abacus"], ["tm2655", "--fault", "sloth"], ["hbp9030", "--result", "1"]):
        done = subprocess.run(
            [sys.executable, "-m", "peripherals.emulate", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert "known: " in done.stderr or "SYS/DIA/PULSE" in done.stderr


async def test_a_hid_device_s_reports_and_its_end() -> None:
    """A pty stands in for the device: what is written at once is read at once, as a report is."""
    device, host = os.openpty()
    tty.setraw(host)
    port = HidPort(os.ttyname(host))
    await port.open()
    port.write(bytes.fromhex("4dff000900000000000000fd52"))
    assert os.read(device, 64) == bytes.fromhex("0d4dff000900000000000000fd52")
    os.write(device, bytes.fromhex("064d3a0002810a00"))
    chunk = await port.read(2.0)
    assert isinstance(chunk, Chunk) and chunk.data == bytes.fromhex("4d3a0002810a")
    os.close(host)
    os.close(device)
    with pytest.raises(Unavailable) as away:
        await port.read(2.0)
    assert away.value.code is Code.DEVICE_PULLED
    await port.close()


async def test_a_hid_device_that_is_not_there() -> None:
    with pytest.raises(Unavailable) as away:
        await HidPort("/dev/hidraw-none").open()
    assert away.value.code is Code.DEVICE_MISSING
