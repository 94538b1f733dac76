"""The sound server's inputs by their own names, and what it tells of the device behind each.

Asked by `pactl`, which PulseAudio and PipeWire both answer. Where it is missing the list is empty
and sound devices are known by PortAudio's names alone (inputs.py).
"""

import json
import os
from dataclasses import dataclass
from typing import Any

from app.domain.failures import Code, Unavailable
from media.devices.program import Program, all_said
from media.devices.usb_facts import NO_USB, UsbFacts, tamed

LIST_LIMIT_S = 3.0
MOST_BYTES = 1024 * 1024
MOST_SOURCES = 64


@dataclass(frozen=True, slots=True)
class SoundSource:
    """`name` is stable: the server makes it of maker, model, number and profile of the device."""

    name: str
    description: str
    rate_hz: int
    channels: int
    is_monitor: bool  # what a loudspeaker plays
    usb: UsbFacts = NO_USB


def c_locale() -> dict[str, str]:
    """pactl speaks the language of the machine otherwise."""
    return {**os.environ, "LC_ALL": "C"}


async def sound_sources() -> tuple[SoundSource, ...]:
    """Empty where there is no pactl; Unavailable(NO_SOUND_DEVICE) when no server answers it."""
    try:
        program = Program("pactl", "--format=json", "list", "sources", env=c_locale())
    except OSError:
        return ()
    said = await all_said(program, LIST_LIMIT_S)
    if program.returncode != 0:
        raise Unavailable(Code.NO_SOUND_DEVICE, "no sound server")
    return sources_of(said)


def sources_of(said: bytes) -> tuple[SoundSource, ...]:
    try:
        if len(said) > MOST_BYTES:
            raise ValueError("size")
        return tuple(_source_of(entry) for entry in json.loads(said)[:MOST_SOURCES])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unavailable(Code.NO_SOUND_DEVICE, "list") from error


def _source_of(entry: dict[str, Any]) -> SoundSource:
    _, channels, rate = str(entry["sample_specification"]).split()  # "s16le 1ch 44100Hz"
    told = entry["properties"]
    usb = UsbFacts(
        _hexadecimal(told.get("device.vendor.id", "")),
        _hexadecimal(told.get("device.product.id", "")),
        tamed(str(told.get("device.serial", ""))),
        tamed(str(told.get("device.bus_path", ""))),
    )
    return SoundSource(
        name=str(entry["name"]),
        description=tamed(str(entry["description"])),
        rate_hz=int(rate.removesuffix("Hz")),
        channels=int(channels.removesuffix("ch")),
        is_monitor=bool(entry["monitor_source"]) or told.get("device.class") == "monitor",
        usb=usb,
    )


def _hexadecimal(told: object) -> str:
    """Four digits; PipeWire writes 0x before them."""
    digits = str(told).lower().removeprefix("0x")
    return digits.zfill(4) if digits and len(digits) <= 4 else ""


def source_named(name: str, sources: tuple[SoundSource, ...]) -> SoundSource | None:
    """By its own name, else by a description that only one has."""
    for source in sources:
        if source.name == name:
            return source
    described = [one for one in sources if one.description == name and not one.is_monitor]
    return described[0] if len(described) == 1 else None
