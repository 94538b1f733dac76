"""What is said with an A&D UA-767PC: its port is opened, then it pushes what its own key measured.

A person arms a measurement for a visit and presses the key; what comes without that, and what it
tells at once when its port is opened, belongs to no visit.
"""

from typing import Any

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from peripherals.drivers.pushing import PushedConversation
from peripherals.drivers.said import Said, Send
from peripherals.drivers.ua767pc.codec import CLOSE, OPEN, Answer
from peripherals.moment import Moment

OPEN_AGAIN_S = 2.0
SILENT_AFTER = 3


class Ua767PcConversation(PushedConversation):
    """Ready once it has answered; `open` moves nothing."""

    def __init__(self, device: DeviceIdentity) -> None:
        super().__init__(device)
        self._is_open = False
        self._asked_s = 0.0
        self._times_asked = 0

    @property
    def is_ready(self) -> bool:
        return self._is_open

    def opened(self, at: Moment) -> list[Said]:
        self._asked_s = at.monotonic_s
        self._times_asked += 1
        return [Send(OPEN)]

    def start(self, visit: VisitId, at: Moment) -> list[Said]:
        if not self._is_open:
            raise Rejected(Code.DEVICE_BUSY)
        return super().start(visit, at)

    def lost(self, reason: Code, at: Moment) -> list[Said]:
        return [*super().lost(reason, at), Send(CLOSE)]

    def tick(self, at: Moment) -> list[Said]:
        if self._is_open or at.monotonic_s - self._asked_s < OPEN_AGAIN_S:
            return super().tick(at)
        if self._times_asked >= SILENT_AFTER:
            self.is_silent = True
            return []
        return self.opened(at)

    def heard(self, frame: Any, at: Moment) -> list[Said]:
        if isinstance(frame, Answer):
            self._is_open = self._is_open or frame.is_taken
            return []
        return super().heard(frame, at)
