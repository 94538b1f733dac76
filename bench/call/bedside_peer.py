"""`python -m bench.call.bedside_peer SETTING`: one end of a call by our own engine, no screen.

Obeys JSON lines on its input, tells JSON lines on its output, writes what it saw and heard when
asked. Scores nothing: that is done afterwards, outside the timed run.
"""

import asyncio
import json
import logging
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import av
import numpy as np

from app.domain.access import Role
from app.domain.clock import SystemClock
from app.domain.engine import CallSetup, Measures
from app.domain.ids import LinkId, VisitId, new_id
from app.domain.ladder import PICTURE_LEAST, Step, Stream
from app.domain.relays import RelayAccess
from app.runtime.tasks import TaskOwner
from bench.call import barcode
from bench.call.clip import clip_of
from bench.call.kept import Kept
from bench.call.peer_setting import LINE_LIMIT, PeerSetting, RelaySetting
from bench.call.sound_by_clock import SoundByClock
from bench.call.speech import speech
from media.call_devices import CallDevices
from media.call_host import LADDER_EVERY_S
from media.call_links import CallLinks
from media.ladder_keeper import LadderKeeper
from media.rtc.control_words import FarLadder
from media.rtc.link_events import (
    FirstPicture,
    LinkEvent,
    LinkFailed,
    LinkLost,
    LinkUp,
    LinkWarm,
    PictureIn,
    SignalOut,
    VoiceIn,
)
from media.rtc.local_tracks import PictureFeed
from media.rtc.relay_paths import RELAYS

PUT, SHOWN = struct.Struct("2d"), struct.Struct("4d")
ABOVE_THUMBNAIL = frozenset({Step.HD, Step.SD})
SENDS = frozenset({Stream.VOICE, Stream.CAMERA})


