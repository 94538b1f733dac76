"""Destroys here what was erased on order: the file, what the log still holds of its key, then the
word to the audit, which tells the server that this device has done its part."""

from collections.abc import Callable

from app.domain.audit import Act
from app.domain.file_purges import FilePurge
from app.services.acts import Acts
from app.services.asked_again import AskedAgain
from app.services.ports import RecordingFiles, Store, UnitOfWork


class Erasures:
    """Each step may be repeated: the word comes last, and a stop before it begins anew."""

    def __init__(self, acts: Acts, store: Store, files: RecordingFiles) -> None:
        self._acts = acts
        self._store = store
        self._files = files
        self._work = AskedAgain(
            "erasures", acts, self._erase, "what was erased on order is not yet destroyed here"
        )

    def start(self) -> None:
        self._work.start()

    async def close(self) -> None:
        await self._work.close()

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
