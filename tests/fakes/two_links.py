"""Two real peer links tied back to back in one process, each with its own voice and picture."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import numpy as np

from app.runtime.tasks import TaskOwner
from media.devices.sample_ring import SampleRing, Samples
from media.devices.sound_pace import SoundPace
from media.rtc.link_events import (
    ExamPictureIn,
    FirstPicture,
    LinkEvent,
    LinkUp,
    PictureIn,
    SignalOut,
    VoiceIn,
)
from media.rtc.local_tracks import PictureFeed
from media.rtc.peer_link import PeerLink

EventT = TypeVar("EventT")
CELL = 16
IN_HAND = 48_000 * 4 // 100
WIDTH, HEIGHT = 640, 480
NOISE = np.random.default_rng(1).integers(60, 160, (200, WIDTH), dtype=np.uint8)


class ToneVoice:
    """A voice that hums one tone, fed in real time; fulfils VoiceSource."""

    def __init__(self, frequency_hz: float) -> None:
        self._frequency_hz = frequency_hz
        self._rings: list[SampleRing] = []

    def tap(self) -> SampleRing:
        ring = SampleRing(24_000)
        self._rings.append(ring)
        return ring

    def untap(self, ring: SampleRing) -> None:
        self._rings = [one for one in self._rings if one is not ring]

    async def hum(self) -> None:
        started, given = time.monotonic(), 0
        while True:
            await asyncio.sleep(0.02)
            due = int((time.monotonic() - started) * 48_000)
            at = np.arange(given, due) / 48_000
            tone = (8000 * np.sin(2 * np.pi * self._frequency_hz * at)).astype(np.int16)
            for ring in self._rings:
                ring.write(tone)
            given = due


class NobodyListens:
    """Fulfils VoiceSink and wants no voice."""

    surplus = 0


def picture_of(number: int, tick: int) -> bytes:
    """I420 with 32 bits as black and white cells above a moving bar."""
    luma = np.full((HEIGHT, WIDTH), 110, dtype=np.uint8)
    for bit in range(32):
        shade = 220 if number >> bit & 1 else 30
        luma[CELL : 3 * CELL, (bit + 4) * CELL : (bit + 5) * CELL] = shade
    luma[200:400] = np.roll(NOISE, tick * 7, axis=1)  # what keeps the encoder busy
    x = tick * 9 % (WIDTH - 40)
    luma[200:400, x : x + 40] = 200
    return luma.tobytes() + bytes([128]) * (WIDTH * HEIGHT // 2)


def number_in(luma: "np.typing.NDArray[np.uint8]") -> int:
    """The 32 bits again, from decoded pixels; the picture may have become smaller on its way."""
    down, across = luma.shape[0] / HEIGHT, luma.shape[1] / WIDTH
    rows = slice(round((CELL + 6) * down), round((3 * CELL - 6) * down))
    number = 0
    for bit in range(32):
        left, right = ((bit + 4) * CELL + 5) * across, ((bit + 5) * CELL - 5) * across
        cell = luma[rows, round(left) : max(round(left) + 1, round(right))]
        number |= int(cell.mean() > 125) << bit
    return number


def frequency_of(samples: Samples) -> float:
    """The strongest tone."""
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64) * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * 48_000 / len(samples)


class Side:
    """One end: its link, and all it was told, newest last."""

    def __init__(
        self,
        *,
        is_offerer: bool,
        frequency_hz: float,
        is_empty: bool = False,
        has_exam: bool = False,
    ) -> None:
        self.voice = ToneVoice(frequency_hz)
        self.pictures = PictureFeed()
        self.exam = PictureFeed()
        self.exam_came: list[tuple[float, np.ndarray, int]] = []  # when, its light, its stamp
        self.events: list[tuple[float, LinkEvent]] = []
        self.luma: np.ndarray | None = None
        self.pictures_at: list[float] = []
        self.sound: list[Samples] = []
        self.on_signal: Callable[[SignalOut], None] = lambda signal: None
        self.on_other: Callable[[LinkEvent], None] = lambda event: None
        self._news = asyncio.Event()
        self._pace = SoundPace(48_000)
        self.link = PeerLink(
            is_offerer=is_offerer,
            voice=self.voice,
            far_voice=self,
            pictures=self.pictures,
            on_event=self._told,
            is_empty=is_empty,
            exam=self.exam if has_exam else None,
        )

    @property
    def surplus(self) -> int:
        """Fulfils VoiceSink: played by the clock."""
        return self._pace.in_hand - IN_HAND

    def _told(self, event: LinkEvent) -> None:
        match event:
            case PictureIn(frame):
                self.pictures_at.append(time.monotonic())
                self.luma = frame.to_ndarray()[: frame.height]
            case ExamPictureIn(frame, stamp):
                self.exam_came.append((time.monotonic(), frame.to_ndarray()[: frame.height], stamp))
            case VoiceIn(samples):
                self.sound.append(samples)
                self._pace.add(len(samples))
            case SignalOut():
                self.on_signal(event)
            case _:
                self.events.append((time.monotonic(), event))
                self.on_other(event)
        self._news.set()

    def of(self, kind: type[EventT]) -> list[tuple[float, EventT]]:
        return [(at, event) for at, event in self.events if isinstance(event, kind)]

    async def until(self, holds: Callable[[], bool], limit_s: float, what: str) -> float:
        """Wait for something that this side is told; the seconds it took."""
        started = time.monotonic()
        while not holds():
            left_s = started + limit_s - time.monotonic()
            assert left_s > 0, f"{what} did not come within {limit_s} s: {self.events[-8:]}"
            self._news.clear()
            try:
                async with asyncio.timeout(min(left_s, 0.2)):
                    await self._news.wait()
            except TimeoutError:
                pass
        return time.monotonic() - started

    async def up(self, times: int = 1, limit_s: float = 10.0) -> float:
        return await self.until(lambda: len(self.of(LinkUp)) >= times, limit_s, "the link")

    async def first_picture(self, limit_s: float = 10.0) -> float:
        return await self.until(lambda: bool(self.of(FirstPicture)), limit_s, "the first picture")


class Pair:
    def __init__(self, tasks: TaskOwner, *, is_empty: bool, has_exam: bool) -> None:
        self.clinician = Side(is_offerer=True, frequency_hz=440.0, is_empty=is_empty)
        self.cart = Side(is_offerer=False, frequency_hz=660.0, is_empty=is_empty, has_exam=has_exam)
        self._tasks = tasks
        self.clinician.on_signal = lambda signal: self._carry(self.cart, signal)
        self.cart.on_signal = lambda signal: self._carry(self.clinician, signal)

    def _carry(self, to: Side, signal: SignalOut) -> None:
        self._tasks.start(to.link.heard(signal.payload), "signal")

    async def open(self) -> None:
        await self.cart.link.open()
        await self.clinician.link.open()

    async def close(self) -> None:
        await self.clinician.link.close()
        await self.cart.link.close()

    async def show_small(self) -> None:
        """Both cameras: grey that changes, where only the joining matters."""
        shade = 0
        while True:
            shade = (shade + 1) % 100
            grey = bytes([100 + shade]) * (160 * 120) + bytes([128]) * (160 * 120 // 2)
            self.clinician.pictures.put(160, 120, grey)
            self.cart.pictures.put(160, 120, grey)
            await asyncio.sleep(1 / 30)

    async def show(self, number: int) -> None:
        """Both cameras: a number and something that moves, 30 pictures a second."""
        tick = 0
        while True:
            tick += 1
            self.clinician.pictures.put(WIDTH, HEIGHT, picture_of(number ^ 0xFFFFFFFF, tick))
            self.cart.pictures.put(WIDTH, HEIGHT, picture_of(number, tick))
            await asyncio.sleep(1 / 30)


@asynccontextmanager
async def two_links(
    number: int | None = 0,
    *,
    is_small: bool = False,
    is_empty: bool = False,
    has_exam: bool = False,
) -> AsyncIterator[Pair]:
    """Two links, not yet opened; with a number the cameras run. `has_exam`: at the cart."""
    async with TaskOwner("two links") as tasks:
        pair = Pair(tasks, is_empty=is_empty, has_exam=has_exam)
        tasks.start(pair.clinician.voice.hum(), "hum")
        tasks.start(pair.cart.voice.hum(), "hum")
        if number is not None:
            tasks.start(pair.show_small() if is_small else pair.show(number), "show")
        try:
            yield pair
        finally:
            await pair.close()
