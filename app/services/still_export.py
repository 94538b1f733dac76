"""A still handed out as a DICOM file, where a person said: an act, and written down as one."""

from typing import Protocol

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId
from app.domain.still_export import StillToExport
from app.domain.stills import Drawing
from app.services.acts import Acts
from app.services.chart import Chart
from app.services.ports import OutsideFiles
from app.services.still_files import StillFiles


class StillExporter(Protocol):
    async def dicom(self, told: StillToExport, png: bytes) -> bytes:
        """The file's bytes; Unavailable(EXPORT_FAILED) when it could not be made."""
        ...


class StillExport:
    def __init__(
        self,
        *,
        acts: Acts,
        chart: Chart,
        files: StillFiles,
        exporter: StillExporter,
        outside: OutsideFiles,
    ) -> None:
        self._acts = acts
        self._chart = chart
        self._files = files
        self._exporter = exporter
        self._outside = outside

    async def save_as(self, still: RecordId, path: str) -> None:
        if not may(self._acts.person.role, Action.EXPORT_STILL):
            raise Rejected(Code.NOT_ALLOWED)
        told = self._told_of(still)
        png = await self._files.png(still)
        data = await self._exporter.dicom(told, png)
        event = self._acts.event(
            Act.STILL_EXPORTED, patient=told.patient.id, visit=told.still.visit, subject=still
        )
        await self._acts.note(event)  # before it lies there
        await self._outside.write(path, data)

    def _told_of(self, still: RecordId) -> StillToExport:
        state, row = self._chart.state.value, self._chart.row
        found = next((one for one in state.stills if one.id == still), None)
        if found is None:
            raise Rejected(Code.STILL_NOT_HERE)
        of_visit = [one for one in reversed(state.stills) if one.visit == found.visit]
        drawn = (one.drawing for one in state.still_marks if one.still == still)
        return StillToExport(
            still=found,
            patient=row.patient,
            visit=row.visit,
            number=1 + of_visit.index(found),
            drawing=next(drawn, Drawing()),
        )
