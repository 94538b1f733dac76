"""Brings recordings' files to the server, beside the exchange: however slow, one delays no note.

It is asked after each exchange that succeeded, so that it never tries a server that is away. What
names a file is pushed by the exchange once the file is marked as sent. One that stopped goes on
where it did.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.runtime.broadcast import Broadcast
from app.services.acts import Acts
from app.services.file_upload import FileUpload, Sending
from app.services.ports import RecordingFiles, ServerApi, UnitOfWork
from app.services.upload_pace import UploadPace

log = logging.getLogger(__name__)

PAUSES_S = (0.5, 2.0, 8.0, 30.0)  # after a round in which not everything arrived
TRIES_IN_TURN, SOON_S = 4, 30.0  # so often, and so soon, a line may break that costs no place
LOOK_EVERY_S = 6 * 3600.0
LOOK_AT_MOST = 500
OF_THE_LINE = (Code.SERVER_UNREACHABLE, Code.TOO_SLOW)
TOKEN_CODES = (Code.TOKEN_EXPIRED, Code.TOKEN_INVALID)


class FileSender:
    """`stuck`: why a file, and so the record that names it, could not be sent the last time.

    `sending`: the file on its way, None between two of them.
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
        self._upload = FileUpload(
            server_api=server_api,
            files=files,
            pace=pace,
            clock=acts.clock,
            tell=lambda sending: self.sending.tell(sending),
        )
        self._wake_exchange = wake_exchange
        self.stuck: Broadcast[Code | None] = Broadcast(None)
        self.sent: Broadcast[int] = Broadcast(0)  # grows with each file that the server has
        self.sending: Broadcast[Sending | None] = Broadcast(None)
        self._looked_at_s: float | None = None
        self._asked = asyncio.Event()
        self._failures: Counter[str] = Counter()
        self._one_at_a_time = asyncio.Lock()

    def ask(self) -> None:
        self._asked.set()

    def server_was_away(self) -> None:
        """It may have been restored meanwhile: what it had is asked about again."""
        self._looked_at_s = None

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
        """Each file that waits is tried once, in clinical order; those that failed come last.

        A line that breaks soon costs no file its place: it is tried again before those behind it.
        """
        async with self._one_at_a_time:
            await self._send_all()

    async def _send_all(self) -> None:
        stuck = None
        await self._look_for_lacking()
        names = await self._acts.read(lambda unit: unit.attachments.unsent())
        for name in sorted(names, key=lambda name: self._failures[name] // TRIES_IN_TURN):
            self._failures[name] += 1
            began_s = self._acts.clock.monotonic()
            code = await self._send(name)
            if code is not None:
                stuck = code
                self.stuck.tell(stuck)
                is_soon = self._acts.clock.monotonic() - began_s < SOON_S
                if code in OF_THE_LINE and is_soon and self._failures[name] % TRIES_IN_TURN:
                    break  # the next round goes on with this one, before what comes after it
                self._failures[name] += -self._failures[name] % TRIES_IN_TURN
                continue
            del self._failures[name]
            self.sent.tell(self.sent.value + 1)
            self._wake_exchange()
        self.stuck.tell(stuck)

    async def _send(self, name: str) -> Code | None:
        """Why this one cannot be sent; raises when the server, the store or the session is gone."""
        try:
            if not await self._server_api.has_file(name):
                code = await self._uploaded(name)
                if code is not None:
                    return code
        except Rejected as no:
            if no.code is not Code.FILE_ERASED:  # then there is nothing left to bring
                raise
        await self._acts.read(_mark_sent(name))
        return None

    async def _uploaded(self, name: str) -> Code | None:
        try:
            await self._upload.send(name)
        except (Rejected, Unavailable, Untrusted) as no:
            if no.code in (*TOKEN_CODES, Code.FILE_ERASED):
                raise
            log.error("a recording's file was not taken: %s", no.code)
            return no.code
        finally:
            self.sending.tell(None)
        return None

    async def _look_for_lacking(self) -> None:
        """Now and then: a server that was restored without its files gets them again."""
        try:
            await self._mark_lacking()
        except Rejected as no:
            if no.code in TOKEN_CODES:
                raise
            log.warning("the server does not say which files it lacks: %s", no.code)

    async def _mark_lacking(self) -> None:
        now_s = self._acts.clock.monotonic()
        if self._looked_at_s is not None and now_s - self._looked_at_s < LOOK_EVERY_S:
            return
        after = ""
        while names := await self._acts.read(_sent_behind(after)):
            after = names[-1]
            for name in await self._server_api.lacking_files(names):
                if name in names and await self._files.has(name):
                    log.warning("the server lacks a file that it had")
                    await self._acts.read(_mark_unsent(name))
        self._looked_at_s = now_s


def _sent_behind(after: str) -> Callable[[UnitOfWork], list[str]]:
    return lambda unit: unit.attachments.sent(after, LOOK_AT_MOST)


def _mark_unsent(name: str) -> Callable[[UnitOfWork], None]:
    return lambda unit: unit.attachments.mark_unsent(name)


def _mark_sent(name: str) -> Callable[[UnitOfWork], None]:
    return lambda unit: unit.attachments.mark_sent(name)
