"""A far side that sends junk without end to a real media process: bounded, told, and survived."""

import asyncio
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.domain.access import Role
from app.domain.engine import LinkChanged, LiveFromFar, ScopeDone, ScopeProof, SignalMade
from app.domain.ids import LinkId, RecordId, VisitId, new_id
from app.runtime.tasks import TaskOwner
from media.auscultation.scope_words import Block, End, ScopeHeader, ScopeWord, bytes_of
from media.rtc.link_events import LinkEvent, LinkUp, SignalOut
from media.rtc.local_tracks import PictureFeed
from media.rtc.peer_link import PeerLink
from tests.fakes.two_links import NobodyListens, ToneVoice
from tests.whole.media_screen import MediaScreen, until

GROWTH_MOST_MIB = 64
LIVE = {"kind": "cuff-pressure", "value": "90"}


def resident_mib(process: int) -> int:
    text = Path(f"/proc/{process}/status").read_text()
    [kib] = [line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")]
    return int(kib) // 1024


class FarSide:
    """A peer link of our own, whose channels say whatever they are told to."""

    def __init__(self, victim: MediaScreen, tasks: TaskOwner) -> None:
        self._victim = victim
        self._tasks = tasks
        self._id = LinkId(new_id())
        self.is_up = False
        self.link = PeerLink(
            is_offerer=True,
            voice=ToneVoice(440.0),
            far_voice=NobodyListens(),
            pictures=PictureFeed(),
            on_event=self._told,
        )

    def _told(self, event: LinkEvent) -> None:
        if isinstance(event, SignalOut):
            word = SignalMade(self._id, event.payload)
            self._tasks.start(self._victim.hears_signal(word), "signal")
        self.is_up = self.is_up or isinstance(event, LinkUp)

    async def hears_signal(self, event: SignalMade) -> None:
        await self.link.heard(event.payload)

    async def says(self, name: str, parts: Iterable[bytes | str]) -> None:
        channel: Any = self.link._scope if name == "scope" else self.link._control._channel
        for part in parts:
            await until(lambda: channel.bufferedAmount < 200_000, "room on the line")
            channel.send(part)
        await until(lambda: channel.bufferedAmount == 0, "an empty line")

    async def scope(self, *words: ScopeWord) -> None:
        await self.says("scope", [bytes_of(word) for word in words])


async def test_junk_without_end_is_survived_and_named() -> None:
    visit = VisitId(new_id())
    async with MediaScreen() as victim, TaskOwner("far side") as tasks:
        await victim.prepares(visit, Role.CLINICIAN, None)
        process = victim.remote.pid
        assert process is not None
        far = FarSide(victim, tasks)
        victim.other = far  # type: ignore[assignment]  # all that a screen asks of the other one
        await far.link.open()
        await until(lambda: far.is_up and victim.heard(LinkChanged), "the link")
        before = resident_mib(process)
        await far.says("scope", [os.urandom(10_000)] * 300)
        await far.says("control", ["x" * 10_000, "[" * 9000] * 50)
        await far.says("control", [json.dumps({"kind": "live", "payload": LIVE})] * 2000)
        header = ScopeHeader(RecordId(new_id()), visit, "apex", 4000, "nobody's")
        await far.scope(header, *(Block(header.recording, n, bytes(400)) for n in range(500)))
        await far.scope(End(header.recording, 500, 7, bytes(32), True))
        done = await victim.next(ScopeDone)
        proof = await victim.next(ScopeProof)
        # It arrived, it is not what was promised, and the screen is told so.
        assert (done.is_ours, done.is_complete, proof.matches) == (False, False, False)
        assert len(victim.heard(LiveFromFar)) < 2000
        await asyncio.sleep(1)  # a calm far side is heard again
        await far.says("control", [json.dumps({"kind": "live", "payload": {**LIVE, "n": 1}})])
        await victim.next(LiveFromFar, lambda word: word.payload == {**LIVE, "n": 1})
        assert resident_mib(process) - before < GROWTH_MOST_MIB
        assert victim.remote.pid == process
        await far.link.close()
