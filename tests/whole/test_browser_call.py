"""A call with a browser: our peer link against a real Chromium, both ways, on this machine.

Picture and voice are judged at the far end, by a number in pixels and by the tone that is heard.
"""

import asyncio
import json
import math
import os
import shutil
import signal
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.changes import RecordType
from app.domain.ids import RecordId, new_id
from app.domain.messages import Message, Receipt, ReceiptKind, message_fields, receipt_fields
from bench.call.chromium import PROGRAM
from media.rtc.control_words import FarCamera
from media.rtc.link_events import LinkFailed, LinkLost
from tests.fakes.two_links import frequency_of, number_in
from tests.unproven import unproven
from tests.whole.browser_end import RATE_HZ
from tests.whole.browser_visit import BrowserVisit, visit_with_a_browser

pytestmark = pytest.mark.whole

# From 0.15 and 0.3 Mbit/s. A megabit is passed in 0.3 s on a calm machine; on a busy one the first
# packets queue for a processor, which is a full line to whoever measures it: the line is then asked
# again after some 3 s. How soon a line is filled is what `make bench-call` measures, alone.
CLIMBED_BIT_S = 500_000
CLIMBS_WITHIN_S = 20.0
LOSS, LOSS_S = 0.05, 6.0
LONGEST_GAP_S = 2.0  # below 0.2 on a calm machine; 1.05 was seen on a busy one
NO_PICTURE_S, ASKED_S = 0.3, 5.0  # Chromium waits 3 s before it asks
FRAMES_OVER_S = 2.0
LEAST_FRAMES_S = 2.0  # of 15: not starved
TONE_WITHIN_HZ = 4.0
LEAST_COPIES = 0.25  # a packet; up to 0.22 are found where there are none, inside of Opus' own
TWICE = 1.3  # of a plain packet's size, the least that one with a copy has in the mean
MOST_CONCEALED = 0.25  # a busy machine conceals, too (0.11 was seen); a calm one below 0.01
LEAST_REPLACED = 0.5  # of the voice's packets that were lost, by copies
SILENT_S = 1.5  # until a far side that is gone is said to be lost


@pytest.fixture(autouse=True)
def chromium() -> None:
    if shutil.which(PROGRAM) is None:
        unproven(f"{PROGRAM} is not installed, so no call with a browser was held")


async def test_we_call_a_browser_and_it_is_a_visit_until_its_program_is_killed(
    tmp_path: Path,
) -> None:
    async with visit_with_a_browser(tmp_path, we_offer=True) as visit:
        await _join(visit)
        await _see_and_hear_each_other(visit)
        await _climbed(visit)
        await _write_to_each_other(visit)
        await _bear_loss(visit)
        for pid in visit.browser.pids:
            os.kill(pid, signal.SIGKILL)
        took_s = await visit.ours.until(
            lambda: bool(visit.ours.of(LinkLost) or visit.ours.of(LinkFailed)), SILENT_S, "the loss"
        )
        closing = time.monotonic()
        await visit.ours.link.close()
        print(f"lost after {took_s:.2f} s, closed in {time.monotonic() - closing:.2f} s")
        assert not visit.ours.link.is_up
        assert time.monotonic() - closing < 1.0


async def test_a_browser_calls_us_and_hangs_up(tmp_path: Path) -> None:
    async with visit_with_a_browser(tmp_path, we_offer=False) as visit:
        await _join(visit)
        await _see_and_hear_each_other(visit)
        await _climbed(visit)
        await _write_to_each_other(visit)
        assert not visit.ours.of(LinkLost)
        await visit.browser.ask("pc.close()")
        await visit.ours.until(lambda: bool(visit.ours.of(LinkFailed)), SILENT_S, "the end")


@pytest.mark.parametrize("we_offer", [True, False])
async def test_a_browser_that_takes_h264_alone_is_shown_and_seen_in_it(
    tmp_path: Path, we_offer: bool
) -> None:
    async with visit_with_a_browser(tmp_path, we_offer=we_offer) as visit:
        await visit.browser.ask("onlyPicture = 'video/H264'")
        await _join(visit)
        await _see_and_hear_each_other(visit)
        figures = await visit.browser.figures()
        assert figures["in video"]["codec"] == figures["out video"]["codec"] == "video/H264"
        if we_offer:
            await _climbed(visit)
            await _bear_loss(visit)


@pytest.mark.long
async def test_a_key_frame_is_asked_for_and_given_where_repeats_are_lost(tmp_path: Path) -> None:
    async with visit_with_a_browser(tmp_path, we_offer=True) as visit:
        await _join(visit)
        await _see_and_hear_each_other(visit)
        await _climbed(visit)
        try:
            await _ask_for_a_new_picture(visit)
        finally:
            print(visit.ours.link.arrival_count, visit.states[-1])


