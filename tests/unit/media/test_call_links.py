"""Links of one call beside each other: the newer replaces the older only when it is up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from app.domain.changes import Json
from app.domain.engine import LiveFromFar, Measures
from app.domain.exam_camera import Focus
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import LinkId, new_id
from app.domain.ladder import Step
from media import call_links
from media.call_links import OVERLAP_S, SIGNALS_WAITING, CallLinks
from media.picture.picture_sizes import HD, PAUSED, SD, THUMBNAIL
from media.rtc.link_events import (
    LinkEvent,
    LinkFailed,
    LinkLost,
    LinkUp,
    LinkWarm,
    ScopeIn,
    VoiceIn,
)
from media.rtc.local_tracks import PictureFeed
from tests.fakes.virtual_time import run
from tests.unit.media.waiting import until

MEASURES = Measures(2.0, 0.0, 300.0, 15.0, 80.0)
SOUND = VoiceIn(np.zeros(8, dtype=np.int16))


class FakePeer:
    """Keeps PeerLink's promises as far as CallLinks needs them; the test says what happens."""

    def __init__(
        self, *, is_offerer: bool, on_event: Callable[[LinkEvent], None], **_: Any
    ) -> None:
        self.is_offerer = is_offerer
        self.on_event = on_event
        self.has_joined = False
        self.is_up = self.is_open = self.is_closed = self.is_connected = False
        self.signals: list[dict[str, Json]] = []
        self.sent: list[object] = []
        self.bounds: list[object] = []
        self.voice_lines: list[int | None] = []
        self.exam_shown: list[bool] = []
        self.focus: Focus | None = None

    async def open(self) -> None:
        self.is_open = True

    async def heard(self, payload: dict[str, Json]) -> None:
        assert self.is_open and not self.is_closed
        if payload.get("type") != "answer":
            raise Rejected(Code.MALFORMED, "signal")
        self.signals.append(payload)

    def send(self, word: object) -> None:
        if not self.is_up:
            raise Unavailable(Code.CALL_NOT_OPEN)
        self.sent.append(word)

    def join(self) -> None:
        self.has_joined = True

    def bound(self, bounds: object) -> None:
        self.bounds.append(bounds)

    def voice_has(self, line_bit_s: int | None) -> None:
        self.voice_lines.append(line_bit_s)

    def show_exam(self, is_on: bool) -> None:
        self.exam_shown.append(is_on)

    def look_at(self, focus: Focus) -> None:
        self.focus = focus

    async def close(self) -> None:
        self.is_up, self.is_closed = False, True

    def tell(self, event: LinkEvent) -> None:
        if not self.is_closed:
            self.is_up = isinstance(event, LinkUp) or (
                self.is_up and not isinstance(event, LinkLost | LinkFailed)
            )
            self.on_event(event)


class Desk:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.peers: list[FakePeer] = []
        self.told: list[tuple[LinkId, LinkEvent]] = []
        patch.setattr(call_links, "PeerLink", self._new_peer)
        voice: Any = None  # only ever handed on to the peer
        self.links = CallLinks(voice, voice, PictureFeed(), lambda *told: self.told.append(told))

    def _new_peer(self, **asked: Any) -> FakePeer:
        self.peers.append(FakePeer(**asked))
        return self.peers[-1]

    async def connects(self, *, is_offerer: bool = True) -> tuple[LinkId, FakePeer]:
        link = LinkId(new_id())
        self.links.connect(link, is_offerer=is_offerer)
        peer = self.peers[-1]
        await until(lambda: peer.is_open)
        return link, peer


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    desk = Desk(monkeypatch)
    yield desk
    await desk.links.close()
    assert all(peer.is_closed for peer in desk.peers)


def in_no_time(patch: pytest.MonkeyPatch, story: Callable[[Desk], Awaitable[None]]) -> None:
    """A story in which time passes."""

    async def told() -> None:
        desk = Desk(patch)
        await story(desk)
        await desk.links.close()
        assert all(peer.is_closed for peer in desk.peers)

    run(told())


