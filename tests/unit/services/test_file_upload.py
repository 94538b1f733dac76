"""Files to the server and back, part by part: whatever stops, nothing begins from zero."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.call import Phase
from app.domain.engine import LadderTold
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.domain.ladder import Reason, Stand, Step, Wants
from app.domain.server_words import ArrivingPart
from app.runtime.broadcast import Broadcast
from app.services.call import CallState
from app.services.file_fetching import FILE_MOST_BYTES, bring_here
from app.services.file_upload import ASKED_MOST, FileUpload, Sending
from app.services.upload_pace import PART_FIRST_BYTES, WAIT_MOST_S, UploadPace
from offline_store.recordings import RecordingsInMemory
from tests.fakes.server import FakeServer
from tests.fakes.time_loop import LoopClock

LINE_BYTES_S = 100_000
SOUND = os.urandom(5 * PART_FIRST_BYTES)


class Line:
    """A desk's files, a server, and what is told of the file between them."""

    def __init__(self) -> None:
        self.clock = LoopClock(asyncio.get_running_loop())
        self.server = FakeServer(self.clock)
        self.files = RecordingsInMemory()
        self.call = Broadcast(CallState())
        self.told: list[Sending] = []
        self.starts: list[int] = []  # of each part that was sent
        self.breaks_after: int | None = None

    async def keeps(self, sound: bytes = SOUND) -> str:
        name, _, _ = await self.files.save(sound)
        return name

    def upload(self) -> FileUpload:
        """As a program that was just started has it."""
        return FileUpload(
            server_api=self,  # type: ignore[arg-type]  # the calls that an upload makes
            files=self.files,
            pace=UploadPace(self.call),
            clock=self.clock,
            tell=self.told.append,
        )

    async def begin_upload(self, name: str, byte_count: int) -> int:
        return await self.server.begin_upload(name, byte_count)

    async def put_part(
        self, name: str, start: int, part: bytes, pieces: AsyncIterator[bytes]
    ) -> int:
        if self.breaks_after is not None and len(self.starts) >= self.breaks_after:
            raise Unavailable(Code.SERVER_UNREACHABLE)
        self.starts.append(start)
        await asyncio.sleep(len(part) / LINE_BYTES_S)
        return await self.server.put_part(name, start, part, pieces)


async def test_it_goes_in_parts_that_grow_with_the_line() -> None:
    line = Line()
    name = await line.keeps()
    await line.upload().send(name)
    assert line.server.files[name] == await line.files.ciphertext(name)
    assert line.starts[:2] == [0, PART_FIRST_BYTES]
    assert line.starts[2] - PART_FIRST_BYTES == pytest.approx(4 * LINE_BYTES_S, rel=0.02)
    assert line.told[0].left_s == pytest.approx((len(SOUND) - PART_FIRST_BYTES) / 1e5, rel=0.01)
    assert line.told[-1].bytes_sent == line.told[-1].bytes_whole


@pytest.mark.parametrize("parts", [0, 1, 2])
async def test_after_any_stop_it_goes_on_where_it_was(parts: int) -> None:
    line = Line()
    name = await line.keeps()
    line.breaks_after = parts
    with pytest.raises(Unavailable):
        await line.upload().send(name)
    reached = len(line.server.uploads[name])
    line.breaks_after = None
    await line.upload().send(name)  # another program, which remembers nothing
    assert line.starts[parts] == reached
    assert len(set(line.starts)) == len(line.starts)  # no part went twice
    assert line.server.files[name] == await line.files.ciphertext(name)


async def test_an_answer_that_was_lost_repeats_nothing() -> None:
    line = Line()
    name = await line.keeps()
    line.server.loses_file_answers = 1
    with pytest.raises(Unavailable):
        await line.upload().send(name)
    await line.upload().send(name)
    assert line.starts == sorted(set(line.starts))
    assert line.server.files[name] == await line.files.ciphertext(name)


async def test_a_server_that_lost_the_upload_gets_it_again() -> None:
    line = Line()
    name = await line.keeps()
    line.breaks_after = 2
    with pytest.raises(Unavailable):
        await line.upload().send(name)
    line.server.uploads.clear()  # it expired, or the server's disk was restored
    line.breaks_after = None
    await line.upload().send(name)
    assert line.starts[2] == 0
    assert line.server.files[name] == await line.files.ciphertext(name)


