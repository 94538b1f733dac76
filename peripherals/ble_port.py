"""A Bluetooth blood-pressure monitor as a byte port: each indication is one chunk.

Needs the optional package bleak; without it the port says so. The profile knows no commands, so
nothing is written, and nothing there can be stopped from here.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from app.domain.clock import Clock, SystemClock
from app.domain.failures import Code, Unavailable
from peripherals.arrivals import Arrivals
from peripherals.byte_port import Chunk
from peripherals.moment import now_of

try:
    import bleak
    from bleak.exc import BleakError
except ImportError:  # the optional extra "bluetooth"
    bleak = None

    class BleakError(Exception):  # type: ignore[no-redef]  # stands in where bleak is not
        """Never raised."""


log = logging.getLogger(__name__)

MEASUREMENT_UUID = "00002a35-0000-1000-8000-00805f9b34fb"
OPEN_LIMIT_S = 20.0  # such a device advertises only for a while after a measurement
CLOSE_LIMIT_S = 3.0
# Silence divides indications: one that follows at once is handed on only after so long.
GAP_S = 0.2
BLE_ERRORS = (BleakError, OSError, TimeoutError, EOFError)


class Client(Protocol):
    """What we need of bleak.BleakClient."""

    async def connect(self) -> Any: ...
    async def start_notify(self, uuid: str, heard: Callable[[Any, bytearray], None]) -> Any: ...
    async def disconnect(self) -> Any: ...


MakeClient = Callable[[str, Callable[[Any], None]], Client]


def _bleak_client(address: str, gone: Callable[[Any], None]) -> Client:
    if bleak is None:
        raise Unavailable(Code.DEVICE_UNUSABLE, "the package bleak is not installed")
    client: Client = bleak.BleakClient(address, disconnected_callback=gone)
    return client


class BlePort:
    """Fulfils BytePort."""

    def __init__(
        self, address: str, *, clock: Clock | None = None, make_client: MakeClient = _bleak_client
    ) -> None:
        self._address = address
        self._clock = clock or SystemClock()
        self._make_client = make_client
        self._client: Client | None = None
        self._arrivals = Arrivals()
        self._handed_on_s = -GAP_S

    async def open(self) -> None:
        client = self._make_client(self._address, self._gone)
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                await client.connect()
                self._client = client
                await client.start_notify(MEASUREMENT_UUID, self._heard)
        except BLE_ERRORS as error:
            raise Unavailable(Code.DEVICE_MISSING, type(error).__name__) from error

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await client.disconnect()
        except BLE_ERRORS as error:
            log.info("a Bluetooth device was left with %s", type(error).__name__)

    async def read(self, limit_s: float) -> Chunk | None:
        wait_s = self._handed_on_s + GAP_S - self._clock.monotonic()
        if wait_s > 0:
            await asyncio.sleep(min(wait_s, limit_s))
            return None
        chunk = await self._arrivals.take(limit_s)
        if chunk is not None:
            self._handed_on_s = self._clock.monotonic()
        return chunk

    def write(self, data: bytes) -> None:
        raise Unavailable(Code.DEVICE_REFUSED, "the profile knows no commands")

    def write_now(self, data: bytes) -> None:
        self.write(data)

    def arm(self, abort: bytes) -> None:
        """There is nothing to stop, so there is no switch."""

    def renew(self) -> None:
        """There is no switch."""

    def disarm(self) -> None:
        """There is no switch."""

    def _heard(self, _: Any, data: bytearray) -> None:
        self._arrivals.put(Chunk(bytes(data), now_of(self._clock)))

    def _gone(self, _: Any) -> None:
        self._arrivals.end(Unavailable(Code.DEVICE_PULLED))
