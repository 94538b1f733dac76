"""A call with a browser: our peer link against a real Chromium, both ways, on this machine.

Picture and voice are judged at the far end, by a number in pixels and by the tone that is heard.
"""

import asyncio
import math
import os
import re
import secrets
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.changes import HeardRecord, RecordType
from app.domain.engine import LiveFromFar, Measures
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.messages import (
    Message,
    Receipt,
    ReceiptKind,
    message_fields,
    receipt_fields,
)
from app.runtime.tasks import TaskOwner
from app.services.told_words import Gathering, words_of
from bench.call.chromium import PROGRAM
from media.rtc.control_words import FarCamera
from media.rtc.link_events import LinkFailed, LinkLost, SignalOut
from tests.fakes.two_links import HEIGHT, WIDTH, Side, frequency_of, number_in, picture_of
from tests.fakes.udp_gate import UdpGate, udp_gate
from tests.unproven import unproven
from tests.whole.browser_end import BrowserEnd

pytestmark = pytest.mark.whole

MEGABIT = 1_000_000
CLIMB_S = 3.0
LOSS, LOSS_S = 0.05, 5.0
WITHOUT_PICTURE_S = 1.2


@dataclass
class Visit:
    """Our side and the browser's, what each shows and says, and what was told in words."""

    ours: Side
    browser: BrowserEnd
    gate: UdpGate
    our_number: int
    their_number: int
    our_tone_hz: int
    their_tone_hz: int
    us: PersonId
    them: PersonId
    visit: VisitId
    patient: PatientId
    heard: list[HeardRecord]
    targets: list[tuple[float, int]]  # seconds since the click, bit/s
    descriptions: list[str]
    tasks: TaskOwner

    async def connect(self, *, we_offer: bool) -> None:
        """Until the control channel is open on both sides."""
        self.ours.on_signal = self._to_browser
        self.browser.on_signal = self._to_us
        await self.ours.link.open()
        if not we_offer:
            await self.browser.ask("connect(true)")
        await self.ours.up()
        self.tasks.start(self._watch(), "watch our rate")
        await self.browser.until("control.readyState", lambda state: state == "open", 5)

    def _to_browser(self, told: SignalOut) -> None:
        self.descriptions.append(str(told.payload["sdp"]))
        if told.payload["type"] == "offer":
            self.tasks.start(self._offered(told), "our offer")
        else:
            self.tasks.start(self.browser.ask(f"heard({_script(told.payload)})"), "our answer")

    async def _offered(self, told: SignalOut) -> None:
        await self.browser.ask("connect(false)")
        await self.browser.ask(f"heard({_script(told.payload)})")

    def _to_us(self, payload: dict[str, Any]) -> None:
        self.tasks.start(self.ours.link.heard(payload), "their description")

    async def _watch(self) -> None:
        began = time.monotonic()
        while True:
            if (state := self.ours.link.line_state()) is not None:
                self.targets.append((time.monotonic() - began, state.target_bit_s))
            await asyncio.sleep(0.05)

    def hear_words(self) -> None:
        gathering = Gathering()

        def heard(event: object) -> None:
            if isinstance(event, LiveFromFar) and (record := gathering.take(event.payload)):
                self.heard.append(record)

        self.ours.on_other = heard

    def say(self, kind: RecordType, record: RecordId, fields: dict[str, Any]) -> None:
        for word in words_of(HeardRecord(kind, record, fields, self.patient, self.visit)):
            self.ours.link.send(LiveFromFar(word))


def _script(value: object) -> str:
    import json

    return json.dumps(value)


@asynccontextmanager
async def visit_with_a_browser(folder: Path, *, we_offer: bool) -> AsyncIterator[Visit]:
    if shutil.which(PROGRAM) is None:
        unproven(f"{PROGRAM} is not installed, so no browser was called")
    our_tone_hz, their_tone_hz = 300 + secrets.randbelow(900), 300 + secrets.randbelow(900)
    our_number, their_number = secrets.randbits(32), secrets.randbits(32)
    print(f"numbers {our_number} {their_number}, tones {our_tone_hz} {their_tone_hz} Hz")
    with udp_gate(is_both_ways=True) as gate:
        async with TaskOwner("browser call") as tasks:
            ours = Side(is_offerer=we_offer, frequency_hz=our_tone_hz)
            browser = BrowserEnd(folder, their_number, their_tone_hz)
            visit = Visit(
                *(ours, browser, gate, our_number, their_number, our_tone_hz, their_tone_hz),
                *(PersonId(new_id()), PersonId(new_id()), VisitId(new_id()), PatientId(new_id())),
                *([], [], [], tasks),
            )
            visit.hear_words()
            tasks.start(ours.voice.hum(), "our voice")
            tasks.start(_film(visit), "our camera")
            try:
                await browser.open(visit.them)
                yield visit
            finally:
                await ours.link.close()
                await browser.close()


async def _film(visit: Visit) -> None:
    tick = 0
    while True:
        tick += 1
        visit.ours.pictures.put(WIDTH, HEIGHT, picture_of(visit.our_number, tick))
        await asyncio.sleep(1 / 30)


@pytest.mark.parametrize("we_offer", [True, False], ids=["we offer", "the browser offers"])
async def test_it(tmp_path: Path, we_offer: bool) -> None:
    began = time.monotonic()
    async with visit_with_a_browser(tmp_path, we_offer=we_offer) as visit:
        print(f"browser there after {time.monotonic() - began:.2f}")
        t = time.monotonic()
        await visit.connect(we_offer=we_offer)
        print(f"joined after {time.monotonic() - t:.2f}")
        await visit.ours.first_picture()
        print(f"picture after {time.monotonic() - t:.2f}")
        await visit.browser.until("shownAt.length", lambda n: n, 5)
        print(f"their picture after {time.monotonic() - t:.2f}")
        for _ in range(8):
            await asyncio.sleep(0.5)
            print(await visit.browser.ask("rates.at(-1)"), visit.targets[-1], len(visit.ours.pictures_at), await visit.browser.ask("[shownAt.length, seenNumber(), heardTone()]"), visit.our_number, visit.our_tone_hz)
        heard = np.concatenate(visit.ours.sound)[-48000:]
        print(number_in(visit.ours.luma), visit.their_number, frequency_of(heard), visit.their_tone_hz, visit.ours.luma.shape)
        import json
        for k, v in (await visit.browser.figures()).items():
            print(k, json.dumps(v))
        print(visit.ours.of(Measures)[-1])
        print(await visit.browser.ask("rates.filter((r,i)=>i%5==0)"))
        print(visit.targets[::5])
