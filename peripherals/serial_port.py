"""One thread for one serial line: it stamps what comes, writes what is asked, holds the switch.

The thread owns the line from open to close; the loop never touches it. No foreign exception leaves
this file.
"""

import asyncio
import errno
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import serial

from app.domain.clock import Clock, SystemClock
from app.domain.failures import Code, Unavailable
from peripherals.byte_port import Chunk, SwitchFired
from peripherals.line_setting import LineSetting
from peripherals.moment import now_of

if sys.platform == "win32":
    LINE_ERRORS: tuple[type[Exception], ...] = (OSError,)
    REFUSED_SETTING: tuple[type[Exception], ...] = ()
else:
    import termios

    LINE_ERRORS = (OSError, termios.error)  # SerialException is an OSError, this one is not
    REFUSED_SETTING = (termios.error,)

log = logging.getLogger(__name__)

DEAD_MAN_S = 5.0
LOOK_EVERY_S = 0.05  # how long the thread waits for bytes before it looks at the switch
WRITE_LIMIT_S = 0.2
OPEN_LIMIT_S = 3.0
CLOSE_LIMIT_S = 2.0
WAITING_BYTES = 16 * 1024  # towards the loop: 17 s of a full line at 9600 baud
WAITING_WRITES = 64
OTHER_BAUD = 50  # no instrument's

_MISSING = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO}
_BUSY = {errno.EBUSY, errno.EAGAIN}


def is_there(path: str) -> bool:
    """Whether an attempt to open makes sense. Names that are no paths (COM3) are always tried."""
    return os.sep not in path or os.path.exists(path)


@dataclass(slots=True)
class _Towards:
    """What waits for the loop. Guarded by the port's lock."""

    items: deque[Chunk | SwitchFired] = field(default_factory=deque)
    byte_count: int = 0
    lost: Unavailable | None = None  # told once all items before it are taken


