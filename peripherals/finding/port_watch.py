"""Which serial ports are there, looked at every second, and at once when the system says so.

The list is taken in a thread, for a driver may hang in it; a look that hangs is not looked for
again until it ends, and the ports count as they were.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from app.domain.device_binding import SeenPort
from peripherals.finding.udev_events import UdevEvents

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
LOOK_LIMIT_S = 5.0
SETTLE_S = 0.05  # one plugging in is many events

ListPorts = Callable[[], tuple[SeenPort, ...]]


class PortWatch:
    """`on_ports` is told the list once at first, then whenever it is another one."""

    def __init__(
        self,
        list_ports: ListPorts,
        on_ports: Callable[[tuple[SeenPort, ...]], None],
        *,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._list_ports = list_ports
        self._on_ports = on_ports
        self._look_every_s = look_every_s
        self._ports: tuple[SeenPort, ...] | None = None
        self._looked = asyncio.Event()
        self._woken = asyncio.Event()
        self._looking: asyncio.Future[tuple[SeenPort, ...]] | None = None

    def wake(self) -> None:
        """There is a reason to look now."""
        self._woken.set()

    async def first_look(self, limit_s: float) -> None:
        """Returns when the list was told once, or after the limit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._looked.wait()

    async def run(self) -> None:
        """Until its task is ended."""
        await self._look()  # first: to find the system's events takes longer
        async with UdevEvents("tty", self.wake):
            while True:
                self._woken.clear()
                await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._look_every_s):
                        await self._woken.wait()
                    await asyncio.sleep(SETTLE_S)

    async def _look(self) -> None:
        if self._looking is None:
            loop = asyncio.get_running_loop()
            self._looking = loop.run_in_executor(None, self._list_ports)
        try:
            async with asyncio.timeout(LOOK_LIMIT_S):
                ports = await asyncio.shield(self._looking)
        except TimeoutError:
            log.warning("the list of serial ports hangs")
            return
        except OSError as error:  # the system's own files went while they were read
            log.info("the list of serial ports was not readable: %s", type(error).__name__)
            self._looking = None
            return
        self._looking = None
        if ports != self._ports:
            self._ports = ports
            self._on_ports(ports)
        self._looked.set()