class BedsidePeer:
    """The owner of a call, as media/call_host is, with sources and a memory instead of a screen."""

    def __init__(self, setting: PeerSetting, tell: Callable[[dict[str, Any]], None]) -> None:
        self._setting = setting
        self._tell = tell
        self._sound = SoundByClock(
            speech(takes_turns=setting.takes_turns) if setting.sends_voice else None,
            setting.speaks_from_s,
        )
        self._sound.install()
        self._feed = PictureFeed()
        self._devices = CallDevices(SystemClock(), lambda _: None, lambda _: None)
        self._links = CallLinks(self._devices.voice, self._devices, self._feed, self._heard)
        # Ours is never measured without its ladder: what a step takes away is missing.
        self._ladder = LadderKeeper(
            SystemClock(),
            line_state=lambda: live.line_state() if (live := self._links.live) else None,
            running=lambda: SENDS if setting.sends_picture else frozenset({Stream.VOICE}),
            tell=lambda _: None,
            say_far=self._links.send,
        )
        self._ladder.step.listen(self._step_is)
        self._ladder.voice_line_bit_s.listen(self._links.voice_has)
        self._tasks = TaskOwner("bench peer")
        self._shown = Kept()  # of each: at, number or -1, width, height
        self._luma: list[bytes] = []
        self._put = Kept()  # of each: at, number
        self._measures = Kept()  # a line each
        self._had_picture: set[LinkId] = set()

    def open(self) -> None:
        setup = CallSetup(VisitId(new_id()), Role.CLINICIAN, "bench", None, None, None, None)
        self._devices.fit(setup, is_camera_on=False, is_microphone_on=True)
        self._ladder.begin(Role.CLINICIAN)
        self._tasks.start(self._keep_ladder(), "ladder")
        if (lent := self._setting.relays) is not None:
            RELAYS.use(
                RelayAccess(lent.urls, lent.username, lent.password, lent.lasts_s, lent.authority)
            )
        if self._setting.sends_picture:
            self._tasks.start(self._film(), "camera")

    async def close(self) -> None:
        await self._links.close()
        await RELAYS.close()
        await self._tasks.close()
        await self._devices.close()

    def obey(self, wish: dict[str, Any]) -> None:
        match wish["do"]:
            case "connect":
                link = LinkId(UUID(wish["link"]))
                self._links.connect(link, is_offerer=wish["is_offerer"])
            case "warm up":
                link = LinkId(UUID(wish["link"]))
                self._links.connect(link, is_offerer=wish["is_offerer"], is_empty=True)
            case "fill":
                self._links.fill(LinkId(UUID(wish["link"])))
            case "signal":
                self._links.heard_signal(LinkId(UUID(wish["link"])), wish["payload"])
            case "hang up":
                self._links.close_all()
                self._ladder.end()
            case "forget":
                self._shown.clear()
                self._luma.clear()
                self._measures.clear()
            case "write":
                self._write(Path(wish["folder"]))
                self._tell({"told": "written"})

    async def _film(self) -> None:
        """Each picture at its instant; one that is late by more than its time is left out."""
        setting = self._setting
        clip = clip_of(setting.width, setting.height, setting.fps)
        pictures = clip.open()
        began_at = time.monotonic()
        taken = 0
        while True:
            taken = max(taken + 1, int((time.monotonic() - began_at) * setting.fps))
            await asyncio.sleep(began_at + taken / setting.fps - time.monotonic())
            number = taken % clip.frames
            self._put.add(PUT.pack(time.monotonic(), number))
            self._feed.put(setting.width, setting.height, pictures[number].data)

    async def _keep_ladder(self) -> None:
        while True:
            await asyncio.sleep(LADDER_EVERY_S)
            self._ladder.look(is_up=self._links.live is not None)

    def _step_is(self, step: Step) -> None:
        is_bounded = self._setting.is_thumbnail and step in ABOVE_THUMBNAIL
        self._links.bound(Step.THUMBNAIL if is_bounded else step)
        self._feed.turn(step in PICTURE_LEAST)

    def _heard(self, link: LinkId, event: LinkEvent) -> None:
        now = time.monotonic()
        match event:
            case VoiceIn(samples):
                self._devices.play(samples)
            case PictureIn(frame):
                self._show(now, frame)
            case SignalOut(payload):
                self._tell({"told": "signal", "link": str(link), "payload": payload, "at": now})
            case LinkUp():
                self._ladder.link_is_up()
                self._tell({"told": "up", "link": str(link), "at": now})
            case LinkWarm():
                self._tell({"told": "warm", "link": str(link), "at": now})
            case LinkLost():
                self._tell({"told": "lost", "link": str(link), "at": now})
            case LinkFailed():
                self._tell({"told": "failed", "link": str(link), "at": now})
            case FirstPicture():
                self._tell({"told": "first picture", "link": str(link), "at": now})
            case Measures():
                told = self._ladder.measured(event, is_far_moving=True)
                self._measures.add(json.dumps({"at": now, **asdict(told)}).encode() + b"\n")
            case FarLadder():
                self._ladder.far_says(event)
            case _:
                pass  # of the far screen: there is none

    def _show(self, now: float, frame: av.VideoFrame) -> None:
        luma = np.frombuffer(memoryview(frame.planes[0]), np.uint8)
        luma = luma.reshape(-1, frame.planes[0].line_size)[: frame.height, : frame.width]
        number = -1
        if self._setting.keeps_pixels:
            self._luma.append(luma.tobytes())
        else:
            read = barcode.read(luma, self._setting.width, self._setting.height)
            number = -1 if read is None else read
        self._shown.add(SHOWN.pack(now, number, frame.width, frame.height))

    def _write(self, folder: Path) -> None:
        """Times are monotonic seconds of this machine, the same for all its processes."""
        (folder / "heard.i16").write_bytes(self._sound.heard())
        with (folder / "luma").open("wb") as file:
            file.writelines(self._luma)
        seen = {
            "shown": list(SHOWN.iter_unpack(self._shown.all())),
            "put": list(PUT.iter_unpack(self._put.all())),
            "measures": [json.loads(line) for line in self._measures.all().splitlines()],
            "said_at": self._sound.said_at,
            "heard_at": self._sound.heard_at,
        }
        (folder / "seen.json").write_text(json.dumps(seen), encoding="utf-8")


def _tell(word: dict[str, Any]) -> None:
    print(json.dumps(word), flush=True)


async def main(setting: PeerSetting, lines: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), lines)
    peer = BedsidePeer(setting, _tell)
    peer.open()
    _tell({"told": "ready"})
    while line := await reader.readline():
        peer.obey(json.loads(line))
    await peer.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    known = {field.name for field in fields(PeerSetting)}
    chosen = {k: v for k, v in json.loads(sys.argv[1]).items() if k in known}
    if chosen.get("relays") is not None:
        chosen["relays"] = RelaySetting(**chosen["relays"])
    asyncio.run(main(PeerSetting(**chosen), sys.stdin.buffer))
