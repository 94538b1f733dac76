"""The stethoscope's input as it is recorded by a program of its own: found, started, listened to.

Never the default input: a room's microphone is not a stethoscope. Which way it is recorded follows
from the name: serial_scope=PORT, one of the sound server's, else one of PortAudio's.
"""

import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.failures import Code, Rejected, Unavailable
from media.devices.capture_words import MOST_BYTES, Captured, captured
from media.devices.inputs import SoundDevice, sound_devices
from media.devices.program import Program, end
from media.devices.serial_capture import serial_capture
from media.devices.sound_library import named_alike
from media.devices.sound_sources import SoundSource, sound_sources, source_named
from media.devices.usb_facts import NO_USB, UsbFacts
from media.link.child_process import command_of, passed_on_environment

log = logging.getLogger(__name__)

# Each stands for whichever input is the default at the moment ...
DEFAULT_NAMES = frozenset({"default", "sysdefault", "pulse", "pipewire", "jack"})
# ... unless the environment says which one.
SAID_BY = {"pulse": ("PULSE_SOURCE",), "pipewire": ("PIPEWIRE_NODE", "PIPEWIRE_ALSA")}

FindInput = Callable[[str, "Input | None"], Awaitable["Input"]]
ListSources = Callable[[], Awaitable[tuple[SoundSource, ...]]]
ListSounds = Callable[[], Awaitable[tuple[SoundDevice, ...]]]


SERIAL_BEGIN = "serial_scope="  # the driver's name, as with other instruments of the command line


class Way(StrEnum):
    """Who records it."""

    SERIAL = "serial"
    SOUND_SERVER = "sound-server"
    PORTAUDIO = "portaudio"


@dataclass(frozen=True, slots=True)
class Input:
    """One that is there now."""

    name: str  # as whoever records it takes it
    way: Way
    rate_hz: int = 0  # 0: it shows when it is heard
    usb: UsbFacts = NO_USB


def refuse_default(name: str) -> None:
    """Rejected(DEFAULT_INPUT_REFUSED) for a name that is none."""
    is_said = any(os.environ.get(variable) for variable in SAID_BY.get(name, ()))
    if name in DEFAULT_NAMES and not is_said:
        raise Rejected(Code.DEFAULT_INPUT_REFUSED, "stethoscope")


async def find_input(
    name: str,
    before: Input | None = None,
    *,
    list_sources: ListSources = sound_sources,
    list_sounds: ListSounds = sound_devices,
) -> Input:
    """Unavailable(DEVICE_MISSING | NO_SOUND_DEVICE) when it is not there. Opens nothing.

    `before`: as it was found earlier; ANOTHER_DEVICE when a different one answers to its name.
    """
    refuse_default(name)
    if is_serial(name):
        return _of_serial(name.removeprefix(SERIAL_BEGIN))
    found = None
    if before is None or before.way is Way.SOUND_SERVER:
        found = await _of_server(name, list_sources)
    if found is None and (before is None or before.way is Way.PORTAUDIO):
        found = await _of_portaudio(name, list_sounds)
    if found is None:
        raise Unavailable(Code.DEVICE_MISSING, "stethoscope")
    if before is not None and found.usb.differs_from(before.usb):
        raise Unavailable(Code.ANOTHER_DEVICE, "stethoscope")
    return found


def is_serial(name: str) -> bool:
    return name.startswith(SERIAL_BEGIN)


def _of_serial(port: str) -> Input:
    if os.sep in port and not os.path.exists(port):
        raise Unavailable(Code.DEVICE_MISSING, "stethoscope")
    return Input(port, Way.SERIAL)


async def _of_server(name: str, list_sources: ListSources) -> Input | None:
    try:
        source = source_named(name, await list_sources())
    except Unavailable:
        return None
    return (
        None if source is None else Input(source.name, Way.SOUND_SERVER, source.rate_hz, source.usb)
    )


async def _of_portaudio(name: str, list_sounds: ListSounds) -> Input | None:
    """Costs a process of its own: asked only where the sound server knows no such name."""
    inputs = {device.name: device for device in await list_sounds() if device.inputs > 0}
    device = inputs.get(named_alike(name, list(inputs)) or "")
    if device is None:
        return None
    return Input(device.name, Way.PORTAUDIO, device.rate_hz, device.usb)


def capture(chosen: Input) -> AsyncGenerator[Captured, None]:
    """What it gives from now on; Unavailable says why it ends."""
    return serial_capture(chosen.name) if chosen.way is Way.SERIAL else _sound_capture(chosen)


async def _sound_capture(chosen: Input) -> AsyncGenerator[Captured, None]:
    """The program goes with whoever stops listening."""
    program = Program(
        *_command(chosen),
        stderr=None,
        env=passed_on_environment(),
        limit=2 * MOST_BYTES,
    )
    try:
        async for piece in captured(program.stdout):
            yield piece
    finally:
        await end(program)


def _command(chosen: Input) -> list[str]:
    starter = ("--starter", str(os.getpid()))
    if chosen.way is Way.SOUND_SERVER:
        source = ("--source", chosen.name, "--rate", str(chosen.rate_hz))
        return command_of("media.devices.pulse_capture", *source, *starter)
    return command_of("media.devices.portaudio_capture", "--device", chosen.name, *starter)