class SerialPort:
    """Fulfils BytePort. `dead_man_s` is shortened by tests only."""

    def __init__(
        self,
        path: str,
        line: LineSetting,
        *,
        clock: Clock | None = None,
        dead_man_s: float = DEAD_MAN_S,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        self._path = path
        self._setting = line
        self._clock = clock or SystemClock()
        self._dead_man_s = dead_man_s
        self._waiting_bytes = waiting_bytes
        self._lock = threading.Lock()
        self._towards_loop = _Towards()
        self._towards_line: deque[bytes] = deque()
        self._abort: bytes | None = None  # armed while not None
        self._renewed_s = 0.0
        self._is_closing = False
        self._line: serial.Serial | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: asyncio.Event | None = None
        self._opened: asyncio.Future[None] | None = None
        self._ended: asyncio.Event | None = None

    # --- the loop's side ---------------------------------------------------------------------

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._news, self._ended = asyncio.Event(), asyncio.Event()
        self._opened = self._loop.create_future()
        threading.Thread(target=self._run, name="serial port", daemon=True).start()
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                await asyncio.shield(self._opened)
        except TimeoutError as late:
            raise Unavailable(Code.DEVICE_SILENT, "the line does not open") from late
        finally:
            self._opened.cancel()  # a thread that opens later finds nobody waiting

    async def close(self) -> None:
        with self._lock:
            self._is_closing = True
            self._wake_thread()
        if self._ended is None:
            return
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._ended.wait()
        except TimeoutError:
            log.error("the thread of a serial port does not end")

    async def read(self, limit_s: float) -> Chunk | SwitchFired | None:
        assert self._news is not None
        try:
            async with asyncio.timeout(limit_s):
                while (item := self._taken(self._news)) is None:
                    await self._news.wait()
                return item
        except TimeoutError:
            return None

    def _taken(self, news: asyncio.Event) -> Chunk | SwitchFired | None:
        with self._lock:
            news.clear()
            towards = self._towards_loop
            if towards.items:
                item = towards.items.popleft()
                towards.byte_count -= len(item.data) if isinstance(item, Chunk) else 0
                return item
            if towards.lost is not None:
                raise towards.lost
            return None

    def write(self, data: bytes) -> None:
        with self._lock:
            if len(self._towards_line) >= WAITING_WRITES:
                raise Unavailable(Code.OVERRUN, "the line takes nothing")
            self._towards_line.append(data)
            self._wake_thread()

    def write_now(self, data: bytes) -> None:
        with self._lock:
            self._towards_line.clear()
            self._towards_line.append(data)
            self._wake_thread()

    def arm(self, abort: bytes) -> None:
        with self._lock:
            self._renewed_s = self._clock.monotonic()
            self._abort = abort

    def renew(self) -> None:
        with self._lock:
            self._renewed_s = self._clock.monotonic()

    def disarm(self) -> None:
        with self._lock:
            self._abort = None

    def _wake_thread(self) -> None:
        if self._line is not None:
            self._line.cancel_read()

    # --- the thread's side -------------------------------------------------------------------

    def _run(self) -> None:
        try:
            line = self._opened_line()
        except (*LINE_ERRORS, ValueError) as error:
            self._tell_opened(Unavailable(_why_not_open(error)))
        else:
            with self._lock:
                self._line = line
            self._tell_opened(None)
            self._serve(line)
        assert self._ended is not None
        self._on_loop(self._ended.set)

    def _opened_line(self) -> serial.Serial:
        """As set. A pty has no parity and refuses a setting of which it can change nothing."""
        try:
            return self._serial()
        except REFUSED_SETTING:
            serial.Serial(self._path, OTHER_BAUD, exclusive=True).close()
            return self._serial()

    def _serial(self) -> serial.Serial:
        return serial.Serial(
            self._path,
            self._setting.baud,
            self._setting.data_bits,
            str(self._setting.parity),
            self._setting.stop_bits,
            timeout=LOOK_EVERY_S,
            write_timeout=WRITE_LIMIT_S,
            exclusive=True,
        )

    def _serve(self, line: serial.Serial) -> None:
        try:
            self._pass_bytes(line)
        except serial.SerialTimeoutException:
            self._tell_lost(Unavailable(Code.OVERRUN, "the line takes nothing"))
        except LINE_ERRORS:
            self._tell_lost(Unavailable(Code.DEVICE_PULLED))
        finally:
            with self._lock:
                self._line = None
            try:
                line.close()
            except LINE_ERRORS:
                log.info("a pulled serial line closed with an error")

    def _pass_bytes(self, line: serial.Serial) -> None:
        while self._write_all(line):
            data = line.read(line.in_waiting or 1)
            if data:
                self._tell(Chunk(data, now_of(self._clock)))
            self._look_at_switch(line)
        with self._lock:
            abort = self._abort
        if abort is not None:  # whoever closes no longer watches over the cuff
            line.write(abort)

    def _write_all(self, line: serial.Serial) -> bool:
        """False when the port is closing and everything is written."""
        while True:
            with self._lock:
                if not self._towards_line:
                    return not self._is_closing
                data = self._towards_line.popleft()
            line.write(data)

    def _look_at_switch(self, line: serial.Serial) -> None:
        with self._lock:
            late_s = self._clock.monotonic() - self._renewed_s
            if self._abort is None or late_s <= self._dead_man_s:
                return
            abort, self._abort = self._abort, None
            self._towards_line.clear()
        line.write(abort)
        log.warning("the switch was not renewed for %.1f s: abort sent", late_s)
        self._tell(SwitchFired(now_of(self._clock)))

    def _tell(self, item: Chunk | SwitchFired) -> None:
        with self._lock:
            towards = self._towards_loop
            was_empty = not towards.items and towards.lost is None
            size = len(item.data) if isinstance(item, Chunk) else 0
            if size and towards.byte_count + size > self._waiting_bytes:
                towards.lost = towards.lost or Unavailable(Code.OVERRUN, "bytes were not taken")
            if towards.lost is None or not size:
                towards.items.append(item)
                towards.byte_count += size
        if was_empty:
            self._wake_loop()

    def _tell_lost(self, lost: Unavailable) -> None:
        with self._lock:
            self._towards_loop.lost = self._towards_loop.lost or lost
        self._wake_loop()

    def _tell_opened(self, failure: Unavailable | None) -> None:
        opened = self._opened
        assert opened is not None

        def tell() -> None:
            if opened.done():
                return
            if failure is None:
                opened.set_result(None)
            else:
                opened.set_exception(failure)

        self._on_loop(tell)

    def _wake_loop(self) -> None:
        assert self._news is not None
        self._on_loop(self._news.set)

    def _on_loop(self, what: Callable[[], None]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:
            log.info("the loop of a serial port was closed before it")


def _why_not_open(error: Exception) -> Code:
    number = error.errno if isinstance(error, OSError) else None
    if number in _MISSING:
        return Code.DEVICE_MISSING
    return Code.DEVICE_BUSY if number in _BUSY else Code.DEVICE_UNUSABLE
