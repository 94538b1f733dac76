"""The list of ports: taken in a thread, told when it changes, waited for no longer than it may."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from serial.tools.list_ports_common import ListPortInfo

from app.domain.device_binding import PortIdentity, SeenPort
from app.runtime.tasks import TaskOwner
from peripherals.finding import port_list, udev_events
from peripherals.finding.hid_list import hid_ports
from peripherals.finding.port_watch import LOOK_LIMIT_S, PortWatch
from peripherals.finding.udev_events import UdevEvents
from tests.fakes.time_loop import settled, until

ONE, TWO = SeenPort("/dev/ttyUSB0"), SeenPort("/dev/ttyUSB1")


class List:
    def __init__(self, *ports: SeenPort) -> None:
        self.ports = ports
        self.looks = 0
        self.hangs: threading.Event | None = None
        self.fault: OSError | None = None

    def __call__(self) -> tuple[SeenPort, ...]:
        self.looks += 1
        if self.hangs is not None:
            self.hangs.wait(10)
        if self.fault is not None:
            raise self.fault
        return self.ports


async def test_it_tells_the_first_list_and_then_what_changes() -> None:
    ports, told = List(ONE), list[tuple[SeenPort, ...]]()
    watch = PortWatch(ports, told.append)
    async with TaskOwner("test") as tasks:
        tasks.start(watch.run(), "watch")
        await watch.first_look(5)
        assert told == [(ONE,)]
        await asyncio.sleep(5)
        assert told == [(ONE,)]
        assert ports.looks >= 5
        ports.ports = (ONE, TWO)
        await asyncio.sleep(1.1)
        assert told[-1] == (ONE, TWO)


async def test_a_word_of_the_system_is_followed_at_once() -> None:
    ports, told = List(), list[tuple[SeenPort, ...]]()
    watch = PortWatch(ports, told.append, look_every_s=60)
    async with TaskOwner("test") as tasks:
        tasks.start(watch.run(), "watch")
        await watch.first_look(5)
        ports.ports = (TWO,)
        watch.wake()
        await asyncio.sleep(0.2)
        assert told[-1] == (TWO,)


async def test_a_list_that_fails_once_is_looked_at_again() -> None:
    ports, told = List(ONE), list[tuple[SeenPort, ...]]()
    ports.fault = OSError(19, "No such device")
    watch = PortWatch(ports, told.append)
    async with TaskOwner("test") as tasks:
        tasks.start(watch.run(), "watch")
        await asyncio.sleep(2)
        assert told == []
        ports.fault = None
        await until(lambda: told)
    assert told == [(ONE,)]


async def test_a_list_that_hangs_holds_nobody_and_is_asked_only_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peripherals.finding.port_watch.LOOK_LIMIT_S", 0.05)
    ports, told = List(ONE), list[tuple[SeenPort, ...]]()
    ports.hangs = threading.Event()
    watch = PortWatch(ports, told.append, look_every_s=0.01)
    assert LOOK_LIMIT_S >= 1
    async with TaskOwner("test") as tasks:
        tasks.start(watch.run(), "watch")
        await watch.first_look(0.3)
        assert (told, ports.looks) == ([], 1)
        ports.hangs.set()
        await until(lambda: told)
    assert "hangs" in caplog.text


def test_what_the_system_tells_of_a_port_is_taken_whole_and_tamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usb, built_in = ListPortInfo("/dev/ttyUSB0"), ListPortInfo("/dev/ttyS0")
    usb.vid, usb.pid, usb.serial_number, usb.location = 0x1A86, 0x7523, "A\x00\n9", "1-2"
    usb.product = "x" * 500
    monkeypatch.setattr(port_list, "comports", lambda: iter([usb, built_in]))
    assert port_list.serial_ports() == (
        SeenPort("/dev/ttyS0", PortIdentity(), ""),
        SeenPort("/dev/ttyUSB0", PortIdentity(0x1A86, 0x7523, "A9", "1-2"), "x" * 120),
    )


def test_of_hid_devices_only_instruments_that_we_know_are_listed(tmp_path: Path) -> None:
    cuff = "HID_ID=0003:000004D9:0000B554\nHID_NAME=Microlife\nHID_PHYS=usb-1/input0\nHID_UNIQ=\n"
    keyboard = "HID_ID=0003:0000046D:0000C31C\nHID_NAME=Keyboard\n"
    entries = {"hidraw0": keyboard, "hidraw1": cuff, "hidraw2": "HID_ID=what\n", "hidraw3": ""}
    for name, told in entries.items():
        (tmp_path / name / "device").mkdir(parents=True)
        (tmp_path / name / "device/uevent").write_text(told)
    (tmp_path / "hidraw4").mkdir()
    identity = PortIdentity(0x04D9, 0xB554, "", "usb-1/input0")
    assert hid_ports(tmp_path) == (SeenPort("/dev/hidraw1", identity, "Microlife"),)
    assert hid_ports(tmp_path / "nowhere") == ()


class FakeMonitor:
    """Of pyudev: a pipe that is readable while events wait."""

    def __init__(self) -> None:
        self.events: list[object] = []
        self.filters: list[str] = []
        self.reads, self.writes = os.pipe()

    def filter_by(self, subsystem: str) -> None:
        self.filters.append(subsystem)

    def start(self) -> None: ...
    def fileno(self) -> int:
        return self.reads

    def poll(self, timeout: float) -> object | None:
        assert timeout == 0
        return self.events.pop() if self.events else None


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMonitor]:
    made = FakeMonitor()
    library: Any = SimpleNamespace(
        Monitor=SimpleNamespace(from_netlink=lambda context: made), Context=object
    )
    monkeypatch.setattr(udev_events, "pyudev", library)
    yield made
    os.close(made.reads)
    os.close(made.writes)


async def test_many_events_are_one_reason_to_look(monitor: FakeMonitor) -> None:
    woken = []
    async with UdevEvents("tty", lambda: woken.append(1)) as events:
        assert events.is_listening
        assert monitor.filters == ["tty"]
        monitor.events = [object()] * 5
        os.write(monitor.writes, b"x")
        await settled()
        assert woken
        assert monitor.events == []
        os.read(monitor.reads, 1)
    assert not events.is_listening


@pytest.mark.parametrize("fault", [ImportError("libudev"), OSError(1, "sandbox")])
async def test_without_the_systems_word_the_list_alone_must_do(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def refuses() -> object:
        raise fault

    never = SimpleNamespace(from_netlink=lambda context: FakeMonitor())
    library: Any = SimpleNamespace(Monitor=never, Context=refuses)
    monkeypatch.setattr(udev_events, "pyudev", library)
    async with UdevEvents("tty", lambda: None) as events:
        assert not events.is_listening
    monkeypatch.setattr(udev_events, "pyudev", None)
    ports, told = List(ONE), list[tuple[SeenPort, ...]]()
    watch = PortWatch(ports, told.append)
    async with TaskOwner("test") as tasks:
        tasks.start(watch.run(), "watch")
        await until(lambda: told)