async def _join(visit: BrowserVisit) -> None:
    open_s, picture_s = await visit.connect()
    print(f"channel open after {open_s:.2f} s, both pictures after {picture_s:.2f} s")
    await visit.ours.until(lambda: bool(visit.ours.of(FarCamera)), 2, "the browser's camera")
    assert visit.ours.of(FarCamera)[0][1].is_on


async def _see_and_hear_each_other(visit: BrowserVisit) -> None:
    ours, browser = visit.ours, visit.browser
    await ours.until(
        lambda: ours.luma is not None and number_in(ours.luma) == visit.their_number,
        3,
        "the browser's number",
    )
    await browser.until("seenNumber()", lambda number: number == visit.our_number, 3)
    await browser.until(
        "heardTone()",
        lambda tone: tone is not None and abs(tone - visit.our_tone_hz) < TONE_WITHIN_HZ,
        3,
    )

    def hears() -> bool:
        heard = np.concatenate(ours.sound[-50:]) if ours.sound else np.zeros(0, np.int16)
        return (
            len(heard) >= 24_000
            and abs(frequency_of(heard[-24_000:]) - visit.their_tone_hz) < TONE_WITHIN_HZ
        )

    await ours.until(hears, 3, "the browser's tone")


async def _climbed(visit: BrowserVisit) -> None:
    """Each side makes use of what the other tells of the line."""
    await visit.ours.until(
        lambda: any(state.target_bit_s > CLIMBED_BIT_S for _, state in visit.states),
        CLIMBS_WITHIN_S,
        "our rate to climb",
    )
    await visit.browser.until(
        "Math.max(0, ...rates.map(([, rate]) => rate))",
        lambda most: most > CLIMBED_BIT_S,
        CLIMBS_WITHIN_S,
    )
    theirs = {at / 1000: rate for at, rate in await visit.browser.ask("rates")}
    ours = {at: state.target_bit_s for at, state in visit.states}
    for whose, rates in (("their", theirs), ("our", ours)):
        reached_s = min(at for at, rate in rates.items() if rate > CLIMBED_BIT_S)
        print(
            f"{whose} rate: {reached_s:.2f} s to 0.5 Mbit/s, "
            f"most {max(rates.values()) / 1e6:.2f} Mbit/s, least {min(rates.values()) / 1e6:.2f}"
        )
        assert min(rates.values()) > 0
    for _, state in visit.states:
        known = (state.loss_share, state.round_trip_s, state.queue_s, state.acknowledged_bit_s)
        assert all(one is None or math.isfinite(one) for one in known), state
    here, there = len(visit.ours.pictures_at), await visit.browser.ask("shownAt.length")
    await asyncio.sleep(FRAMES_OVER_S)
    here_s = (len(visit.ours.pictures_at) - here) / FRAMES_OVER_S
    there_s = (await visit.browser.ask("shownAt.length") - there) / FRAMES_OVER_S
    print(f"pictures a second: {here_s:.1f} of theirs here, {there_s:.1f} of ours there")
    assert min(here_s, there_s) > LEAST_FRAMES_S
    await _voice_carries_copies(visit)


async def _voice_carries_copies(visit: BrowserVisit) -> None:
    """getStats names the codec inside the copies' packets. The browser counts the copies in ours;
    those in its own show in the size of its packets.
    """
    figures = await visit.browser.figures()
    heard, said = figures["in audio"], figures["out audio"]
    assert heard["codec"] == said["codec"] == "audio/opus"
    copies = heard["fecPacketsReceived"] / heard["packetsReceived"]
    plain_bytes = said["targetBitrate"] / 8 * 0.02
    ours = heard["bytesReceived"] / heard["packetsReceived"] / plain_bytes
    theirs = said["bytesSent"] / said["packetsSent"] / plain_bytes
    print(
        f"voice packets, times a plain one: ours {ours:.1f}, the browser's {theirs:.1f}; ", end=""
    )
    print(f"copies that the browser found in ours: {copies:.2f} a packet")
    assert copies > LEAST_COPIES
    assert theirs > TWICE


