"""The local channel between two ends of a socket pair: the whole arrives, all else closes it."""

import asyncio
import os
import random
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from app.domain.failures import Code, Rejected
from media.link.local_channel import (
    DROPPABLE_BEHIND,
    FRAME_MAX_BYTES,
    QUEUE_MAX_FRAMES,
    LocalChannel,
    Word,
    framed,
)
from tests.unit.media.descriptors import open_descriptors
from tests.unit.media.waiting import until


class End:
    """One channel and what it heard."""

    def __init__(self, connected: socket.socket) -> None:
        self.words: list[Word] = []
        self.descriptors: list[int] = []
        self.closed: list[Code | None] = []
        self.channel = LocalChannel(connected, on_word=self._heard, on_closed=self.closed.append)

    def _heard(self, word: Word, descriptors: list[int]) -> None:
        self.words.append(word)
        self.descriptors += descriptors
        if word.get("kind") == "refuse":
            raise Rejected(Code.NOT_ALLOWED)


@pytest.fixture
async def ends() -> AsyncIterator[tuple[End, socket.socket]]:
    """A channel, and the raw socket of whoever speaks to it."""
    ours, theirs = socket.socketpair()
    end = End(ours)
    yield end, theirs
    end.channel.close()
    for descriptor in end.descriptors:
        os.close(descriptor)
    theirs.close()
    await asyncio.sleep(0)


Ends = tuple[End, socket.socket]


async def test_a_word_arrives_whole_however_it_is_cut(ends: Ends) -> None:
    end, raw = ends
    for byte in framed({"kind": "one", "text": "Gänse \N{SMILING FACE WITH SMILING EYES}"}):
        raw.send(bytes([byte]))
        await asyncio.sleep(0)
    raw.send(framed({"n": 2}) + framed({"n": 3}) + framed({"n": 4})[:-1])
    await until(lambda: len(end.words) == 3)
    assert end.words[0]["text"] == "Gänse \N{SMILING FACE WITH SMILING EYES}"
    assert [word.get("n") for word in end.words[1:]] == [2, 3]
    raw.send(b"}")
    await until(lambda: len(end.words) == 4)


async def test_a_descriptor_comes_with_its_word(ends: Ends) -> None:
    end, raw = ends
    other = End(raw.dup())
    reading, writing = os.pipe()
    other.channel.send({"n": 1})
    other.channel.send({"n": 2}, [writing])
    other.channel.send({"n": 3})
    os.close(writing)
    await until(lambda: len(end.words) == 3)
    assert len(end.descriptors) == 1
    os.write(end.descriptors[0], b"here")
    assert os.read(reading, 10) == b"here"
    assert not os.get_inheritable(end.descriptors[0])
    os.close(reading)
    other.channel.close()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (struct.pack(">IB", FRAME_MAX_BYTES + 1, 0), Code.TOO_LARGE),
        (struct.pack(">IB", 0, 0), Code.MALFORMED),
        (struct.pack(">IB", 2, 0) + b"[]", Code.MALFORMED),
        (struct.pack(">IB", 2, 0) + b"{]", Code.MALFORMED),
        (struct.pack(">IB", 2, 0) + b"\xff\xfe", Code.MALFORMED),
        (struct.pack(">IB", 9, 0) + b'{"a":NaN}', Code.MALFORMED),
        (struct.pack(">IB", 60_000, 0) + b"[" * 60_000, Code.MALFORMED),
        (struct.pack(">IB", 2, 1) + b"{}", Code.MALFORMED),  # promises a descriptor it has not
        (struct.pack(">IB", 2, 200) + b"{}", Code.MALFORMED),
        (framed({"kind": "refuse"}), Code.NOT_ALLOWED),
    ],
)
async def test_what_makes_no_sense_closes_the_connection_with_a_code(
    ends: Ends, sent: bytes, code: Code
) -> None:
    end, raw = ends
    raw.sendall(sent)
    await until(lambda: end.closed)
    assert end.closed == [code]
    assert not end.channel.send({"n": 1})
    raw.setblocking(False)
    assert raw.recv(10) == b""


