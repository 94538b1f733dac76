"""Files of messages: taken in, brought here part by part, handed out when a person says where to.

A part comes from the server, or over the call while the server is away or has not got it yet.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from app.domain.audit import Act
from app.domain.call import Phase
from app.domain.changes import Json
from app.domain.failures import Code, Failure, Rejected, Untrusted
from app.domain.ids import RecordId, VisitId
from app.domain.message_files import (
    FILE_MAX_BYTES,
    PART_BYTES,
    FilePart,
    MessageFile,
    kind_of,
    name_of,
)
from app.domain.messages import Message
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.call import Call
from app.services.chart import Chart
from app.services.file_fetching import bring_here
from app.services.part_line import PartLine
from app.services.ports import CallEngine, OutsideFiles, RecordingFiles, ServerApi

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 5.0
GRACE_S = 20.0  # the far desk may be bringing it to the server: not twice over one narrow line


@dataclass(frozen=True, slots=True)
class FileProgress:
    """Of the open visit's files: how much is here, how much of our own the server has."""

    message: RecordId
    bytes_here: int
    bytes_sent: int
    bytes_whole: int

    @property
    def is_here(self) -> bool:
        return self.bytes_here >= self.bytes_whole


@dataclass(frozen=True, slots=True)
class FilesState:
    files: tuple[FileProgress, ...] = ()

    def of(self, message: RecordId) -> FileProgress | None:
        return next((one for one in self.files if one.message == message), None)