async def test_another_offset_than_ours_is_the_servers_to_say() -> None:
    line = Line()
    name = await line.keeps()
    original = line.server.put_part

    async def behind_our_back(
        name: str, start: int, part: bytes, pieces: AsyncIterator[bytes]
    ) -> int:
        if len(line.starts) == 2:
            del line.server.uploads[name][100_000:]
        return await original(name, start, part, pieces)

    line.server.put_part = behind_our_back  # type: ignore[method-assign, assignment]
    await line.upload().send(name)
    assert 100_000 in line.starts
    assert line.server.files[name] == await line.files.ciphertext(name)


async def test_a_server_that_never_finds_it_is_left_alone() -> None:
    line = Line()
    name = await line.keeps()

    async def never(*_: object) -> int:
        line.starts.append(0)
        raise Rejected(Code.NOT_FOUND)

    line.server.put_part = never  # type: ignore[method-assign, assignment]
    with pytest.raises(Rejected):
        await line.upload().send(name)
    assert len(line.starts) == 2 * (ASKED_MOST + 1)  # noted here, and noted there


async def test_an_upload_that_does_not_move_is_left_alone() -> None:
    line = Line()
    name = await line.keeps()

    async def deaf(name: str, start: int, *_: object) -> int:
        return start

    line.server.put_part = deaf  # type: ignore[method-assign, assignment]
    with pytest.raises(Unavailable) as caught:
        await line.upload().send(name)
    assert caught.value.code is Code.SERVER_ERROR
    assert len(line.starts) == ASKED_MOST + 1


async def test_a_file_that_was_cut_while_it_was_sent_is_not_sent_for_ever() -> None:
    line = Line()
    name = await line.keeps()

    async def longer(_: str) -> int:
        return 2 * len(SOUND)

    line.files.proven_bytes = longer  # type: ignore[method-assign, assignment]
    with pytest.raises(Unavailable) as caught:
        await line.upload().send(name)
    assert caught.value.code in (Code.NOT_FOUND, Code.SERVER_ERROR)


async def test_a_file_that_this_disk_damaged_is_not_sent() -> None:
    line = Line()
    name = await line.keeps()

    async def damaged(_: str) -> int:
        raise Untrusted(Code.HASH_MISMATCH, "file")

    line.files.proven_bytes = damaged  # type: ignore[method-assign, assignment]
    with pytest.raises(Untrusted):
        await line.upload().send(name)
    assert line.server.asked == []


def in_call(step: Step, reason: Reason, phase: Phase = Phase.LIVE) -> CallState:
    own = Stand(step, reason, datetime(2026, 11, 21, 9, 0, tzinfo=UTC), 40_000)
    return CallState(phase=phase, ladder=LadderTold(own, None, Wants(), None))


@pytest.mark.parametrize(
    "state",
    [
        CallState(phase=Phase.CONNECTING),
        CallState(phase=Phase.REJOINING),
        in_call(Step.MESSAGES, Reason.NO_LINE),
        in_call(Step.MESSAGES, Reason.LOSS),
    ],
)
async def test_it_waits_while_the_call_needs_the_line(state: CallState) -> None:
    line = Line()
    name = await line.keeps(os.urandom(10_000))
    line.call.tell(state)
    sending = asyncio.ensure_future(line.upload().send(name))
    await line.clock.passes(WAIT_MOST_S / 2)
    assert line.starts == [] and line.told[-1].is_waiting
    assert line.told[-1].left_s is None
    line.call.tell(in_call(Step.VOICE, Reason.SLOW))
    await line.clock.passes(5)
    await sending
    assert name in line.server.files


async def test_it_does_not_wait_for_ever() -> None:
    line = Line()
    name = await line.keeps(os.urandom(10_000))
    line.call.tell(CallState(phase=Phase.REJOINING))
    await line.upload().send(name)
    assert name in line.server.files
    assert line.clock.monotonic() >= WAIT_MOST_S


@pytest.mark.parametrize("reason", [Reason.CHOSEN, Reason.CHOSEN_BY_FAR, Reason.CPU])
async def test_who_chose_messages_alone_leaves_the_line_free(reason: Reason) -> None:
    line = Line()
    line.call.tell(in_call(Step.MESSAGES, reason))
    assert not UploadPace(line.call).must_wait


async def test_beside_a_call_a_part_is_small() -> None:
    pace = UploadPace(Broadcast(in_call(Step.VOICE, Reason.SLOW)))
    assert pace.part_bytes == int(33_000 / 8 * 4)
    pace.part_went(4_000_000, 0.1)
    assert pace.part_bytes == int(33_000 / 8 * 4)  # what a free line did says nothing here


# --- the other way -------------------------------------------------------------------------------


