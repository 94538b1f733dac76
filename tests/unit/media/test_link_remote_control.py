"""The screen's end against a media process that is only a socket: order, doubt, bounds."""

import asyncio
import hashlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.domain.access import Role
from app.domain.call import RunningCall
from app.domain.engine import (
    CallSetup,
    EngineAttached,
    EngineEvent,
    Equipment,
    Levels,
    LinkChanged,
    LinkPhase,
    LiveFromFar,
    ScopeDone,
)
from app.domain.failures import Code, Unavailable
from app.domain.ids import LinkId, RecordId, VisitId, new_id
from app.domain.picture import Layout
from app.runtime.tasks import TaskOwner
from media.link import messages as m
from media.link import sound_words as sound
from media.link.frame_share import FrameWriter
from media.link.local_channel import LocalChannel, Word
from media.link.local_socket import LocalListener, new_listening_socket
from media.link.remote_control import EVENTS_WAITING, RemoteControl
from media.link.sealed_memory import new_sealed
from tests.unit.media.descriptors import open_descriptors
from tests.unit.media.waiting import until

SECRET = bytes(range(32))
VISIT, LINK, RECORD = VisitId(new_id()), LinkId(new_id()), RecordId(new_id())
SETUP = CallSetup(VISIT, Role.CLINICIAN, "test", None, "", "", None)
WAV = b"RIFF" * 30
EQUIPMENT = Equipment(None, None, None, None)


