"""The day on paper, from what this device holds: with and without a server. An act, written down
for each patient whose form goes out.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.day_sheet import DaySheet, VisitPaper
from app.domain.failures import Code, Rejected
from app.domain.worklist import WorklistRow, ordered
from app.services.acts import Acts
from app.services.ports import OutsideFiles, UnitOfWork

READINGS_MOST, NOTES_MOST = 8, 3  # what fits on a form and leaves room to write

Printer = Callable[[DaySheet], bytes]  # -> a PDF; called on a thread


class DaySheets:
    """`heard_at` tells when the server was last heard."""

    def __init__(
        self,
        *,
        acts: Acts,
        outside: OutsideFiles,
        printer: Printer,
        device: str,
        heard_at: Callable[[], datetime | None],
        is_demonstration: Callable[[], bool],
    ) -> None:
        self._acts = acts
        self._outside = outside
        self._printer = printer
        self._device = device
        self._heard_at = heard_at
        self._is_demonstration = is_demonstration

    async def save_as(self, path: str) -> None:
        """Rejected(NOT_ALLOWED, FILE_NOT_SAVED, or NOT_FOUND: there is no visit today)."""
        person = self._acts.person
        if not may(person.role, Action.OPEN_CHART):
            raise Rejected(Code.NOT_ALLOWED)
        now = self._acts.clock.now()
        today = now.astimezone().date()
        visits = await self._acts.look(
            lambda unit: tuple(_paper(unit, row) for row in ordered(unit.records.worklist(today)))
        )
        if not visits:
            raise Rejected(Code.NOT_FOUND)
        sheet = DaySheet(
            now, person.name, self._device, visits, self._heard_at(), self._is_demonstration()
        )
        pdf = await asyncio.to_thread(self._printer, sheet)
        await self._acts.do_beside(lambda unit: self._note(unit, visits))  # before it lies there
        await self._outside.write(path, pdf)

    def _note(self, unit: UnitOfWork, visits: tuple[VisitPaper, ...]) -> None:
        for paper in visits:
            row = paper.row
            unit.audit.add(
                self._acts.event(Act.DAY_SHEET_SAVED, patient=row.patient.id, visit=row.visit.id)
            )


def _paper(unit: UnitOfWork, row: WorklistRow) -> VisitPaper:
    """A finished visit stands in the list alone."""
    if not row.visit.is_open:
        return VisitPaper(row)
    patient = row.patient.id
    return VisitPaper(
        row,
        tuple(unit.records.readings(patient)[:READINGS_MOST]),
        tuple(unit.records.notes(patient)[:NOTES_MOST]),
    )