async def test_an_empty_link_is_nobodys_until_it_is_filled(desk: Desk) -> None:
    link = LinkId(new_id())
    desk.links.connect(link, is_offerer=True, is_empty=True)
    [peer] = desk.peers
    await until(lambda: peer.is_open)
    peer.tell(LinkWarm())
    assert desk.told == [(link, LinkWarm())]
    assert (desk.links.shown, peer.has_joined) == ((None, False), False)
    desk.links.fill(link)
    assert (desk.links.shown, peer.has_joined) == ((link, False), True)
    desk.links.close_empty()
    assert not peer.is_closed


async def test_an_empty_link_gives_way_to_any_other(desk: Desk) -> None:
    link = LinkId(new_id())
    desk.links.connect(link, is_offerer=False, is_empty=True)
    [peer] = desk.peers
    await desk.connects()
    await until(lambda: peer.is_closed)
    desk.links.fill(link)
    assert desk.told == [(link, LinkFailed(Code.MEDIA_LOST))]


async def test_without_a_screen_no_empty_link_is_kept(desk: Desk) -> None:
    desk.links.connect(LinkId(new_id()), is_offerer=True, is_empty=True)
    [peer] = desk.peers
    desk.links.close_empty()
    await until(lambda: peer.is_closed)


async def test_the_older_link_serves_until_the_newer_is_up(desk: Desk) -> None:
    first, old = await desk.connects()
    old.tell(LinkUp(80))
    second, new = await desk.connects()
    assert not old.is_closed
    assert desk.links.shown == (first, True)
    desk.links.send(LiveFromFar({"n": 1}))
    assert old.sent == [LiveFromFar({"n": 1})]
    new.tell(LinkUp(80))
    assert desk.links.shown == (second, True)
    desk.links.send(LiveFromFar({"n": 2}))
    assert new.sent == [LiveFromFar({"n": 2})]


def test_the_older_link_lives_on_until_the_newer_is_up_over_there_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(desk: Desk) -> None:
        first, old = await desk.connects()
        old.tell(LinkUp(80))
        second, new = await desk.connects()
        new.tell(LinkUp(80))
        await asyncio.sleep(OVERLAP_S - 0.1)
        assert not old.is_closed
        desk.told.clear()
        old.tell(SOUND)
        old.tell(LiveFromFar({"n": 1}))
        old.tell(ScopeIn(b"1"))
        new.tell(SOUND)
        new.tell(LiveFromFar({"n": 2}))
        for event in (SOUND, LiveFromFar({"n": 3}), MEASURES, LinkLost(Code.MEDIA_LOST)):
            old.tell(event)  # nobody's concern any more
        assert desk.told == [
            (first, SOUND),
            (first, LiveFromFar({"n": 1})),
            (first, ScopeIn(b"1")),
            (second, SOUND),
            (second, LiveFromFar({"n": 2})),
        ]
        await asyncio.sleep(0.2)
        assert (old.is_closed, new.is_closed) == (True, False)

    in_no_time(monkeypatch, story)


@pytest.mark.parametrize("word", [LinkFailed(Code.MEDIA_LOST), None])
def test_the_overlap_is_cut_short_by_the_end_of_the_older_one_or_of_the_call(
    monkeypatch: pytest.MonkeyPatch, word: LinkFailed | None
) -> None:
    async def story(desk: Desk) -> None:
        _, old = await desk.connects()
        old.tell(LinkUp(80))
        _, new = await desk.connects()
        new.tell(LinkUp(80))
        desk.told.clear()
        if word is None:
            desk.links.close_all()
        else:
            old.tell(word)
        await asyncio.sleep(0.1)
        assert (old.is_closed, new.is_closed) == (True, word is None)
        assert desk.told == []
        await asyncio.sleep(2 * OVERLAP_S)

    in_no_time(monkeypatch, story)


