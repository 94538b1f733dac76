"""Our side of a call and a browser's: joined without a server, each word carried by hand.

All that passes between them passes a gate, in both directions.
"""

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.domain.changes import HeardRecord, Json, RecordType
from app.domain.engine import LiveFromFar
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.runtime.tasks import TaskOwner
from app.services.told_words import Gathering, words_of
from media.quality.line_state import LineState
from media.rtc.link_events import LinkEvent, SignalOut
from tests.fakes.two_links import HEIGHT, WIDTH, Side, picture_of
from tests.fakes.udp_gate import UdpGate, udp_gate
from tests.whole.browser_end import FRAMES_S, BrowserEnd

LOOK_EVERY_S = 0.05
LEAST_TONE_HZ, TONES_HZ = 300, 900


class BrowserVisit:
    """`heard`: records of the other side; `states`: of our line, by seconds since it is up."""

    def __init__(self, folder: Path, gate: UdpGate, tasks: TaskOwner, *, we_offer: bool) -> None:
        self.gate = gate
        self.our_number, self.their_number = secrets.randbits(32), secrets.randbits(32)
        self.our_tone_hz, self.their_tone_hz = (
            LEAST_TONE_HZ + secrets.randbelow(TONES_HZ) for _ in range(2)
        )
        self.us, self.them = PersonId(new_id()), PersonId(new_id())
        self.visit, self.patient = VisitId(new_id()), PatientId(new_id())
        self.heard: list[HeardRecord] = []
        self.states: list[tuple[float, LineState]] = []
        self.ours = Side(is_offerer=we_offer, frequency_hz=self.our_tone_hz)
        self.browser = BrowserEnd(folder, self.their_number, self.their_tone_hz)
        self._we_offer = we_offer
        self._tasks = tasks
        self._description = ""
        self._gathering = Gathering()
        self.ours.on_signal = self._to_browser
        self.ours.on_other = self._heard
        self.browser.on_signal = self._to_us
        tasks.start(self.ours.voice.hum(), "our voice")
        tasks.start(self._film(), "our camera")

    async def open(self) -> None:
        """A browser with camera and microphone, that does not call yet."""
        await self.browser.open(self.them)

    async def connect(self) -> tuple[float, float]:
        """Seconds until the channel is open and until the picture is there, on both sides."""
        began = time.monotonic()
        await self.ours.link.open()
        if not self._we_offer:
            await self.browser.ask("connect(true)")
        await self.ours.up()
        self._tasks.start(self._watch(), "watch our line")
        await self.browser.until("control.readyState", lambda state: state == "open", 5)
        open_s = time.monotonic() - began
        await self.ours.first_picture()
        await self.browser.until("shownAt.length", lambda shown: shown > 0, 5)
        return open_s, time.monotonic() - began

    async def close(self) -> None:
        await self.ours.link.close()
        await self.browser.close()

    def is_picture(self, data: bytes) -> bool:
        """In either direction, repeats included."""
        return self._kind_of(data) in ("vp8", "h264", "rtx")

    def is_repeat(self, data: bytes) -> bool:
        """A packet of a picture that was asked for again."""
        return self._kind_of(data) == "rtx"

    def _kind_of(self, data: bytes) -> str | None:
        """Lower case; both sides use the numbers of the offer. None: not RTP, or unknown."""
        if data[0] >> 6 != 2:
            return None
        kind = re.search(rf"^a=rtpmap:{data[1] & 0x7F} (\w+)/", self._description, re.MULTILINE)
        return None if kind is None else kind[1].lower()

    def say(self, kind: RecordType, record: RecordId, fields: dict[str, Json]) -> None:
        for word in words_of(HeardRecord(kind, record, fields, self.patient, self.visit)):
            self.ours.link.send(LiveFromFar(word))

    # --- inside ------------------------------------------------------------------------------

    def _heard(self, event: LinkEvent) -> None:
        if isinstance(event, LiveFromFar) and (record := self._gathering.take(event.payload)):
            self.heard.append(record)

    def _to_browser(self, told: SignalOut) -> None:
        self._description = str(told.payload["sdp"])
        self._tasks.start(self._described(told.payload), "our description")

    async def _described(self, payload: dict[str, Json]) -> None:
        if self._we_offer:
            await self.browser.ask("connect(false)")
        await self.browser.ask(f"heard({json.dumps(payload)})")

    def _to_us(self, payload: dict[str, Any]) -> None:
        self._tasks.start(self.ours.link.heard(payload), "their description")

    async def _film(self) -> None:
        tick = 0
        while True:
            tick += 1
            self.ours.pictures.put(WIDTH, HEIGHT, picture_of(self.our_number, tick))
            await asyncio.sleep(1 / FRAMES_S)

    async def _watch(self) -> None:
        began = time.monotonic()
        while True:
            if (state := self.ours.link.line_state()) is not None:
                self.states.append((time.monotonic() - began, state))
            await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def visit_with_a_browser(folder: Path, *, we_offer: bool) -> AsyncIterator[BrowserVisit]:
    """The browser runs and nobody has called yet."""
    with udp_gate(is_both_ways=True) as gate:
        async with TaskOwner("browser visit") as tasks:
            visit = BrowserVisit(folder, gate, tasks, we_offer=we_offer)
            try:
                await visit.open()
                yield visit
            finally:
                await visit.close()
