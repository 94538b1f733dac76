"""A HID device of Linux as a byte port, for Microlife's M-protocol over USB (04D9:B554).

Facts: vytautas-valaitis/microlife_bp. Each report begins with a count, in its low four bits, of the
bytes that matter; a command is written with its length before it. Never run with a real device.
"""

import asyncio
import os

from app.domain.clock import Clock, SystemClock
from app.domain.failures import Code, Unavailable
from peripherals.arrivals import Arrivals
from peripherals.byte_port import Chunk
from peripherals.moment import now_of

REPORT_BYTES = 64


def bytes_of_report(report: bytes) -> bytes:
    return report[1 : 1 + (report[0] & 0x0F)]


class HidPort:
    """Fulfils BytePort. A memory is only read, so there is nothing to stop and no switch."""

    def __init__(self, path: str, *, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._arrivals = Arrivals()
        self._file = -1

    async def open(self) -> None:
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        except PermissionError as error:
            raise Unavailable(Code.DEVICE_BUSY, "no right to open it") from error
        except OSError as error:
            raise Unavailable(Code.DEVICE_MISSING) from error
        asyncio.get_running_loop().add_reader(self._file, self._take_reports)

    async def close(self) -> None:
        if self._file >= 0:
            asyncio.get_running_loop().remove_reader(self._file)
            os.close(self._file)
            self._file = -1

    async def read(self, limit_s: float) -> Chunk | None:
        return await self._arrivals.take(limit_s)

    def write(self, data: bytes) -> None:
        try:
            os.write(self._file, bytes([len(data)]) + data)
        except OSError as error:
            raise Unavailable(Code.DEVICE_PULLED) from error

    def write_now(self, data: bytes) -> None:
        self.write(data)

    def arm(self, abort: bytes) -> None:
        """There is no switch."""

    def renew(self) -> None:
        """There is no switch."""

    def disarm(self) -> None:
        """There is no switch."""

    def _take_reports(self) -> None:
        try:
            report = os.read(self._file, REPORT_BYTES)
        except BlockingIOError:
            return
        except OSError:
            report = b""
        if report:
            self._arrivals.put(Chunk(bytes_of_report(report), now_of(self._clock)))
            return
        asyncio.get_running_loop().remove_reader(self._file)
        self._arrivals.end(Unavailable(Code.DEVICE_PULLED))
