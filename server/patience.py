"""How long the server waits for a request's head: whoever opens a connection must ask something.

uvicorn limits only what comes after a first answer; without this, silent connections would use up
the descriptors that everybody else needs.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_LIMIT_S = 15.0  # also what a TLS handshake and a slow line may take


class PatientProtocol(H11Protocol):
    """uvicorn's own, which ends a connection that does not come to its point."""

    head_limit_s = HEAD_LIMIT_S
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_answering:
            self._wait_no_longer()
        elif self._waiting is None:
            self._wait()  # the head of a further request has begun

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_longer()
        super().connection_lost(exc)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.head_limit_s, self._give_up)

    def _wait_no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if self.transport.is_closing():
            return  # its protocol may be forgotten by now, to ask for it would be a defect
        # A WebSocket has another protocol on the same transport by now.
        if not self._is_answering and self.transport.get_protocol() is self:
            self.transport.close()
