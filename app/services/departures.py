"""Destroys here what left the feed: patients of another clinic or care team, records removed.

A patient whose chart stands open, or of whom something waits here, leaves afterwards. The word to
the audit comes last and tells the server that this device has done its part.
"""

from collections.abc import Callable

from app.domain.audit import Act
from app.domain.changes import Gone
from app.domain.ids import PatientId
from app.services.acts import Acts
from app.services.asked_again import AskedAgain
from app.services.ports import RecordingFiles, Store, UnitOfWork

AT_ONCE = 50


class Departures:
    """Each step may be repeated. `is_open`: whether this patient's chart is before a person."""

    def __init__(
        self,
        acts: Acts,
        store: Store,
        files: RecordingFiles,
        is_open: Callable[[PatientId], bool],
    ) -> None:
        self._acts = acts
        self._store = store
        self._files = files
        self._is_open = is_open
        self._work = AskedAgain(
            "departures", acts, self._let_all_leave, "what left the feed is not yet destroyed here"
        )

    def start(self) -> None:
        self._work.start()

    async def close(self) -> None:
        await self._work.close()

    async def _let_all_leave(self) -> None:
        while await self._let_leave():
            pass

    async def _let_leave(self) -> bool:
        """Whether some have left, and more may be due."""
        due = await self._acts.look(lambda unit: unit.departures.due(AT_ONCE))
        leaving = [gone for gone in due if gone.record or not self._is_open(gone.patient)]
        if not leaving:
            return False
        left = []
        for gone in leaving:
            files = await self._acts.do(_leave(gone))
            if files is not None:
                left.append(gone)
                for name in files:
                    await self._files.remove(name)
        if left:
            await self._store.erase_traces()
        for gone in left:
            await self._acts.do_beside(self._word_of(gone))
        return bool(left) and len(due) == AT_ONCE

    def _word_of(self, gone: Gone) -> Callable[[UnitOfWork], None]:
        subject = gone.patient if gone.record is None else gone.record
        event = self._acts.event(Act.RECORDS_PURGED, patient=gone.patient, subject=subject)

        def write(unit: UnitOfWork) -> None:
            unit.departures.done(gone)
            unit.audit.add(event)

        return write


def _leave(gone: Gone) -> Callable[[UnitOfWork], list[str] | None]:
    """None: it came back, or something waits here of it, meanwhile."""

    def write(unit: UnitOfWork) -> list[str] | None:
        return unit.departures.leave(gone) if unit.departures.is_due(gone) else None

    return write
