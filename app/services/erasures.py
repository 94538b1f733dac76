"""Destroys here what was erased on order: the file, what the log still holds of its key, then the
word to the audit, which tells the server that this device has done its part."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from app.domain.audit import Act
from app.domain.failures import Failure
from app.domain.file_purges import FilePurge
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.ports import RecordingFiles, Store, UnitOfWork

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 60.0  # a reader may have held the log, the disk may have been away


class Erasures:
    """Each step may be repeated: the word comes last, and a stop before it begins anew."""

    def __init__(self, acts: Acts, store: Store, files: RecordingFiles) -> None:
        self._acts = acts
        self._store = store
        self._files = files
        self._asked = asyncio.Event()
        self._tasks = TaskOwner("erasures")
        self._stop_listening = acts.revision.listen(lambda _: self._asked.set())

    def start(self) -> None:
        self._tasks.start_lasting(self._run, "erase")

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    async def _run(self) -> None:
        while True:
            self._asked.clear()
            try:
                await self._erase()
            except Failure as failure:
                log.error("what was erased on order is not yet destroyed here: %s", failure.code)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._asked.wait()

    async def _erase(self) -> None:
        due = await self._acts.read(lambda unit: unit.purges.due())
        if not due:
            return
        for purge in due:
            for name in purge.files:
                await self._files.remove(name)
        await self._store.erase_traces()
        for purge in due:
            await self._acts.do_beside(self._word_of(purge))

    def _word_of(self, purge: FilePurge) -> Callable[[UnitOfWork], None]:
        event = self._acts.event(
            Act.FILE_PURGED, patient=purge.patient, visit=purge.visit, subject=purge.record
        )

        def write(unit: UnitOfWork) -> None:
            for name in purge.files:
                unit.attachments.forget(name)
            unit.purges.done(purge.record)
            unit.audit.add(event)

        return write
