"""A real Chromium as the far end of a link of ours, with a camera and a microphone made of files.

The picture shows a number, the voice is one tone; the page tells which number it sees and which
tone it hears.
"""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.ids import PersonId
from bench.call.chromium import Chromium, Word
from media.synthetic import write_wav
from tests.fakes.two_links import HEIGHT, WIDTH, picture_of

HERE = Path(__file__).parent
PAGES = {
    HERE / "browser_page.html": "text/html",
    HERE / "browser_page.js": "text/javascript",
}
FRAMES_S = 15  # the two ends share two cores with all else: 30 was too much for a slow machine
RATE_HZ = 48_000
LOOK_EVERY_S = 0.1


def write_clip(path: Path, number: int) -> None:
    """A second of YUV4MPEG2, each picture with the number above what moves."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_S}:1 Ip A1:1 C420mpeg2\n".encode())
        for tick in range(FRAMES_S):
            file.write(b"FRAME\n" + picture_of(number, tick))


def write_tone(path: Path, frequency_hz: int) -> None:
    """A second, so that a whole frequency goes round without a click."""
    at = np.arange(RATE_HZ) / RATE_HZ
    tone = 8000 * np.sin(2 * np.pi * frequency_hz * at)
    write_wav(path, tone.astype(np.int16), RATE_HZ)


class BrowserEnd:
    """`on_signal` gets the page's description, to be carried to the other end."""

    def __init__(self, folder: Path, number: int, frequency_hz: int) -> None:
        clip, tone = folder / "picture.y4m", folder / "voice.wav"
        write_clip(clip, number)
        write_tone(tone, frequency_hz)
        self.on_signal: Callable[[dict[str, Any]], None] = lambda payload: None
        self._chromium = Chromium(
            PAGES,
            self._told,
            flags=(
                f"--use-file-for-fake-video-capture={clip}",
                f"--use-file-for-fake-audio-capture={tone}",
                "--allow-loopback-in-peer-connection",
            ),
        )

    async def open(self, person: PersonId) -> None:
        await self._chromium.open()
        await self._chromium.run(f"open({json.dumps(str(person))})")

    async def close(self) -> None:
        await self._chromium.close()

    def _told(self, word: Word) -> None:
        self.on_signal(word["payload"])

    async def ask(self, script: str) -> Any:
        return await self._chromium.run(script)

    async def figures(self) -> dict[str, Any]:
        """States, pictures shown, and getStats of the four streams with their codec's name."""
        found: dict[str, Any] = await self.ask("figures()")
        return found

    async def until(self, script: str, holds: Callable[[Any], bool], limit_s: float) -> float:
        """Ask the page until its answer is right; the seconds it took."""
        started = time.monotonic()
        while not holds(answer := await self.ask(script)):
            assert time.monotonic() - started < limit_s, f"{script} is {answer!r} for {limit_s} s"
            await asyncio.sleep(LOOK_EVERY_S)
        return time.monotonic() - started

    @property
    def pids(self) -> list[int]:
        return self._chromium.pids
