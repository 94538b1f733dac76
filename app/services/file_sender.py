"""Brings recordings' files to the server, beside the exchange: however slow, one delays no note.

It is asked after each exchange that succeeded, so that it never tries a server that is away. What
names a file is pushed by the exchange once the file is marked as sent.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.runtime.broadcast import Broadcast
from app.services.acts import Acts
from app.services.ports import RecordingFiles, ServerApi, UnitOfWork
from app.services.upload_pace import UploadPace

log = logging.getLogger(__name__)

PAUSES_S = (0.5, 2.0, 8.0, 30.0)  # after a round in which not everything arrived
TOKEN_CODES = (Code.TOKEN_EXPIRED, Code.TOKEN_INVALID)


class FileSender:
    """`stuck`: why a file, and so the record that names it, could not be sent the last time.

    `wake_exchange` is called when a change may go now, or when a token is to be renewed.
    """

    def __init__(
        self,
        *,
        server_api: ServerApi,
        files: RecordingFiles,
        acts: Acts,
        pace: UploadPace,
        wake_exchange: Callable[[], None],
    ) -> None:
        self._server_api = server_api
        self._files = files
        self._acts = acts
        self._pace = pace
        self._wake_exchange = wake_exchange
        self.stuck: Broadcast[Code | None] = Broadcast(None)
        self.sent: Broadcast[int] = Broadcast(0)  # grows with each file that the server has
        self._asked = asyncio.Event()
        self._failures: Counter[str] = Counter()
        self._one_at_a_time = asyncio.Lock()

    def ask(self) -> None:
        self._asked.set()

    async def run(self) -> None:
        tries = 0
        while True:
            await self._asked.wait()
            self._asked.clear()
            if await self._round_is_whole():
                tries = 0
                continue
            await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    async def _round_is_whole(self) -> bool:
        try:
            await self.send_all()
        except Failure as failure:
            log.info("files wait: %s", failure.code)
            if failure.code in TOKEN_CODES:
                self._wake_exchange()  # it meets the same, and renews
            return False
        return self.stuck.value is None

    async def send_all(self) -> None:
        """Each file that waits is tried once; those that failed before come last."""
        async with self._one_at_a_time:
            await self._send_all()

    async def _send_all(self) -> None:
        stuck = None
        names = await self._acts.read(lambda unit: unit.attachments.unsent())
        for name in sorted(names, key=lambda name: self._failures[name]):
            self._failures[name] += 1
            code = await self._send(name)
            if code is not None:
                stuck = code
                self.stuck.tell(stuck)
                continue
            del self._failures[name]
            self.sent.tell(self.sent.value + 1)
            self._wake_exchange()
        self.stuck.tell(stuck)

    async def _send(self, name: str) -> Code | None:
        """Why this one cannot be sent; raises when the server, the store or the session is gone."""
        if not await self._server_api.has_file(name):
            try:
                data = await self._files.ciphertext(name)
            except Failure as failure:
                log.error("a recording's file cannot be read: %s", failure.code)
                return failure.code
            try:
                await self._server_api.put_file(name, self._pace.pieces(data), len(data))
            except (Rejected, Unavailable) as no:
                if no.code in TOKEN_CODES:
                    raise
                log.error("a recording's file was not taken: %s", no.code)
                return no.code
        await self._acts.read(_mark_sent(name))
        return None


def _mark_sent(name: str) -> Callable[[UnitOfWork], None]:
    return lambda unit: unit.attachments.mark_sent(name)
