"""The sound devices of this machine, listed by a short-lived process of their own.

PortAudio's list is as old as the process that asks; `python -m media.devices.inputs` is always new
and prints JSON. Monitor sources (what a speaker plays) are left out.
"""

import json
import re
import sys
from dataclasses import asdict, dataclass

import sounddevice

from app.domain.failures import Code, Unavailable
from media.devices import sound_library
from media.devices.program import Program, all_said
from media.devices.usb_facts import NO_USB, SYSTEM, UsbFacts, facts_of

LIST_LIMIT_S = 10.0
_CARD = re.compile(r"\(hw:(\d+),\d+\)$")


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """`name` is what the settings and the command line take."""

    name: str
    inputs: int
    outputs: int
    rate_hz: int
    is_default_input: bool
    is_default_output: bool
    usb: UsbFacts = NO_USB  # of the card behind it, where PortAudio's name tells its number


async def sound_devices() -> tuple[SoundDevice, ...]:
    """What is there now; Unavailable(NO_SOUND_DEVICE) when the list cannot be had."""
    program = Program(sys.executable, "-m", "media.devices.inputs")
    return devices_of(await all_said(program, LIST_LIMIT_S))


def devices_of(said: bytes) -> tuple[SoundDevice, ...]:
    try:
        return tuple(
            SoundDevice(**{**entry, "usb": UsbFacts(**entry["usb"])}) for entry in json.loads(said)
        )
    except (ValueError, TypeError, KeyError) as error:
        raise Unavailable(Code.NO_SOUND_DEVICE, "list") from error


def list_here() -> list[SoundDevice]:
    """What PortAudio of this process knows."""
    default_input, default_output = sound_library.defaults()
    return [
        SoundDevice(
            name=entry["name"],
            inputs=entry["max_input_channels"],
            outputs=entry["max_output_channels"],
            rate_hz=int(entry["default_samplerate"]),
            is_default_input=entry["index"] == default_input,
            is_default_output=entry["index"] == default_output,
            usb=_usb_of(entry["name"]),
        )
        for entry in sounddevice.query_devices()
        if not sound_library.is_monitor(entry["name"])
    ]


def _usb_of(name: str) -> UsbFacts:
    card = _CARD.search(name)
    if card is None:
        return NO_USB
    return facts_of(SYSTEM / f"class/sound/card{card.group(1)}/device")


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(device) for device in list_here()]))
