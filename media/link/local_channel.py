"""One connection between two of our processes: length-prefixed JSON, descriptors beside it.

Works on every asyncio loop that watches descriptors (plain and qasync). Nothing that arrives is
trusted: what is malformed or too large closes the connection, it never raises. No pickle.
"""

import array
import asyncio
import json
import logging
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.domain.changes import Json
from app.domain.failures import Code, Failure, Rejected

log = logging.getLogger(__name__)

Word = dict[str, Json]

FRAME_MAX_BYTES = 64 * 1024
DESCRIPTORS_MAX = 4  # with one frame
QUEUE_MAX_FRAMES = 512
QUEUE_MAX_BYTES = 4 * 1024 * 1024
DROPPABLE_BEHIND = 8  # frames may wait before droppable ones are dropped
HEAD = struct.Struct(">IB")  # bytes of JSON, descriptors that belong to it
_READ_BYTES = 64 * 1024
_READS_PER_WAKE = 4  # one talkative peer does not hold the loop
_ANCILLARY_BYTES = socket.CMSG_SPACE(4 * DESCRIPTORS_MAX * 4)


@dataclass(slots=True)
class _Outgoing:
    rest: memoryview
    descriptors: list[int]  # our own copies, closed once they are handed over


class LocalChannel:
    """`on_word` owns the descriptors it is given; a Failure it raises closes the channel.

    `on_closed` is told once, from the loop: a code when something was wrong, None at the end.
    """

    def __init__(
        self,
        connected: socket.socket,
        *,
        on_word: Callable[[Word, list[int]], None],
        on_closed: Callable[[Code | None], None],
    ) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._on_word = on_word
        self._on_closed = on_closed
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._descriptors: deque[int] = deque()
        self._queue: deque[_Outgoing] = deque()
        self._queued_bytes = 0
        self._is_writing = False
        self._can_send = True
        self._is_open = True
        self.dropped = 0  # droppable words that found the way blocked
        self._loop.add_reader(connected.fileno(), self._readable)

    @property
    def is_open(self) -> bool:
        return self._is_open

    # --- sending -----------------------------------------------------------------------------

    def send(
        self, word: Word, descriptors: Sequence[int] = (), *, is_droppable: bool = False
    ) -> bool:
        """Hand a word over without waiting. False: the channel is closed, or it was dropped."""
        if not self._is_open or not self._can_send:
            return False
        if is_droppable and len(self._queue) >= DROPPABLE_BEHIND:
            self.dropped += 1
            return False
        frame = framed(word, len(descriptors))
        is_full = len(self._queue) >= QUEUE_MAX_FRAMES
        if is_full or self._queued_bytes + len(frame) > QUEUE_MAX_BYTES:
            self.close(Code.OVERRUN)
            return False
        copies = [os.dup(descriptor) for descriptor in descriptors]
        self._queue.append(_Outgoing(memoryview(frame), copies))
        self._queued_bytes += len(frame)
        if not self._is_writing:
            self._flush()
        return self._is_open

    def _flush(self) -> None:
        try:
            while self._queue:
                self._send_first()
        except (BlockingIOError, InterruptedError):
            if not self._is_writing:
                self._is_writing = True
                self._loop.add_writer(self._socket.fileno(), self._flush)
            return
        except OSError:
            # The peer is gone. What it said last may still be unread: reading finds the end.
            self._can_send = False
            self._forget_queue()
        self._stop_writing()

    def _send_first(self) -> None:
        first = self._queue[0]
        ancillary = []
        if first.descriptors:
            rights = array.array("i", first.descriptors)
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
        sent = self._socket.sendmsg([first.rest], ancillary, socket.MSG_NOSIGNAL)
        _close_all(first.descriptors)
        first.descriptors = []
        self._queued_bytes -= sent
        if sent == len(first.rest):
            self._queue.popleft()
        else:
            first.rest = first.rest[sent:]

    def _stop_writing(self) -> None:
        if self._is_writing:
            self._is_writing = False
            self._loop.remove_writer(self._socket.fileno())

    def _forget_queue(self) -> None:
        for waiting in self._queue:
            _close_all(waiting.descriptors)
        self._queue.clear()
        self._queued_bytes = 0

    # --- receiving ---------------------------------------------------------------------------

    def _readable(self) -> None:
        for _ in range(_READS_PER_WAKE):
            try:
                data, ancillary, flags, _ = self._socket.recvmsg(
                    _READ_BYTES, _ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC
                )
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.close(None)
                return
            self._take_descriptors(ancillary)
            if not data:
                self.close(Code.MALFORMED if self._received else None)
                return
            if flags & socket.MSG_CTRUNC:
                self.close(Code.MALFORMED)
                return
            self._received += data
            self._take_words()
            if not self._is_open:
                return

    def _take_descriptors(self, ancillary: list[tuple[int, int, bytes]]) -> None:
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                whole = len(data) - len(data) % 4
                self._descriptors.extend(array.array("i", data[:whole]))

    def _take_words(self) -> None:
        try:
            while self._is_open and (taken := self._next_frame()) is not None:
                body, descriptors = taken
                try:
                    word = parsed(body)
                except Failure:
                    _close_all(descriptors)
                    raise
                self._on_word(word, descriptors)
            if len(self._descriptors) > DESCRIPTORS_MAX:
                raise Rejected(Code.MALFORMED)
        except Failure as failure:
            self.close(failure.code)

    def _next_frame(self) -> tuple[bytes, list[int]] | None:
        if len(self._received) < HEAD.size:
            return None
        size, descriptors = HEAD.unpack_from(self._received)
        if size > FRAME_MAX_BYTES:
            raise Rejected(Code.TOO_LARGE)
        if size == 0 or descriptors > DESCRIPTORS_MAX:
            raise Rejected(Code.MALFORMED)
        end = HEAD.size + size
        if len(self._received) < end:
            return None
        if descriptors > len(self._descriptors):  # they travel with the frame's first byte
            raise Rejected(Code.MALFORMED)
        body = bytes(self._received[HEAD.size : end])
        del self._received[:end]
        return body, [self._descriptors.popleft() for _ in range(descriptors)]

    # --- closing -----------------------------------------------------------------------------

    def close(self, code: Code | None = None) -> None:
        """Close now; what was handed over and fits the socket's buffer still arrives."""
        if not self._is_open:
            return
        self._is_open = False
        self._loop.remove_reader(self._socket.fileno())
        self._stop_writing()
        self._forget_queue()
        _close_all(self._descriptors)
        self._descriptors.clear()
        self._received.clear()
        self._socket.close()
        if code is not None:
            log.info("local channel closed: %s", code)
        self._loop.call_soon(self._on_closed, code)


def framed(word: Word, descriptors: int = 0) -> bytes:
    """The bytes of one frame. Rejected when the word cannot travel."""
    try:
        text = json.dumps(word, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        body = text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Rejected(Code.MALFORMED, "word") from error
    if len(body) > FRAME_MAX_BYTES or descriptors > DESCRIPTORS_MAX:
        raise Rejected(Code.TOO_LARGE, "word")
    return HEAD.pack(len(body), descriptors) + body


def parsed(body: bytes) -> Word:
    """The word in a frame's body. Rejected when it is no JSON object of finite numbers."""
    try:
        word = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Rejected(Code.MALFORMED, "frame") from error
    if not isinstance(word, dict):
        raise Rejected(Code.MALFORMED, "frame")
    return word


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _close_all(descriptors: Sequence[int] | deque[int]) -> None:
    for descriptor in descriptors:
        try:
            os.close(descriptor)
        except OSError:
            pass  # what came over the socket is at worst closed already