class MessageFiles:
    """`is_server_there` keeps a server that is away from being asked for each part."""

    def __init__(
        self,
        *,
        acts: Acts,
        chart: Chart,
        call: Call,
        engine: CallEngine,
        files: RecordingFiles,
        outside: OutsideFiles,
        server_api: ServerApi,
        files_sent: Broadcast[int],
        is_server_there: Callable[[], bool],
    ) -> None:
        self._acts = acts
        self._chart = chart
        self._call = call
        self._files = files
        self._outside = outside
        self._server_api = server_api
        self._is_server_there = is_server_there
        self._line = PartLine(engine, self._part_for_far)
        self._here: set[str] = set()
        self._missed_since: dict[RecordId, float] = {}  # by the server, monotonic
        self._misses: Counter[RecordId] = Counter()
        self.state: Broadcast[FilesState] = Broadcast(FilesState())
        self.arrived: Broadcast[int] = Broadcast(0)  # grows with each part that came here
        self._asked = asyncio.Event()
        self._tasks = TaskOwner("message files")
        self._stops = (
            acts.revision.listen(lambda _: self._asked.set()),
            chart.state.listen(lambda _: self._asked.set()),
            files_sent.listen(lambda _: self._asked.set()),
        )

    def start(self) -> None:
        self._line.start()
        self._tasks.start_lasting(self._run, "fetch")

    async def close(self) -> None:
        for stop in self._stops:
            stop()
        await self._line.close()
        await self._tasks.close()

    def heard(self, visit: VisitId, payload: dict[str, Json]) -> None:
        """A word of the far side over the call; those of other kinds are not ours."""
        if visit == self._open_visit():
            self._line.heard(payload)

    # --- in and out ------------------------------------------------------------------------

    async def take(self, path: str) -> MessageFile:
        """A file that a person chose, encrypted and cut; Rejected with why it cannot be sent."""
        data = await self._outside.read(path, FILE_MAX_BYTES)
        kind = kind_of(data)
        parts = []
        for at in range(0, len(data), PART_BYTES):
            name, key, count = await self._files.save(data[at : at + PART_BYTES])
            parts.append(FilePart(name, key, count))
            self._here.add(name)
        digest = hashlib.sha256(data).hexdigest()
        return MessageFile(name_of(path, kind), kind, len(data), digest, tuple(parts))

    async def save_as(self, message: RecordId, path: str) -> None:
        """In the clear, where a person said; that they did so is an act."""
        row = self._chart.row
        found = [one for one in self._chart.state.value.messages if one.id == message]
        if not found or found[0].file is None:
            raise Rejected(Code.NOT_FOUND)
        data = await self._whole(found[0].file)
        event = self._acts.event(
            Act.MESSAGE_FILE_SAVED, patient=row.patient.id, visit=row.visit.id, subject=message
        )
        await self._acts.note(event)  # before it lies there
        await self._outside.write(path, data)

    async def _whole(self, file: MessageFile) -> bytes:
        if not all(part.file_key for part in file.parts):
            raise Rejected(Code.FILE_ERASED, "file of a message")
        parts = [await self._files.load(part.file_sha256, part.file_key) for part in file.parts]
        data = b"".join(parts)
        if hashlib.sha256(data).hexdigest() != file.sha256 or kind_of(data) is not file.kind:
            raise Untrusted(Code.HASH_MISMATCH, "file of a message")
        return data

    async def is_whole_here(self, message: Message) -> bool:
        """Also of a message without a file."""
        parts = () if message.file is None else message.file.parts
        return all([await self._has(part) for part in parts])

    # --- bringing them here ----------------------------------------------------------------

    def _open_visit(self) -> VisitId | None:
        row = self._chart.state.value.row
        return row.visit.id if row is not None else self._call.state.value.visit

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._asked.wait()
            self._asked.clear()
            try:
                await self._look()
            except Failure as failure:
                log.info("files of messages wait: %s", failure.code)

    async def _look(self) -> None:
        visit = self._open_visit()
        messages = [] if visit is None else await self._with_files(visit)
        await self._tell(messages)
        oldest_first = list(reversed(messages))
        # But one that nobody has any more holds up none that can come.
        for message in sorted(oldest_first, key=lambda one: self._misses[one.id]):
            for part in message.file.parts if message.file is not None else ():
                is_wanted = part.file_key and not await self._has(part)
                if is_wanted and not await self._fetch(part, message.id):
                    self._misses[message.id] += 1
                    return  # neither way goes now
                if visit != self._open_visit():
                    return
                await self._tell(messages)

    async def _with_files(self, visit: VisitId) -> list[Message]:
        messages = await self._acts.read(lambda unit: unit.records.messages(visit))
        return [message for message in messages if message.file is not None]

    async def _has(self, part: FilePart) -> bool:
        if part.file_sha256 not in self._here and await self._files.has(part.file_sha256):
            self._here.add(part.file_sha256)
        return part.file_sha256 in self._here

    async def _fetch(self, part: FilePart, message: RecordId) -> bool:
        """By the server when it has it, else over the call; False when neither brings it now."""
        if await self._from_server(part):
            self._missed_since.pop(message, None)
        elif not self._may_ask_over_call(message) or not await self._over_call(part):
            return False
        self._here.add(part.file_sha256)
        self.arrived.tell(self.arrived.value + 1)
        return True

    async def _from_server(self, part: FilePart) -> bool:
        if not self._is_server_there():
            return False
        try:
            await bring_here(self._files, self._server_api, part.file_sha256)
        except Untrusted as doubt:
            log.warning("a part of a file was not what its name says: %s", doubt.code)
            return False
        except Failure as no:
            log.info("the server does not bring a file now: %s", no.code)
            return False
        return True

    def _may_ask_over_call(self, message: RecordId) -> bool:
        if self._call.state.value.phase is not Phase.LIVE:
            return False
        now = self._acts.clock.monotonic()
        missed_s = now - self._missed_since.setdefault(message, now)
        return missed_s >= GRACE_S or not self._is_server_there()

    async def _over_call(self, part: FilePart) -> bool:
        try:
            data = await self._line.fetch(part)
            await self._files.put(part.file_sha256, data)
        except Untrusted as doubt:
            log.warning("a part of a file was not what its name says: %s", doubt.code)
            return False
        except Failure as no:
            log.info("the call does not bring a file now: %s", no.code)
            return False
        return True

    async def _part_for_far(self, file_sha256: str) -> bytes | None:
        """Only what belongs to this visit's messages."""
        visit = self._call.state.value.visit
        if visit is None:
            return None
        for message in await self._with_files(visit):
            assert message.file is not None
            if any(part.file_sha256 == file_sha256 for part in message.file.parts):
                return await self._files.ciphertext(file_sha256)
        return None

    async def _tell(self, messages: list[Message]) -> None:
        unsent = set(await self._acts.read(lambda unit: unit.attachments.unsent()))
        told = [await self._progress(message, unsent) for message in messages]
        self.state.tell(replace(self.state.value, files=tuple(told)))

    async def _progress(self, message: Message, unsent: set[str]) -> FileProgress:
        assert message.file is not None
        parts = message.file.parts
        here = [part for part in parts if await self._has(part)]
        return FileProgress(
            message=message.id,
            bytes_here=sum(part.file_bytes for part in here),
            bytes_sent=sum(part.file_bytes for part in parts if part.file_sha256 not in unsent),
            bytes_whole=sum(part.file_bytes for part in parts),
        )
