"""The media process without media: it is prepared, linked, lost and started again as a test says.

Two of them tied together (`tie`) make a call as two real ones do, while their wire is not cut.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

from app.domain.call import RunningCall
from app.domain.changes import Json
from app.domain.engine import (
    CallSetup,
    EngineAttached,
    EngineEvent,
    EngineGone,
    Equipment,
    LadderTold,
    LinkChanged,
    LinkPhase,
    LiveFromFar,
    SignalMade,
)
from app.domain.failures import Code, Failure, Unavailable
from app.domain.ids import LinkId, RecordId
from app.domain.ladder import Reason, Stand, Step, Wants
from app.domain.relays import RelayAccess
from tests.fakes.exam_engine import FakeExam, tie_exams
from tests.fakes.sound_room import FakeSounds

WAITING = 1000
# What a wire between two carries: files that make room for a call are there at once all the same.
WIDE_LINE = Stand(Step.HD, Reason.CARRIED, datetime(2026, 11, 21, 9, 0, tzinfo=UTC), 100_000_000)


class FakeEngine:
    """Fulfils ports.CallEngine. `asked` is what it was asked for, oldest first."""

    def __init__(self, running: RunningCall | None = None) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.is_there = True
        self.setup: CallSetup | None = None
        self.link: LinkId | None = None
        self.live_link: LinkId | None = None
        self.empty_link: LinkId | None = None  # made before both have joined
        self.is_muted = False
        self.is_camera_on = True
        self.wants = Wants()
        self.scope_refusal: Failure | None = None
        self.kept_refusal: Failure | None = None
        self.kept_scopes: list[RecordId] = []
        self.running = running
        self.wire: Wire | None = None
        self.exam = FakeExam(self.tells, lambda: None if self.setup is None else self.setup.visit)
        self.sounds = FakeSounds(self.tells)
        self._events: asyncio.Queue[EngineEvent] = asyncio.Queue(WAITING)

    # --- what a test does ------------------------------------------------------------------

    def tells(self, event: EngineEvent) -> None:
        self._events.put_nowait(event)

    def attaches(self) -> None:
        """It answers; what runs in it is told."""
        self.is_there = True
        visit = None if self.setup is None else self.setup.visit
        is_live = self.live_link is not None
        self.tells(EngineAttached(visit, self.link, is_live, self.is_muted, self.is_camera_on))

    def dies(self) -> None:
        """kill -9: nothing of the call is left in it."""
        self.is_there = False
        self.setup, self.link, self.empty_link = None, None, None
        self.link_goes()
        self.tells(EngineGone())

    def loses_its_screen(self) -> None:
        """The call runs on; what was not heard yet is told to nobody."""
        self._events = asyncio.Queue(WAITING)

    def link_goes(self) -> None:
        self.live_link = None
        if self.wire is not None:
            self.wire.hear_gone(self)

    def link_is(
        self, phase: LinkPhase, link: LinkId | None = None, code: Code | None = None
    ) -> None:
        named = link or self.link
        assert named is not None, "no link was asked for"
        if phase is LinkPhase.LIVE:
            self.live_link = named
        elif phase in (LinkPhase.LOST, LinkPhase.FAILED) and named == self.live_link:
            self.live_link = None
        self.tells(LinkChanged(named, phase, code))

    def count_of(self, word: str) -> int:
        return sum(asked[0] == word for asked in self.asked)

    def live_words(self, kind: str) -> Iterator[dict[str, Any]]:
        """Those that were sent, oldest first."""
        sent = (asked[1] for asked in self.asked if asked[0] == "send live")
        return (word for word in sent if isinstance(word, dict) and word.get("kind") == kind)

    def live_words_besides(self, *kinds: str) -> int:
        """How many were sent that are of other kinds."""
        sent = [asked[1] for asked in self.asked if asked[0] == "send live"]
        return sum(isinstance(word, dict) and word.get("kind") not in kinds for word in sent)

    # --- ports.CallEngine and what main.py needs beside it ----------------------------------

    def open(self) -> None:
        self.attaches()

    async def quit(self) -> None:
        self.is_there = False

    async def leave(self) -> None:
        pass

    @property
    def running_call(self) -> RunningCall | None:
        return self.running if self.setup is not None else None

    async def events(self) -> AsyncIterator[EngineEvent]:
        while True:
            yield await self._events.get()

    async def look_for(self, equipment: Equipment) -> None:
        self.asked.append(("look-for", equipment))

    async def prepare(self, setup: CallSetup) -> None:
        self.asked.append(("prepare", setup.visit))
        self.setup = setup

    async def use_relays(self, access: RelayAccess) -> None:
        self._must_be_there()
        self.asked.append(("relays", access))

    async def connect(self, link: LinkId, *, is_offerer: bool) -> None:
        self._must_be_there()
        self.asked.append(("connect", link, is_offerer))
        self.link, self.empty_link = link, None
        if self.wire is not None:
            self.wire.connects(self, link, is_offerer=is_offerer)

    async def warm_up(self, link: LinkId, *, is_offerer: bool) -> None:
        self._must_be_there()
        self.asked.append(("warm up", link, is_offerer))
        self.empty_link = link
        if self.wire is not None:
            self.wire.connects(self, link, is_offerer=is_offerer)

    async def fill(self, link: LinkId) -> None:
        self._must_be_there()
        self.asked.append(("fill", link))
        if self.empty_link != link:
            self.tells(LinkChanged(link, LinkPhase.FAILED, Code.MEDIA_LOST))
            return
        self.link, self.empty_link = link, None
        if self.wire is not None:
            self.wire.filled(link)

    async def heard_signal(self, link: LinkId, payload: dict[str, Json]) -> None:
        self._must_be_there()
        self.asked.append(("heard signal", link, payload))
        if self.wire is not None:
            self.wire.signalled(self, link, payload)

    async def close_link(self) -> None:
        self.asked.append(("close link",))
        self.link, self.empty_link = None, None
        self.link_goes()

    async def release(self) -> None:
        self.asked.append(("release",))
        self.setup, self.link, self.wants = None, None, Wants()
        self.empty_link = None
        self.is_muted, self.is_camera_on = False, True
        self.link_goes()

    async def mute(self, is_muted: bool) -> None:
        self.is_muted = is_muted

    async def show_camera(self, is_on: bool) -> None:
        self.is_camera_on = is_on

    async def want(self, wants: Wants) -> None:
        self.wants = wants
        self.asked.append(("want", wants))

    async def send_live(self, payload: dict[str, Json]) -> None:
        if self.live_link is None or not self.is_there:
            raise Unavailable(Code.CALL_NOT_OPEN)
        self.asked.append(("send live", payload))
        if self.wire is not None:
            self.wire.carries(self, payload)

    async def start_scope(self, recording: RecordId, site: str) -> None:
        self._must_be_there()
        if self.scope_refusal is not None:
            raise self.scope_refusal
        self.asked.append(("start scope", recording, site))

    async def stop_scope(self, recording: RecordId) -> None:
        self._must_be_there()
        self.asked.append(("stop scope", recording))

    async def scope_kept(self, recording: RecordId) -> None:
        if self.kept_refusal is not None:
            raise self.kept_refusal
        self.kept_scopes.append(recording)

    def _must_be_there(self) -> None:
        if not self.is_there:
            raise Unavailable(Code.MEDIA_PROCESS_ENDED)


class Wire:
    """The media path between two engines. An offer answered over signalling makes a link live."""

    def __init__(self, one: FakeEngine, other: FakeEngine) -> None:
        self._ends = (one, other)
        self.is_cut = False

    def cut(self) -> None:
        """Both ends notice that nothing comes any more."""
        self.is_cut = True
        for engine in self._ends:
            if engine.live_link is not None:
                engine.link_is(LinkPhase.LOST, engine.live_link)

    def heal(self) -> None:
        self.is_cut = False

    def connects(self, engine: FakeEngine, link: LinkId, *, is_offerer: bool) -> None:
        engine.tells(LinkChanged(link, LinkPhase.CONNECTING))
        if is_offerer:
            engine.tells(SignalMade(link, {"type": "offer"}))

    def signalled(self, engine: FakeEngine, link: LinkId, payload: dict[str, Json]) -> None:
        if link not in (engine.link, engine.empty_link):
            return
        if payload["type"] == "offer":
            engine.tells(SignalMade(link, {"type": "answer"}))
        elif not self.is_cut and link in (
            self._far_of(engine).link,
            self._far_of(engine).empty_link,
        ):
            for end in self._ends:
                is_empty = any(one.empty_link == link for one in self._ends)
                end.link_is(LinkPhase.WARM if is_empty else LinkPhase.LIVE, link)

    def filled(self, link: LinkId) -> None:
        """Live for both as soon as both have joined."""
        if not self.is_cut and all(end.link == link for end in self._ends):
            for end in self._ends:
                end.link_is(LinkPhase.LIVE, link)
                end.tells(LadderTold(WIDE_LINE, None, end.wants, None))

    def carries(self, engine: FakeEngine, payload: dict[str, Json]) -> None:
        if not self.is_cut:
            self._far_of(engine).tells(LiveFromFar(payload))

    def hear_gone(self, engine: FakeEngine) -> None:
        far = self._far_of(engine)
        if far.live_link is not None:
            far.link_is(LinkPhase.LOST, far.live_link)

    def _far_of(self, engine: FakeEngine) -> FakeEngine:
        one, other = self._ends
        return other if engine is one else one


def tie(one: FakeEngine, other: FakeEngine) -> Wire:
    wire = Wire(one, other)
    one.wire = other.wire = wire
    tie_exams(one.exam, other.exam)
    return wire
