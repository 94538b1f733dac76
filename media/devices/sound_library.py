"""PortAudio behind one door: streams are opened and closed one at a time, off the loop.

PortAudio knows only the devices that were there when it began. It is begun again when a name is
not known and no stream is open, never under an open stream.
"""

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import sounddevice

from app.domain.failures import Code, Unavailable
from media.devices.sample_ring import Samples

OPEN_LIMIT_S = 10.0
MONITOR_MARKS = ("monitor of", ".monitor")  # what a speaker plays is nobody's voice

# "Scope: USB Audio (hw:2,0)": after the next plugging in it may be (hw:3,0).
_PLACE = re.compile(r" \(hw:\d+,\d+\)$")

OnInput = Callable[[Samples], None]
OnOutput = Callable[[npt.NDArray[np.int16]], None]  # fills what it is given


class Stream(Protocol):
    """What we use of a PortAudio stream."""

    @property
    def latency(self) -> float:
        """Seconds between the device and our callback, as PortAudio knows it."""
        ...

    def stop(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """`device`: a name as PortAudio tells it; None: the system's default."""

    device: str | None
    rate_hz: int | None  # None: the device's own
    block_samples: int


_door = threading.Lock()
_open_streams: list[Stream] = []


async def open_input(wish: Wish, on_samples: OnInput) -> tuple[Stream, int]:
    """(stream, rate); Unavailable(DEVICE_MISSING | NO_SOUND_DEVICE | DEVICE_BUSY)."""
    return await _limited(lambda: open_input_here(wish, on_samples))


def open_input_here(wish: Wish, on_samples: OnInput) -> tuple[Stream, int]:
    """The same for a program without a loop; blocks."""

    def heard(data: Samples, _frames: int, _time: object, _status: object) -> None:
        on_samples(data[:, 0])

    return _open(sounddevice.InputStream, wish, heard, "input")


async def open_output(wish: Wish, on_wanted: OnOutput) -> tuple[Stream, int]:
    def wanted(data: Samples, _frames: int, _time: object, _status: object) -> None:
        on_wanted(data[:, 0])

    return await _limited(lambda: _open(sounddevice.OutputStream, wish, wanted, "output"))


async def close(stream: Stream) -> None:
    """A stream that does not end is left behind; the device counts as pulled."""
    try:
        async with asyncio.timeout(OPEN_LIMIT_S):
            await asyncio.to_thread(close_here, stream)
    except TimeoutError:
        pass


async def _limited(work: Callable[[], tuple[Stream, int]]) -> tuple[Stream, int]:
    try:
        async with asyncio.timeout(OPEN_LIMIT_S):
            return await asyncio.to_thread(work)
    except TimeoutError as error:
        raise Unavailable(Code.DEVICE_SILENT, "sound device") from error


def _open(
    kind: Callable[..., Any], wish: Wish, callback: object, direction: str
) -> tuple[Stream, int]:
    with _door:
        known = _known(wish.device, direction)
        rate_hz = wish.rate_hz or int(known["default_samplerate"])
        try:
            stream = kind(
                device=known["index"],
                samplerate=rate_hz,
                channels=1,
                dtype="int16",
                blocksize=wish.block_samples,
                latency="low",
                callback=callback,
            )
            stream.start()
        except sounddevice.PortAudioError as error:
            raise Unavailable(Code.DEVICE_BUSY, "sound device") from error
        _open_streams.append(stream)
        return stream, rate_hz


def _known(device: str | None, direction: str) -> dict[str, Any]:
    """The device's entry; PortAudio is begun anew once when it does not know it."""
    for is_second_look in (False, True):
        if is_second_look and not _begin_anew():
            break
        found = _find(device, direction)
        if found is not None:
            return found
    raise Unavailable(Code.DEVICE_MISSING if device else Code.NO_SOUND_DEVICE, "sound device")


def _find(device: str | None, direction: str) -> dict[str, Any] | None:
    channels = f"max_{direction}_channels"
    every = [entry for entry in sounddevice.query_devices() if entry[channels] > 0]
    if direction == "input":
        every = [entry for entry in every if not is_monitor(entry["name"])]
    if device is not None:
        named = named_alike(device, [str(entry["name"]) for entry in every])
        return next((entry for entry in every if entry["name"] == named), None)
    standard = defaults()[0 if direction == "input" else 1]
    return next((entry for entry in every if entry["index"] == standard), None)


def named_alike(device: str, names: list[str]) -> str | None:
    """The very name, else the one that differs only by the place which the system counted out."""
    if device in names:
        return device
    alike = [name for name in names if _PLACE.sub("", name) == _PLACE.sub("", device)]
    return alike[0] if len(alike) == 1 else None


def defaults() -> tuple[int, int]:
    """PortAudio's own choice of input and output; negative where there is none."""
    chosen = sounddevice.default.device
    return int(chosen[0]), int(chosen[1])


def is_monitor(name: str) -> bool:
    return any(mark in name.lower() for mark in MONITOR_MARKS)


def _begin_anew() -> bool:
    if _open_streams:
        return False
    sounddevice._terminate()
    sounddevice._initialize()
    return True


def close_here(stream: Stream) -> None:
    """Blocks."""
    with _door:
        try:
            stream.stop()
            stream.close()
        except sounddevice.PortAudioError:
            pass  # the device went before us
        if stream in _open_streams:
            _open_streams.remove(stream)
