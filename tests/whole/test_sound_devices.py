"""Microphone, speaker and stethoscope on real sound devices of a private sound server."""

import asyncio
import random
import subprocess
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.domain.clock import SystemClock
from app.domain.device import DeviceStatus, Presence
from app.domain.failures import Code, Rejected, Unavailable
from app.runtime.tasks import TaskOwner
from media.devices.inputs import sound_devices
from media.devices.microphone import Microphone
from media.devices.speaker import Speaker
from media.devices.stethoscope import ScopeSound, Stethoscope
from tests.fakes.sound_server import SoundServer, sound_server
from tests.fakes.two_links import ToneVoice, frequency_of

pytestmark = pytest.mark.whole


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    with sound_server() as started:
        for name, value in started.environment(sink="voice", source="voice.monitor").items():
            monkeypatch.setenv(name, value)
        yield started


class Told:
    """Statuses as they come."""

    def __init__(self) -> None:
        self.statuses: list[DeviceStatus] = []
        self._news = asyncio.Event()

    def __call__(self, status: DeviceStatus) -> None:
        self.statuses.append(status)
        self._news.set()

    async def until(self, holds: Callable[[DeviceStatus], bool], limit_s: float) -> DeviceStatus:
        async with asyncio.timeout(limit_s):
            while not self.statuses or not holds(self.statuses[-1]):
                self._news.clear()
                await self._news.wait()
        return self.statuses[-1]


def is_found(status: DeviceStatus) -> bool:
    return status.presence is Presence.FOUND


def is_missing(status: DeviceStatus) -> bool:
    return status.presence is Presence.MISSING


async def test_what_the_speaker_plays_the_microphone_hears_until_it_is_muted(
    server: SoundServer,
) -> None:
    told_by_speaker, told_by_microphone = Told(), Told()
    voice = ToneVoice(523.0)
    async with (
        TaskOwner("sound") as tasks,
        Speaker("pulse", clock=SystemClock(), on_status=told_by_speaker) as speaker,
        Microphone("pulse", clock=SystemClock(), on_status=told_by_microphone) as microphone,
    ):
        played, heard = voice.tap(), microphone.tap()

        async def play() -> None:
            while True:
                speaker.play(played.read(4800))
                await asyncio.sleep(0.02)

        tasks.start(voice.hum(), "hum")
        tasks.start(play(), "play")
        await told_by_speaker.until(is_found, 5)
        await told_by_microphone.until(is_found, 5)
        await asyncio.sleep(2.5)  # the server's own first two seconds
        heard.clear()
        await asyncio.sleep(0.4)
        samples = heard.read(48_000)
        assert len(samples) > 0.3 * 48_000
        assert abs(frequency_of(samples) - 523) < 6
        assert 0.1 < microphone.level < 0.25
        assert 0.1 < speaker.level < 0.25

        microphone.mute(True)
        await asyncio.sleep(0.2)
        assert heard.filled == 0
        assert microphone.level < 0.001
        microphone.mute(False)
        await asyncio.sleep(0.1)
        assert heard.filled > 0

        server.stop()
        status = await told_by_microphone.until(is_missing, 8)
        assert status.reason in (Code.DEVICE_PULLED, Code.DEVICE_BUSY)
        server.start()
        await told_by_microphone.until(is_found, 12)


async def test_a_device_that_is_not_there_is_told_and_the_call_can_go_on() -> None:
    told, none_told = Told(), Told()
    async with (
        Microphone("no such microphone", clock=SystemClock(), on_status=told) as microphone,
        Speaker("", clock=SystemClock(), on_status=none_told) as speaker,
    ):
        assert microphone.tap().read(960).size == 0
        speaker.play(np.full(960, 8000, dtype=np.int16))
        assert speaker.level > 0
        status = await told.until(lambda status: status.reason is not None, 5)
        assert (status.presence, status.reason) == (Presence.MISSING, Code.DEVICE_MISSING)
        assert none_told.statuses[-1].reason is Code.NO_SOUND_DEVICE


async def test_the_list_names_the_device_and_no_monitor(server: SoundServer) -> None:
    devices = await sound_devices()
    names = [device.name for device in devices]
    assert "pulse" in names
    assert not any("monitor" in name.lower() for name in names)


async def _sound(scope: Stethoscope, most_samples: int) -> list[ScopeSound]:
    blocks = []
    async for block in scope.sound():
        blocks.append(block)
        if sum(len(each.samples) for each in blocks) >= 2 * most_samples:
            break
    return blocks


async def test_a_stethoscope_records_bit_for_bit_what_the_device_gave(
    server: SoundServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PULSE_SOURCE", "body.monitor")
    given = random.Random(7).randbytes(2 * 44_100)
    (tmp_path / "given.raw").write_bytes(given)
    scope = Stethoscope("pulse", clock=SystemClock())
    async with TaskOwner("sound") as tasks:
        recording = tasks.start(_sound(scope, 4 * 44_100), "record")
        await asyncio.sleep(2.0)
        play = [
            *("paplay", "--raw", "--rate=44100", "--format=s16le", "--channels=1"),
            *("--device=body", str(tmp_path / "given.raw")),
        ]
        await asyncio.to_thread(subprocess.run, play, check=True, timeout=10)
        async with asyncio.timeout(12):
            blocks = await recording
    recorded = b"".join(block.samples for block in blocks)
    assert {block.sample_rate_hz for block in blocks} == {44_100}
    assert given[8820:] in recorded  # the player's own start-up eats some of the first samples


async def test_a_file_stands_in_for_a_stethoscope_in_real_time(tmp_path: Path) -> None:
    given = random.Random(8).randbytes(2 * 2205)
    path = tmp_path / "heart.wav"
    with wave.open(str(path), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(4410)
        written.writeframes(given)
    scope = Stethoscope(str(path), clock=SystemClock())
    loop = asyncio.get_running_loop()
    started = loop.time()
    blocks = await _sound(scope, 1_000_000)
    assert 0.45 < loop.time() - started < 1.5
    assert b"".join(block.samples for block in blocks) == given
    assert {block.sample_rate_hz for block in blocks} == {4410}
    assert scope.label == "file heart.wav"
    assert scope.status.presence is Presence.FOUND
    looped = Stethoscope(str(path), clock=SystemClock(), is_looped=True)
    twice = b"".join(block.samples for block in await _sound(looped, 3000))
    assert (given + given).startswith(twice)


async def test_a_stethoscope_that_is_not_there_or_not_a_wav_says_so(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(b"no WAV at all, only words")
    missing = Stethoscope(str(tmp_path / "missing.wav"), clock=SystemClock())
    noise = Stethoscope(str(tmp_path / "noise.wav"), clock=SystemClock())
    nothing = Stethoscope(None, clock=SystemClock())
    unknown = Stethoscope("no such stethoscope", clock=SystemClock())
    assert (await missing.look()).reason is Code.DEVICE_MISSING
    assert (await noise.look()).reason is Code.DEVICE_UNUSABLE
    assert (await nothing.look()).reason is Code.DEVICE_MISSING
    assert (await unknown.look()).reason is Code.DEVICE_MISSING
    with pytest.raises(Rejected):
        await _sound(noise, 1)
    with pytest.raises(Unavailable):
        await _sound(missing, 1)