@contextmanager
def counting(server: FakeServer) -> Iterator[list[int]]:
    starts: list[int] = []
    original = server.get_part

    async def noted(name: str, start: int, most_bytes: int) -> ArrivingPart:
        part = await original(name, start, most_bytes)
        starts.append(start)
        return part

    server.get_part = noted  # type: ignore[method-assign, assignment]
    yield starts


async def has_it(line: Line, sound: bytes = SOUND) -> str:
    name = await line.keeps(sound)
    line.server.files[name] = await line.files.ciphertext(name)
    await line.files.remove(name)
    return name


async def test_a_file_comes_in_ranges_and_goes_on_after_a_stop() -> None:
    line = Line()
    name = await has_it(line)
    with counting(line.server) as starts:
        line.server.gives_parts = 3
        with pytest.raises(Unavailable):
            await bring_here(line.files, line.server, name)
        assert not await line.files.has(name)
        reached = await line.files.arrived(name)
        assert 0 < reached < len(SOUND)
        line.server.gives_parts = None
        await bring_here(line.files, line.server, name)
        assert starts[3] == reached and starts == sorted(set(starts))
        await bring_here(line.files, line.server, name)  # here: nobody is asked
        assert await line.files.ciphertext(name) == line.server.files[name]
        assert starts == sorted(set(starts))


async def test_a_stop_between_the_last_range_and_the_name_costs_one_question() -> None:
    line = Line()
    name = await has_it(line)
    data = line.server.files[name]
    await line.files.add_piece(name, 0, data)
    await bring_here(line.files, line.server, name)
    assert await line.files.ciphertext(name) == data


Forge = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "forge",
    [
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: b"",
    ],
)
async def test_what_is_not_what_its_name_says_is_thrown_away(forge: Forge) -> None:
    line = Line()
    name = await has_it(line)
    right = line.server.files[name]
    line.server.files[name] = forge(right)
    with pytest.raises(Untrusted):
        await bring_here(line.files, line.server, name)
    assert not await line.files.has(name) and await line.files.arrived(name) == 0
    line.server.files[name] = right
    await bring_here(line.files, line.server, name)
    assert await line.files.ciphertext(name) == right


async def test_a_server_that_shortens_or_never_ends_a_file_is_not_believed() -> None:
    line = Line()
    name = await has_it(line)
    await line.files.add_piece(name, 0, line.server.files[name])
    line.server.files[name] = line.server.files[name][:1000]
    with pytest.raises(Untrusted):
        await bring_here(line.files, line.server, name)

    async def endless(*_: object) -> ArrivingPart:
        return ArrivingPart(b"x", FILE_MOST_BYTES + 1)

    line.server.get_part = endless  # type: ignore[method-assign, assignment]
    with pytest.raises(Untrusted):
        await bring_here(line.files, line.server, name)
    assert await line.files.arrived(name) == 0


async def test_a_full_disk_keeps_what_came_and_goes_on_when_there_is_room() -> None:
    line = Line()
    name = await has_it(line)
    original, is_full = line.files.add_piece, False

    async def add_piece(name: str, start: int, piece: bytes) -> int:
        if is_full:
            raise Unavailable(Code.STORE_FULL)
        return await original(name, start, piece)

    line.files.add_piece = add_piece  # type: ignore[method-assign, assignment]
    line.server.gives_parts = 2
    with pytest.raises(Failure):
        await bring_here(line.files, line.server, name)
    is_full, line.server.gives_parts = True, None
    with pytest.raises(Unavailable) as told:
        await bring_here(line.files, line.server, name)
    assert told.value.code is Code.STORE_FULL
    reached = await line.files.arrived(name)
    is_full = False
    with counting(line.server) as starts:
        await bring_here(line.files, line.server, name)
    assert starts[0] == reached > 0


async def test_what_was_erased_on_order_leaves_nothing_here() -> None:
    line = Line()
    name = await has_it(line)
    line.server.gives_parts = 1
    with pytest.raises(Unavailable):
        await bring_here(line.files, line.server, name)

    async def erased(*_: object) -> ArrivingPart:
        raise Rejected(Code.FILE_ERASED)

    line.server.get_part = erased  # type: ignore[method-assign, assignment]
    with pytest.raises(Rejected):
        await bring_here(line.files, line.server, name)
    assert await line.files.arrived(name) == 0


def test_what_is_left_is_said_only_while_it_moves() -> None:
    moving = Sending("a", 50, 100, bytes_s=10.0)
    assert moving.left_s == 5.0
    assert replace(moving, is_waiting=True).left_s is None
    assert replace(moving, bytes_s=None).left_s is None