async def _write_to_each_other(visit: BrowserVisit) -> None:
    now = datetime.now(UTC)
    mine = Message(
        RecordId(new_id()), visit.visit, visit.patient, "Änderung 🩺", visit.us, "we", now
    )
    visit.say(RecordType.MESSAGE, mine.id, message_fields(mine))
    await visit.ours.until(
        lambda: any(
            one.record_type is RecordType.RECEIPT and one.fields["message"] == str(mine.id)
            for one in visit.heard
        ),
        2,
        "the browser's receipt",
    )
    there = {one["record"]: one for one in await visit.browser.ask("records")}
    assert there[str(mine.id)]["fields"]["text"] == mine.text
    theirs = RecordId(new_id())
    about = {"visit": str(visit.visit), "patient": str(visit.patient)}
    fields = {
        "text": "out of a browser",
        "author": str(visit.them),
        "author_name": "a browser",
        "written_at": now.isoformat(),
        "turn": 2,
    }
    told = json.dumps(["message", about, fields, str(theirs)])
    await visit.browser.ask(f"tellRecord(...{told})")
    await visit.ours.until(
        lambda: any(one.record == theirs for one in visit.heard), 2, "their word"
    )
    [record] = [one for one in visit.heard if one.record == theirs]
    assert (record.record_type, record.fields["text"]) == (RecordType.MESSAGE, "out of a browser")
    receipt = Receipt(theirs, ReceiptKind.DELIVERED, visit.us, now)
    said = receipt_fields(receipt, visit.visit, visit.patient, "we")
    visit.say(RecordType.RECEIPT, RecordId(new_id()), said)
    await visit.browser.until(
        "records.filter((one) => one.type === 'receipt').map((one) => one.fields.message)",
        lambda received: str(theirs) in received,
        2,
    )
    assert await visit.browser.ask("strange") == []


def _risen(before: dict[str, Any], after: dict[str, Any], stream: str, name: str) -> float:
    return float(after[stream][name]) - float(before[stream].get(name, 0))


async def _bear_loss(visit: BrowserVisit) -> None:
    ours, browser = visit.ours, visit.browser
    before, page_ms = await browser.figures(), await browser.ask("performance.now()")
    played = ours.link.playout.count
    heard, made_up = played.heard, played.recovered + played.guessed
    by_copy = played.repeated
    lost, since = visit.gate.lost, time.monotonic()
    visit.gate.loss = LOSS
    await asyncio.sleep(LOSS_S)
    visit.gate.loss = 0.0
    instants = [since, *(at for at in ours.pictures_at if at > since), time.monotonic()]
    our_gap_s = max(later - sooner for sooner, later in pairwise(instants))
    their_gap_s = await browser.ask(f"longestGap({page_ms})") / 1000
    after = await browser.figures()
    our_share = (played.recovered + played.guessed - made_up) / max(1, played.heard - heard)
    their_share = _risen(before, after, "in audio", "concealedSamples") / _risen(
        before, after, "in audio", "totalSamplesReceived"
    )
    replaced = (played.repeated - by_copy) / (LOSS * LOSS_S * RATE_HZ)
    asked = {
        "by us": _risen(before, after, "out video", "nackCount"),
        "by the browser": _risen(before, after, "in video", "nackCount"),
    }
    repeated = {
        "by us": _risen(before, after, "in video", "retransmittedPacketsReceived"),
        "by the browser": _risen(before, after, "out video", "retransmittedPacketsSent"),
    }
    print(
        f"{visit.gate.lost - lost} packets lost in {LOSS_S:.0f} s: longest gap "
        f"{our_gap_s:.2f} s here, {their_gap_s:.2f} s there; voice made up "
        f"{100 * our_share:.1f} % here, {100 * their_share:.1f} % there; "
        f"of the lost voice {100 * replaced:.0f} % came as copies here; "
        f"asked again {asked}, repeated {repeated}"
    )
    assert min(*asked.values(), *repeated.values()) > 0
    assert max(our_gap_s, their_gap_s) < LONGEST_GAP_S
    assert replaced > LEAST_REPLACED
    assert our_share < MOST_CONCEALED
    assert their_share < MOST_CONCEALED


async def _ask_for_a_new_picture(visit: BrowserVisit) -> None:
    """What was lost does not come by asking again: a key frame is asked for, and given."""
    ours, browser = visit.ours, visit.browser
    before, began = await browser.figures(), time.monotonic()
    visit.gate.vanishes = visit.is_picture
    await asyncio.sleep(NO_PICTURE_S)
    visit.gate.vanishes = visit.is_repeat
    over, page_ms = time.monotonic(), await browser.ask("performance.now()")
    here_s = await ours.until(lambda: ours.pictures_at[-1] > over, ASKED_S, "a picture here")
    await browser.until("shownAt.at(-1)", lambda at: at > page_ms, ASKED_S)
    there_s = await browser.ask(f"shownAt.find((at) => at > {page_ms}) - {page_ms}") / 1000
    visit.gate.vanishes = lambda data: False
    after = await browser.figures()
    asked = {
        "by us": _risen(before, after, "out video", "pliCount"),
        "by the browser": _risen(before, after, "in video", "pliCount"),
    }
    given = {
        "by us": _risen(before, after, "in video", "keyFramesDecoded"),
        "by the browser": _risen(before, after, "out video", "keyFramesEncoded"),
    }
    print(
        f"after {over - began:.2f} s without: picture after {here_s:.2f} s here, "
        f"{there_s:.2f} s there; key frames asked {asked}, given {given}"
    )
    assert min(*asked.values(), *given.values()) > 0