def test_a_lost_link_is_not_kept_beside_its_successor(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        _, old = await desk.connects()
        old.tell(LinkUp(80))
        old.tell(LinkLost(Code.MEDIA_LOST))
        _, new = await desk.connects()
        new.tell(LinkUp(80))
        await asyncio.sleep(0.1)
        assert old.is_closed

    in_no_time(monkeypatch, story)


async def test_one_that_was_never_up_gives_way_and_is_not_heard_of_again(desk: Desk) -> None:
    _, first = await desk.connects()
    second, _ = await desk.connects()
    await until(lambda: first.is_closed)
    first.on_event(LinkFailed(Code.PEER_AWAY))
    assert desk.told == []
    assert desk.links.shown == (second, False)


async def test_one_that_was_up_may_come_back_by_itself(desk: Desk) -> None:
    first, old = await desk.connects()
    old.tell(LinkUp(80))
    old.tell(LinkLost(Code.MEDIA_LOST))
    await desk.connects(is_offerer=False)  # whoever offered it may have it up already
    old.tell(LinkUp(80))
    assert desk.links.shown == (first, True)
    assert not desk.peers[1].is_closed


@pytest.mark.parametrize("is_reached", [False, True])
async def test_an_offer_that_nobody_took_is_given_up_when_the_old_link_comes_back(
    desk: Desk, is_reached: bool
) -> None:
    _, old = await desk.connects()
    old.tell(LinkUp(80))
    old.tell(LinkLost(Code.MEDIA_LOST))
    _, new = await desk.connects()
    new.is_connected = is_reached  # then it may be up over there
    old.tell(LinkUp(80))
    await until(lambda: new.is_closed or is_reached)
    assert new.is_closed is not is_reached


async def test_the_end_of_an_older_link_is_told_only_when_the_newer_ends_too(desk: Desk) -> None:
    first, old = await desk.connects()
    old.tell(LinkUp(80))
    second, new = await desk.connects()
    desk.told.clear()
    old.tell(LinkFailed(Code.MEDIA_LOST))
    assert desk.told == []
    new.tell(LinkFailed(Code.PEER_AWAY))
    assert desk.told == [
        (first, LinkFailed(Code.MEDIA_LOST)),
        (second, LinkFailed(Code.PEER_AWAY)),
    ]
    assert desk.links.shown == (None, False)


async def test_a_newer_link_that_comes_up_makes_the_older_ones_end_nobodys_concern(
    desk: Desk,
) -> None:
    _, old = await desk.connects()
    old.tell(LinkUp(80))
    second, new = await desk.connects()
    old.tell(LinkFailed(Code.MEDIA_LOST))
    desk.told.clear()
    new.tell(LinkUp(80))
    assert desk.told == [(second, LinkUp(80))]


async def test_no_voice_is_heard_twice(desk: Desk) -> None:
    first, old = await desk.connects()
    old.tell(LinkUp(80))
    old.tell(SOUND)
    second, new = await desk.connects()
    old.tell(SOUND)
    new.tell(SOUND)  # the newest brings sound, even before its channels are up
    old.tell(SOUND)
    heard = [link for link, event in desk.told if isinstance(event, VoiceIn)]
    assert heard == [first, first, second]


async def test_a_newer_link_that_ends_leaves_the_older_ones_media(desk: Desk) -> None:
    first, old = await desk.connects()
    old.tell(LinkUp(80))
    old.tell(LinkLost(Code.MEDIA_LOST))
    _, new = await desk.connects(is_offerer=False)
    new.tell(SOUND)  # its channels never come up
    new.tell(LiveFromFar({"n": 1}))
    old.tell(LinkUp(80))
    new.tell(LinkFailed(Code.PEER_AWAY))
    desk.told.clear()
    old.tell(SOUND)
    old.tell(LiveFromFar({"n": 2}))
    assert desk.told == [(first, SOUND), (first, LiveFromFar({"n": 2}))]


async def test_what_is_measured_is_of_the_link_that_is_live(desk: Desk) -> None:
    """One that came back by itself is seen and heard while another is still being made."""
    first, old = await desk.connects()
    old.tell(LinkUp(80))
    old.tell(LinkLost(Code.MEDIA_LOST))
    second, new = await desk.connects()
    new.tell(MEASURES)
    old.tell(LinkUp(80))
    new.tell(MEASURES)
    old.tell(MEASURES)
    measured = [link for link, event in desk.told if isinstance(event, Measures)]
    assert measured == [second, first]


async def test_a_signal_reaches_its_link_and_no_other(desk: Desk) -> None:
    _, old = await desk.connects()
    old.tell(LinkUp(80))
    second, new = await desk.connects()
    desk.links.heard_signal(second, {"type": "answer"})
    desk.links.heard_signal(LinkId(new_id()), {"type": "answer"})
    await until(lambda: new.signals)
    assert (old.signals, new.signals) == ([], [{"type": "answer"}])


async def test_a_signal_that_makes_no_sense_ends_the_link_with_its_reason(desk: Desk) -> None:
    link, peer = await desk.connects()
    desk.links.heard_signal(link, {"type": "nonsense"})
    await until(lambda: peer.is_closed)
    assert desk.told == [(link, LinkFailed(Code.MALFORMED))]


async def test_more_signals_than_anybody_needs_are_dropped(desk: Desk) -> None:
    link = LinkId(new_id())
    desk.links.connect(link, is_offerer=True)
    for _ in range(3 * SIGNALS_WAITING):
        desk.links.heard_signal(link, {"type": "answer"})
    await until(lambda: len(desk.peers[0].signals) == SIGNALS_WAITING)
    await asyncio.sleep(0)
    assert len(desk.peers[0].signals) == SIGNALS_WAITING


async def test_a_word_without_a_live_link_goes_nowhere(desk: Desk) -> None:
    desk.links.send(LiveFromFar({}))
    _, peer = await desk.connects()
    desk.links.send(LiveFromFar({}))
    assert peer.sent == []


async def test_a_closed_link_leaves_nothing_running(desk: Desk) -> None:
    for _ in range(5):
        await desk.connects()
    await until(lambda: sum(peer.is_closed for peer in desk.peers) == 4)
    await until(lambda: len(desk.links._tasks._tasks) == 1)


async def test_the_end_of_the_process_does_not_break_into_a_link_that_is_being_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def gathers(peer: FakePeer) -> None:
        peer.is_open = True
        await until(lambda: peer.is_closed)
        raise RuntimeError("the connection is closed")  # as a stock one does

    async def closes(peer: FakePeer) -> None:
        peer.is_up, peer.is_closed = False, True
        await asyncio.sleep(0.05)  # its sockets

    monkeypatch.setattr(FakePeer, "open", gathers)
    monkeypatch.setattr(FakePeer, "close", closes)
    await desk.connects()
    await desk.links.close()
    assert caplog.records == []


async def test_hanging_up_closes_every_link(desk: Desk) -> None:
    _, old = await desk.connects()
    old.tell(LinkUp(80))
    _, new = await desk.connects()
    desk.links.close_all()
    await until(lambda: old.is_closed and new.is_closed)
    assert desk.links.shown == (None, False)


async def test_an_impostor_is_told_of_at_once_also_beside_a_link_that_lives(desk: Desk) -> None:
    _, old = await desk.connects()
    old.tell(LinkUp(80))
    second, new = await desk.connects()
    desk.told.clear()
    new.tell(LinkFailed(Code.PEER_UNTRUSTED))
    assert desk.told == [(second, LinkFailed(Code.PEER_UNTRUSTED))]
    assert desk.links.shown[1]


async def test_the_older_of_two_links_sends_no_picture(desk: Desk) -> None:
    """Both may share one line: the voice goes twice for a moment, which it bears."""
    _, old = await desk.connects()
    old.tell(LinkUp(80))
    _, new = await desk.connects()
    assert old.bounds[-1] == HD
    new.tell(LinkUp(80))
    desk.links.bound(Step.SD)
    assert (old.bounds[-1], new.bounds[-1]) == (PAUSED, SD)


async def test_the_ladders_word_holds_on_every_link_also_on_one_made_later(desk: Desk) -> None:
    _, first = await desk.connects()
    first.tell(LinkUp(80.0))
    desk.links.bound(Step.THUMBNAIL)
    desk.links.voice_has(90_000)
    _, second = await desk.connects()
    assert first.bounds[-1] == second.bounds[-1] == THUMBNAIL
    assert first.voice_lines[-1] == second.voice_lines[-1] == 90_000
    desk.links.bound(Step.VOICE)
    assert first.bounds[-1] == second.bounds[-1] == PAUSED
