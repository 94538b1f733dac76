"""A word of the system when something is plugged in or pulled, where pyudev is installed (Linux).

What happened is not asked here: whoever is woken looks at the list. Without pyudev nobody is woken.
"""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

try:
    import pyudev
except ImportError:  # another system, or not installed: the list is looked at every second anyway
    pyudev = None

log = logging.getLogger(__name__)

MOST_AT_ONCE = 64
OPEN_LIMIT_S = 3.0
# A sandbox, no libudev, a loop that takes no readers, a machine that is busy.
REFUSALS = (OSError, ImportError, NotImplementedError, TimeoutError)


class UdevEvents:
    """`on_event` is called on the loop. For `async with`."""

    def __init__(self, subsystem: str, on_event: Callable[[], None]) -> None:
        self._subsystem = subsystem
        self._on_event = on_event
        self._monitor: Any = None

    @property
    def is_listening(self) -> bool:
        return self._monitor is not None

    async def __aenter__(self) -> Self:
        if pyudev is None:
            return self
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                # In a thread: to find the system's library, other programs are run.
                monitor = await asyncio.to_thread(_listening, self._subsystem)
            asyncio.get_running_loop().add_reader(monitor.fileno(), self._drain)
        except REFUSALS as refused:
            log.info("no events of plugging in: %s", type(refused).__name__)
        else:
            self._monitor = monitor
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._monitor is not None:
            asyncio.get_running_loop().remove_reader(self._monitor.fileno())
            self._monitor = None

    def _drain(self) -> None:
        """All that waits is one reason to look."""
        try:
            for _ in range(MOST_AT_ONCE):
                if self._monitor is None or self._monitor.poll(timeout=0) is None:
                    break
        except OSError:  # more came than the kernel keeps for us: that, too, is a reason to look
            pass
        self._on_event()


def _listening(subsystem: str) -> Any:
    monitor = pyudev.Monitor.from_netlink(pyudev.Context())
    monitor.filter_by(subsystem)
    monitor.start()
    return monitor