class MediaEnd:
    """Lets every screen in, as `greeting` says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.greeting = m.Greeted(m.VERSION, 5, SETUP, LINK, False, True, False)
        self.at_once: list[m.News] = []  # said in one breath with the greeting
        self.asked: list[m.Wish] = []
        self.closed: list[Code | None] = []
        self.channel: LocalChannel | None = None
        self.listener = LocalListener(new_listening_socket(), self._came)
        self.listener.open()

    def _came(self, client: socket.socket) -> None:
        self.channel = LocalChannel(client, on_word=self._heard, on_closed=self.closed.append)

    def _heard(self, word: Word, descriptors: list[int]) -> None:
        assert descriptors == []
        wish: m.Wish = m.WISHES.said(word)
        self.asked.append(wish)
        if isinstance(wish, m.Hello):
            assert wish.secret == SECRET.hex()
            self.tell(self.greeting)
            for news in self.at_once:
                self.tell(news)

    def tell(self, told: m.Told, *descriptors: int) -> None:
        assert self.channel is not None
        self.channel.send(m.TOLD.word(told), descriptors)


class Desk:
    def __init__(self) -> None:
        self.media = MediaEnd()
        running = RunningCall(VISIT, self.media.listener.path, SECRET, 4)
        self.remote = RemoteControl(running)
        self.events: list[EngineEvent] = []
        self._tasks = TaskOwner("test")

    async def opens(self) -> None:
        self._tasks.start(self._listen(), "listen")
        self.remote.open()
        await until(lambda: self.events)

    async def _listen(self) -> None:
        async for event in self.remote.events():
            self.events.append(event)

    async def closes(self) -> None:
        await self._tasks.close()
        await self.remote.leave()
        self.media.listener.close()
        if self.media.channel is not None:
            self.media.channel.close()
        await asyncio.sleep(0)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    desk = Desk()
    yield desk
    await desk.closes()


async def test_a_take_over_is_told_before_anything_else_and_taken_as_it_is(desk: Desk) -> None:
    live = LinkChanged(LINK, LinkPhase.LIVE)
    desk.media.at_once = [live, LiveFromFar({"n": 1})]
    await desk.opens()
    await until(lambda: len(desk.events) == 3)
    attached = desk.events[0]
    assert isinstance(attached, EngineAttached)
    assert (attached.visit, attached.link, attached.is_muted) == (VISIT, LINK, True)
    assert desk.events[1:] == [live, LiveFromFar({"n": 1})]
    assert desk.remote.setup == SETUP
    running = desk.remote.running_call
    assert running is not None and (running.generation, running.secret) == (5, SECRET)
    await desk.remote.send_live({"n": 2})  # the link is known to be live
    await until(lambda: desk.media.asked[-1] == m.SendLive({"n": 2}))
    assert not any(isinstance(wish, m.Prepare | m.Mute) for wish in desk.media.asked)


async def test_what_was_wished_for_before_is_said_on_attaching(desk: Desk) -> None:
    desk.media.greeting = m.Greeted(m.VERSION, 1, None, None, False, False, True)
    await desk.remote.mute(True)
    await desk.remote.prepare(SETUP)
    desk.remote.surface_size(m.Which.FAR, 640, 480)
    await desk.opens()
    surface = m.Surface(m.Which.FAR, 640, 480, Layout.BGRA)
    await until(lambda: surface in desk.media.asked)
    said = desk.media.asked[1:]
    assert said.index(m.Mute(True)) < said.index(m.Prepare(SETUP))  # never heard for a moment


async def test_what_nobody_at_this_screen_asked_for_is_not_prepared_anew(desk: Desk) -> None:
    """Taken over behind a locked screen, then the media process is another one."""
    await desk.opens()
    desk.media.greeting = m.Greeted(m.VERSION, 1, None, None, False, False, True)
    assert desk.media.channel is not None
    desk.media.channel.close()
    await until(lambda: len(desk.events) == 2)
    attached = desk.events[1]
    assert isinstance(attached, EngineAttached) and attached.visit is None
    assert desk.remote.setup is None
    await desk.remote.look_for(EQUIPMENT)
    await until(lambda: desk.media.asked[-1] == m.LookFor(EQUIPMENT))
    assert not any(isinstance(wish, m.Prepare) for wish in desk.media.asked)


async def test_a_lost_contact_is_taken_up_with_the_same_generation(desk: Desk) -> None:
    await desk.opens()
    assert desk.media.channel is not None
    desk.media.channel.close()
    await until(lambda: len(desk.events) == 2)
    assert isinstance(desk.events[1], EngineAttached)
    hellos = [wish for wish in desk.media.asked if isinstance(wish, m.Hello)]
    assert [hello.resume for hello in hellos] == [None, 5]


async def test_without_a_live_link_a_live_word_is_refused(desk: Desk) -> None:
    desk.media.at_once = [
        LinkChanged(LINK, LinkPhase.LIVE),
        LinkChanged(LinkId(new_id()), LinkPhase.FAILED),  # of another link
    ]
    await desk.opens()
    await until(lambda: len(desk.events) == 3)
    await desk.remote.send_live({"n": 1})
    desk.media.tell(LinkChanged(LINK, LinkPhase.LOST, Code.MEDIA_LOST))
    await until(lambda: len(desk.events) == 4)
    with pytest.raises(Unavailable) as refused:
        await desk.remote.send_live({"n": 2})
    assert refused.value.code is Code.CALL_NOT_OPEN


async def test_a_recording_begins_or_is_refused_with_the_reason(desk: Desk) -> None:
    await desk.opens()
    async with TaskOwner("test") as tasks:
        begun = tasks.start(desk.remote.start_scope(RECORD, "apex"), "start")
        await until(lambda: desk.media.asked[-1] == sound.StartScope(RECORD, "apex"))
        desk.media.tell(sound.ScopeBegan(RecordId(new_id())))  # another one
        desk.media.tell(sound.ScopeBegan(RECORD))
        await until(begun.done)
        assert begun.exception() is None
        tasks.start(told_no(desk), "answer")
        with pytest.raises(Unavailable) as refused:
            await desk.remote.start_scope(RECORD, "apex")
    assert refused.value.code is Code.DEVICE_PULLED


async def told_no(desk: Desk) -> None:
    asked = len(desk.media.asked)
    await until(lambda: len(desk.media.asked) > asked)
    desk.media.tell(sound.ScopeRefused(RECORD, Code.DEVICE_PULLED))


def file_of(wav: bytes, said_bytes: int | None = None) -> sound.ScopeFile:
    return sound.ScopeFile(
        recording=RECORD,
        visit=VISIT,
        site="apex",
        is_ours=True,
        sample_rate_hz=4000,
        samples=len(wav) // 2,
        sha256=hashlib.sha256(wav).hexdigest(),
        source="file heart.wav",
        is_complete=True,
        wav_bytes=len(wav) if said_bytes is None else said_bytes,
    )


async def test_a_recording_comes_with_its_bytes(desk: Desk) -> None:
    await desk.opens()
    descriptor = new_sealed(WAV, "recording")
    desk.media.tell(file_of(WAV), descriptor)
    os.close(descriptor)
    await until(lambda: len(desk.events) == 2)
    done = desk.events[1]
    assert isinstance(done, ScopeDone) and done.wav == WAV
    await desk.remote.scope_kept(RECORD)
    await until(lambda: desk.media.asked[-1] == sound.ScopeKept(RECORD))


@pytest.mark.parametrize("doubt", ["unsealed", "shorter", "none", "two", "with a word of none"])
async def test_memory_that_is_not_what_it_must_be_ends_the_contact(desk: Desk, doubt: str) -> None:
    await desk.opens()
    before = open_descriptors()
    descriptor = new_sealed(WAV, "recording")
    match doubt:
        case "unsealed":
            loose = os.memfd_create("loose", os.MFD_CLOEXEC)
            os.write(loose, WAV)
            desk.media.tell(file_of(WAV), loose)
            os.close(loose)
        case "shorter":
            desk.media.tell(file_of(WAV, len(WAV) + 1), descriptor)
        case "none":
            desk.media.tell(file_of(WAV))
        case "two":
            desk.media.tell(file_of(WAV), descriptor, descriptor)
        case _:
            desk.media.tell(Levels(0.5, 0.5), descriptor)
    os.close(descriptor)
    await until(lambda: len(desk.events) == 2)
    assert isinstance(desk.events[1], EngineAttached)  # ended, and attached anew
    await until(lambda: open_descriptors() <= before)


async def test_the_newest_picture_is_there_until_it_is_over(desk: Desk) -> None:
    told: list[int | None] = []

    def look() -> None:
        picture = desk.remote.far_picture()
        told.append(picture.sequence if picture is not None else None)

    desk.remote.on_picture(m.Which.FAR, look)
    await desk.opens()
    writer = FrameWriter(16 * 16 * 4)
    desk.media.tell(m.Surfaces(m.Which.FAR, writer.slot_bytes), writer.descriptor)
    for value in (1, 2):
        pixels = bytes([value]) * 1024
        slot, sequence = writer.write(16, 16, Layout.BGRA, 1.0, [pixels])
        desk.media.tell(m.Frame(m.Which.FAR, slot, sequence, 16, 16, 1.0))
        await until(lambda sequence=sequence: told[-1:] == [sequence])  # type: ignore[misc]  # now
    assert desk.remote.self_picture() is None
    desk.media.tell(m.NoPicture(m.Which.FAR))
    await until(lambda: told[-1:] == [None])
    writer.close()


async def test_a_flood_of_words_fills_no_memory(desk: Desk) -> None:
    desk.remote.open()
    await until(lambda: desk.media.asked)
    for _ in range(40):
        for _ in range(100):
            desk.media.tell(Levels(0.5, 0.5))
        await asyncio.sleep(0)
    desk.media.tell(LiveFromFar({"last": True}))
    waiting = desk.remote._events
    await until(lambda: waiting.qsize() > EVENTS_WAITING // 4)
    await until(lambda: LiveFromFar({"last": True}) in waiting._queue)  # type: ignore[attr-defined]
    assert waiting.qsize() < EVENTS_WAITING // 2
