"""A stethoscope that is pulled goes on in the same sound when it is back, and the gap is told."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from app.domain.device import DeviceStatus, Impairment, Presence, Standing
from app.domain.failures import Code, Failure, Rejected, Unavailable
from media.devices.capture_words import Captured
from media.devices.inputs import SoundDevice
from media.devices.scope_capture import Input, Way, find_input, refuse_default
from media.devices.scope_input import AWAY_LIMIT_S, ScopeInput
from media.devices.scope_sound import ScopeSound
from media.devices.sound_sources import SoundSource
from media.devices.stethoscope import Stethoscope
from media.devices.usb_facts import NO_USB, UsbFacts
from tests.fakes.time_loop import LoopClock

RATE_HZ = 4000
PIECE_S = 0.02
ACME = UsbFacts("0d8c", "0014", "77", "1-2", "1.05")


class Scope:
    """A device whose samples count up, in and out of its socket."""

    def __init__(self) -> None:
        self.clock = LoopClock(asyncio.get_running_loop())
        self.usb = ACME
        self.rate_hz = RATE_HZ
        self.is_there = True
        self.given = bytearray()
        self.lives = 0
        self.value = 1

    async def find(self, name: str, before: Input | None) -> Input:
        if not self.is_there:
            raise Unavailable(Code.DEVICE_MISSING)
        found = Input(name, Way.SOUND_SERVER, self.rate_hz, self.usb)
        if before is not None and found.usb.differs_from(before.usb):
            raise Unavailable(Code.ANOTHER_DEVICE)
        return found

    async def record(self, _: Input) -> AsyncGenerator[Captured, None]:
        self.lives += 1
        while self.is_there:
            await asyncio.sleep(PIECE_S)
            count = int(self.rate_hz * PIECE_S)
            piece = (self.value % 1000).to_bytes(2, "little") * count
            self.value += 1
            self.given += piece
            yield Captured(piece, self.rate_hz)
        raise Unavailable(Code.DEVICE_PULLED)

    def input(self, told: list[Code | None]) -> ScopeInput:
        return ScopeInput(
            "scope", told.append, find=self.find, record=self.record, now=self.clock.monotonic
        )


async def test_pulled_and_back_is_one_sound_with_a_gap_of_the_right_length() -> None:
    scope, told, taken = Scope(), list[Code | None](), list[ScopeSound]()
    loop = asyncio.get_running_loop()
    loop.call_later(2.0, lambda: setattr(scope, "is_there", False))
    loop.call_later(7.0, lambda: setattr(scope, "is_there", True))
    async with aclosing(scope.input(told).sound()) as sound:
        async for piece in sound:
            taken.append(piece)
            if scope.clock.monotonic() > 12:
                break
    assert told == [None, Code.DEVICE_PULLED, *[Code.DEVICE_MISSING] * (len(told) - 3), None]
    assert b"".join(piece.samples for piece in taken) in bytes(scope.given)
    gaps = [piece for piece in taken if piece.missing_ms]
    assert len(gaps) == 1
    assert 5000 <= gaps[0].missing_ms <= 7050
    assert all(not piece.samples for piece in taken if piece.is_away)
    assert sum(piece.is_away for piece in taken) >= 20  # the taker is asked often enough to stop
    assert scope.lives == 2


async def test_who_stops_while_it_is_away_is_not_kept_waiting() -> None:
    scope, told = Scope(), list[Code | None]()
    asyncio.get_running_loop().call_later(1.0, lambda: setattr(scope, "is_there", False))
    async with aclosing(scope.input(told).sound()) as sound:
        async for piece in sound:
            if piece.is_away:
                break
    assert scope.clock.monotonic() < 1.5


async def test_a_scope_that_was_never_there_says_so_at_once() -> None:
    scope, told = Scope(), list[Code | None]()
    scope.is_there = False
    with pytest.raises(Unavailable) as missing:
        await anext(scope.input(told).sound())
    assert missing.value.code is Code.DEVICE_MISSING
    with pytest.raises(Unavailable):
        await anext(ScopeInput("", told.append).sound())


@pytest.mark.parametrize(
    "another", [{"usb": UsbFacts("0d8c", "0014", "78")}, {"rate_hz": 44100}], ids=["number", "rate"]
)
async def test_another_device_does_not_go_on_in_its_place(another: dict[str, object]) -> None:
    scope, told, taken = Scope(), list[Code | None](), list[ScopeSound]()
    loop = asyncio.get_running_loop()

    def swap() -> None:
        scope.is_there = True
        for name, value in another.items():
            setattr(scope, name, value)

    loop.call_later(1.0, lambda: setattr(scope, "is_there", False))
    loop.call_later(3.0, swap)
    async with aclosing(scope.input(told).sound()) as sound:
        async for piece in sound:
            taken.append(piece)
            if scope.clock.monotonic() > 10:
                break
    assert told[-1] is Code.ANOTHER_DEVICE
    assert not any(piece.missing_ms for piece in taken)
    assert taken[-1].is_away


async def test_it_is_not_waited_for_without_end() -> None:
    scope, told = Scope(), list[Code | None]()
    asyncio.get_running_loop().call_later(1.0, lambda: setattr(scope, "is_there", False))
    with pytest.raises(Unavailable):
        async for _ in scope.input(told).sound():
            pass
    assert AWAY_LIMIT_S < scope.clock.monotonic() < AWAY_LIMIT_S + 10


async def test_the_instruments_state_follows() -> None:
    scope, told = Scope(), list[DeviceStatus]()
    instrument = Stethoscope("scope", clock=scope.clock, on_status=told.append, find=scope.find)
    assert (await instrument.look()).presence is Presence.FOUND
    assert instrument.status.firmware == "1.05"
    since = instrument.status.since
    await asyncio.sleep(5)
    assert (await instrument.look()).since == since
    scope.is_there = False
    gone = await instrument.look()
    assert (gone.reason, gone.since > since) == (Code.DEVICE_MISSING, True)
    assert [status.standing for status in told] == [Standing.CONNECTED, Standing.LOST]


async def test_a_sound_that_stands_at_its_limit_is_degraded_until_it_is_turned_down() -> None:
    scope, told = Scope(), list[DeviceStatus]()
    instrument = Stethoscope("scope", clock=scope.clock, on_status=told.append)
    loud, soft = b"\xff\x7f" * 80 + b"\x00\x80" * 80, b"\x10\x00" * 160
    for number in range(400):
        instrument._look_at(ScopeSound(loud if number < 100 else soft, RATE_HZ))
        await asyncio.sleep(0.04)
    assert [status.standing for status in told] == [
        Standing.CONNECTED,
        Standing.DEGRADED,
        Standing.CONNECTED,
    ]
    assert told[1].impairment is Impairment.CLIPPING
    assert told[1].impaired_since is not None


# --- which input ---------------------------------------------------------------------------------


def listed(*found: object) -> Callable[[], object]:
    async def list_them() -> tuple[object, ...]:
        return found

    return list_them


SOURCE = SoundSource("alsa_input.usb-scope", "Scope", 4000, 1, False, ACME)
DEVICE = SoundDevice("Scope: USB (hw:2,0)", 1, 0, 44100, False, False)
SPEAKER = SoundDevice("Speaker", 0, 2, 44100, False, True)


async def found(name: str, before: Input | None = None) -> Input:
    return await find_input(
        name,
        before,
        list_sources=listed(SOURCE),  # type: ignore[arg-type]  # of any devices
        list_sounds=listed(DEVICE, SPEAKER),  # type: ignore[arg-type]
    )


async def test_the_sound_servers_names_come_before_portaudios() -> None:
    assert await found("alsa_input.usb-scope") == Input(
        "alsa_input.usb-scope", Way.SOUND_SERVER, 4000, ACME
    )
    assert await found("Scope") == Input("alsa_input.usb-scope", Way.SOUND_SERVER, 4000, ACME)
    assert await found("Scope: USB (hw:2,0)") == Input(
        "Scope: USB (hw:2,0)", Way.PORTAUDIO, 44100, NO_USB
    )
    assert (await found("Scope: USB (hw:5,0)")).name == "Scope: USB (hw:2,0)"
    for name in ("Speaker", "Microphone", ""):
        with pytest.raises(Unavailable) as missing:
            await found(name)
        assert missing.value.code is Code.DEVICE_MISSING


async def test_a_port_of_the_serial_driver_is_found_by_its_path(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB3"
    with pytest.raises(Unavailable) as missing:
        await found(f"serial_scope={port}")
    assert missing.value.code is Code.DEVICE_MISSING
    port.touch()
    assert await found(f"serial_scope={port}") == Input(str(port), Way.SERIAL)
    scope = Stethoscope(f"serial_scope={port}", clock=LoopClock(asyncio.get_running_loop()))
    assert (scope.is_file, scope.label) == (False, f"serial_scope={port}")


async def test_samples_that_a_device_lost_are_a_gap_of_their_length() -> None:
    scope, told = Scope(), list[Code | None]()

    async def record(_: Input) -> AsyncGenerator[Captured, None]:
        yield Captured(b"\x01\x00" * 80, RATE_HZ)
        yield Captured(b"\x02\x00" * 80, RATE_HZ, missing=400)
        await asyncio.sleep(60)

    made = ScopeInput("scope", told.append, find=scope.find, record=record)
    async with aclosing(made.sound()) as sound:
        first, second = await anext(sound), await anext(sound)
    assert (first.missing_ms, second.missing_ms) == (0, 100)


async def test_what_was_another_device_before_is_refused() -> None:
    other = Input("alsa_input.usb-scope", Way.SOUND_SERVER, 4000, UsbFacts("0d8c", "0014", "99"))
    with pytest.raises(Unavailable) as another:
        await found("alsa_input.usb-scope", other)
    assert another.value.code is Code.ANOTHER_DEVICE


@pytest.mark.parametrize("name", ["default", "sysdefault", "pulse", "pipewire"])
async def test_the_default_input_is_no_stethoscope(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("PULSE_SOURCE", "PIPEWIRE_NODE", "PIPEWIRE_ALSA"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(Rejected) as refused:
        await found(name)
    assert refused.value.code is Code.DEFAULT_INPUT_REFUSED


def test_a_name_behind_which_the_environment_sets_one_device_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PULSE_SOURCE", "alsa_input.usb-scope")
    refuse_default("pulse")
    with pytest.raises(Failure):
        refuse_default("default")
