"""A stethoscope on a real sound server: pulled in mid-recording, and back in the same one."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from app.domain.clock import SystemClock
from app.domain.device import DeviceStatus, Presence
from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from media.devices.inputs import sound_devices
from media.devices.plugs import Plugs
from media.devices.scope_sound import ScopeSound
from media.devices.sound_sources import sound_sources
from media.devices.stethoscope import Stethoscope
from tests.fakes.pulled_source import RATE_HZ, PulledSource
from tests.fakes.sound_server import SoundServer, sound_server
from tests.fakes.time_loop import until

pytestmark = pytest.mark.whole

NAME = "alsa_input.usb-Acme_Scope_77-00.mono-fallback"
LIMIT_S = 15.0


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    with sound_server() as started:
        for name, value in started.environment(sink="voice", source="voice.monitor").items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("PULSE_SOURCE")
        yield started


@pytest.fixture
async def source(server: SoundServer, tmp_path: Path) -> AsyncIterator[PulledSource]:
    made = PulledSource(server, tmp_path, NAME, "Acme_77")
    await made.plug()
    yield made


class Recording:
    """All that a stethoscope gave and told, with times."""

    def __init__(self) -> None:
        self.blocks: list[ScopeSound] = []
        self.heard_s: list[float] = []
        self.told: list[tuple[float, DeviceStatus]] = []
        self.instrument = Stethoscope(
            NAME,
            clock=SystemClock(),
            on_status=lambda status: self.told.append((time.monotonic(), status)),
        )

    async def run(self) -> None:
        async with aclosing(self.instrument.sound()) as sound:
            async for block in sound:
                self.blocks.append(block)
                self.heard_s.append(time.monotonic())

    @property
    def samples(self) -> bytes:
        return b"".join(block.samples for block in self.blocks)

    def is_found(self) -> bool:
        return self.instrument.status.presence is Presence.FOUND

    def has_gap(self) -> bool:
        return any(block.missing_ms for block in self.blocks)


async def test_pulled_and_back_in_the_same_recording_bit_for_bit(source: PulledSource) -> None:
    made = Recording()
    async with TaskOwner("test") as tasks:
        tasks.start(made.run(), "record")
        await until(lambda: len(made.samples) > RATE_HZ, LIMIT_S)
        pulled_s = time.monotonic()
        await source.pull()
        await until(lambda: not made.is_found(), LIMIT_S)
        noticed_s = made.told[-1][0] - pulled_s
        before = len(made.samples)
        await asyncio.sleep(2.3)
        assert len(made.samples) == before  # nothing of any other input
        assert made.blocks[-1].is_away
        plugged_s = time.monotonic()
        await source.plug()
        back_s = time.monotonic()
        await until(made.has_gap, LIMIT_S)
        place = next(at for at, block in enumerate(made.blocks) if block.missing_ms)
        usable_s = made.heard_s[place] - back_s
        await until(lambda: len(made.samples) > before + RATE_HZ, LIMIT_S)
        await source.pull()
    first, second = made.samples[:before], made.samples[before:]
    assert first in source.given
    assert second[: RATE_HZ // 2] in source.given
    gap_s = made.blocks[place].missing_ms / 1000
    assert plugged_s - pulled_s - 0.3 <= gap_s <= made.heard_s[place] - pulled_s
    print(f"scope pulled: noticed after {noticed_s:.3f} s, heard again {usable_s:.3f} s after")
    assert noticed_s <= 1.0
    assert usable_s <= 2.0


async def test_another_scope_in_its_place_is_not_recorded(
    source: PulledSource, server: SoundServer, tmp_path: Path
) -> None:
    made = Recording()
    async with TaskOwner("test") as tasks:
        tasks.start(made.run(), "record")
        await until(lambda: len(made.samples) > RATE_HZ // 2, LIMIT_S)
        await source.pull()
        await until(lambda: not made.is_found(), LIMIT_S)
        before = len(made.samples)
        (tmp_path / "other").mkdir()
        other = PulledSource(server, tmp_path / "other", NAME, "Acme_78")
        await other.plug()
        await until(lambda: made.instrument.status.reason is Code.ANOTHER_DEVICE, LIMIT_S)
        assert len(made.samples) == before
        await other.pull()
        await source.plug()
        await until(made.has_gap, LIMIT_S)
        await source.pull()


async def test_the_sound_server_goes_and_comes_back(
    source: PulledSource, server: SoundServer
) -> None:
    made = Recording()
    async with TaskOwner("test") as tasks:
        tasks.start(made.run(), "record")
        await until(lambda: len(made.samples) > RATE_HZ // 2, LIMIT_S)
        server.stop()
        await until(lambda: not made.is_found(), LIMIT_S)
        server.start()
        await source.plug()
        await until(made.has_gap, LIMIT_S)
        assert made.is_found()
        await source.pull()


async def test_plugging_in_and_out_is_told_at_once(source: PulledSource) -> None:
    plugs = Plugs()
    plugs.open()
    try:
        await asyncio.sleep(0.5)  # it listens
        delays_s = []
        for act in (source.pull, source.plug, source.pull, source.plug):
            count = plugs.count
            await act()
            done_s = time.monotonic()
            assert await plugs.newer_than(count, LIMIT_S) > count
            delays_s.append(time.monotonic() - done_s)
            await asyncio.sleep(0.5)
        assert max(delays_s) <= 1.0
        names = [found.name for found in await sound_sources()]
        assert NAME in names
    finally:
        await plugs.close()
    await source.pull()


async def test_the_list_of_inputs_tells_what_is_behind_them(source: PulledSource) -> None:
    found = next(one for one in await sound_sources() if one.name == NAME)
    assert (found.usb.vendor_id, found.usb.product_id) == ("0d8c", "0014")
    assert (found.usb.serial_number, found.rate_hz, found.is_monitor) == ("Acme_77", RATE_HZ, False)
    assert await Stethoscope(NAME, clock=SystemClock()).look()
    assert all(device.name != NAME for device in await sound_devices())
    await source.pull()
    seen = await Stethoscope(NAME, clock=SystemClock()).look()
    assert seen.reason is Code.DEVICE_MISSING


async def test_no_program_is_left_behind(source: PulledSource) -> None:
    made = Recording()
    async with TaskOwner("test") as tasks:
        tasks.start(made.run(), "record")
        await until(lambda: len(made.samples) > RATE_HZ // 2, LIMIT_S)
        assert children("pulse_capture")
    assert not children("pulse_capture")
    plugs = Plugs()
    plugs.open()
    await asyncio.sleep(0.3)
    assert children("subscribe")
    await plugs.close()
    assert not children("subscribe")
    await source.pull()


def children(word: str) -> list[int]:
    """Of ours, still alive."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if word.encode() in command and parent == os.getpid():
            found.append(int(entry.name))
    return found