async def test_an_end_in_the_middle_of_a_word_is_not_an_end(ends: Ends) -> None:
    end, raw = ends
    raw.sendall(framed({"n": 1})[:-1])
    raw.shutdown(socket.SHUT_WR)
    await until(lambda: end.closed)
    assert end.closed == [Code.MALFORMED]


async def test_a_clean_end_has_no_code(ends: Ends) -> None:
    end, raw = ends
    raw.sendall(framed({"n": 1}))
    raw.shutdown(socket.SHUT_WR)
    await until(lambda: end.closed)
    assert (end.words, end.closed) == ([{"n": 1}], [None])


async def test_descriptors_nobody_asked_for_are_closed(ends: Ends) -> None:
    end, raw = ends
    before = open_descriptors()
    for _ in range(3):
        socket.send_fds(raw, [b"\0"], [raw.fileno()] * 4)
    await until(lambda: end.closed)
    assert end.closed == [Code.MALFORMED]
    assert open_descriptors() < before


async def test_what_can_be_missed_is_dropped_and_the_rest_waits(ends: Ends) -> None:
    end, raw = ends
    filler: Word = {"text": "x" * 60_000}
    while not end.channel.dropped:
        end.channel.send(filler)
        end.channel.send({"kind": "frame"}, is_droppable=True)
        assert len(end.channel._queue) < QUEUE_MAX_FRAMES // 2
    assert end.channel.send({"kind": "kept"})
    other = End(raw.dup())
    await until(lambda: other.words and other.words[-1].get("kind") == "kept")
    frames = sum(word.get("kind") == "frame" for word in other.words)
    fillers = sum("text" in word for word in other.words)
    assert fillers > DROPPABLE_BEHIND // 2
    assert frames < fillers
    assert end.channel.send({"kind": "frame"}, is_droppable=True)  # the way is free again
    other.channel.close()


async def test_who_never_reads_is_let_go_at_last(ends: Ends) -> None:
    end, _ = ends
    told = 0
    while end.channel.send({"text": "x" * 60_000}):
        told += 1
        assert told < 2 * QUEUE_MAX_FRAMES
    await until(lambda: end.closed)
    assert end.closed == [Code.OVERRUN]


async def test_last_words_are_read_although_the_speaker_is_gone(ends: Ends) -> None:
    end, raw = ends
    raw.sendall(framed({"kind": "fenced"}))
    raw.close()
    end.channel.send({"kind": "too late"})
    await until(lambda: end.closed)
    assert end.words == [{"kind": "fenced"}]


def test_a_word_that_cannot_travel_is_refused_before_it_leaves() -> None:
    with pytest.raises(Rejected) as refused:
        framed({"text": "x" * (FRAME_MAX_BYTES + 1)})
    assert refused.value.code is Code.TOO_LARGE
    for strange in (float("nan"), {1, 2}, "\ud800"):
        with pytest.raises(Rejected):
            framed({"text": strange})  # type: ignore[dict-item]  # that is the test


async def test_ten_thousand_frames_of_random_bytes_close_and_never_crash() -> None:
    chance = random.Random(20261121)
    defects: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: defects.append(context))
    frames = closed = heard = 0
    before = open_descriptors()
    while frames < 10_000:
        ours, theirs = socket.socketpair()
        end = End(ours)
        whole = 0
        for number in range(chance.randrange(1, 12)):
            frames += 1
            is_whole, frame = _strange_frame(chance)
            whole += is_whole and whole == number
            theirs.sendall(frame)
        await asyncio.sleep(0)
        theirs.close()
        await until(lambda end=end: end.closed)  # type: ignore[misc]  # bound now
        closed += 1
        assert len(end.words) >= whole  # what was right before the noise was kept
        heard += len(end.words)
    assert defects == []
    assert closed > 1000
    assert heard > 500
    assert open_descriptors() == before


def _strange_frame(chance: random.Random) -> tuple[bool, bytes]:
    """(whether it is a word, its bytes)."""
    body = chance.randbytes(chance.randrange(0, 60))
    match chance.randrange(4):
        case 0:
            return False, body
        case 1:
            return False, struct.pack(">IB", len(body), 0) + body
        case 2:
            return False, struct.pack(">IB", chance.randrange(2**32), chance.randrange(256)) + body
        case _:
            return True, framed({"n": chance.randrange(1000)})
