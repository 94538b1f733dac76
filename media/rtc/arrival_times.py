"""When a media packet came to this machine, by the kernel, however late we are to read it.

A busy machine reads late. To the far side, which judges the line by our times of arrival, that
would look like a line that has become narrow: it would take the picture away for it.
"""

import asyncio
import fcntl
import struct
import time
from typing import Any

import aioice.ice

SIOCGSTAMPNS = 0x8907  # asm-generic/sockios.h: time of the last packet read, socket(7)
TIMESPEC = struct.Struct("@qq")  # seconds, nanoseconds; of the machine's clock
LATE_LIMIT_S = 2.0  # a wall clock that was set meanwhile says anything

_Stock = aioice.ice.StunProtocol


class TimedPacket(bytes):
    """`came_at`: loop time."""

    came_at: float


class TimedProtocol(_Stock):
    """Stock; a media packet brings its time with it. Over a relay it has none but its reading."""

    _socket = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        found = transport.get_extra_info("socket")
        self._socket = -1 if found is None else found.fileno()
        self._late_s()  # the kernel keeps times from the first question on

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if isinstance(data, bytes) and data and 127 < data[0] < 192:
            packet = TimedPacket(data)
            packet.came_at = asyncio.get_running_loop().time() - self._late_s()
            data = packet
        super().datagram_received(data, addr)

    def _late_s(self) -> float:
        """How long what was just read had lain in the socket."""
        if self._socket < 0:
            return 0.0
        kept = bytearray(TIMESPEC.size)
        try:
            fcntl.ioctl(self._socket, SIOCGSTAMPNS, kept)
        except OSError:  # no time is known, or the socket is closed
            return 0.0
        seconds, nanoseconds = TIMESPEC.unpack(kept)
        late_s = time.time() - seconds - nanoseconds * 1e-9
        return late_s if 0.0 <= late_s <= LATE_LIMIT_S else 0.0


def came_at(data: bytes, now: float) -> float:
    """Loop time at which `data` came; `now` where nobody knows better."""
    return data.came_at if isinstance(data, TimedPacket) else now


def install() -> None:
    vars(aioice.ice)["StunProtocol"] = TimedProtocol
