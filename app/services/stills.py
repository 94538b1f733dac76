"""Stills of the exam camera in a visit: asked for on either side, kept where the camera is.

The side whose camera it is keeps the record; the other side proves that the same bytes arrived.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import Json, RecordType
from app.domain.clock import Stamp
from app.domain.exam_camera import FarStill, StillDone, StillRefused
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.stills import Drawing, Still, StillMarks, marks_fields, must_fit, still_fields
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.chart import Chart, ChartState
from app.services.exam_camera import ExamCamera, ExamEngine
from app.services.ports import NewChange, RecordingFiles, UnitOfWork

log = logging.getLogger(__name__)

ANSWER_LIMIT_S = 6.0  # of the far end, over a bad line
TRY_AGAIN_S = 5.0  # a store that was full may have room again
PROOF = "still-proof"
WAITING_MOST = 64  # as many as the media process holds
PROOFS_MOST = 256


class FreezePhase(StrEnum):
    IDLE = "idle"
    ASKED = "asked"
    SAVING = "saving"
    KEPT = "kept"  # in this desk's store
    TAKEN_THERE = "taken-there"  # at the far end, on its way here


@dataclass(frozen=True, slots=True)
class StillsState:
    """Of the newest asking. `proofs`: what the far end computed of what arrived there."""

    phase: FreezePhase = FreezePhase.IDLE
    still: RecordId | None = None
    code: Code | None = None
    visit: VisitId | None = None
    proofs: tuple[tuple[RecordId, str], ...] = ()

    def proof_of(self, still: RecordId) -> str | None:
        return dict(self.proofs).get(still)


@dataclass(frozen=True, slots=True)
class _Begun:
    """Whose it is, by whom and when."""

    visit: VisitId
    patient: PatientId
    by: PersonId
    stamp: Stamp


class Stills:
    def __init__(
        self,
        *,
        acts: Acts,
        chart: Chart,
        exam: ExamCamera,
        engine: ExamEngine,
        files: RecordingFiles,
    ) -> None:
        self._acts = acts
        self._chart = chart
        self._exam = exam
        self._engine = engine
        self._files = files
        self._begun: dict[RecordId, _Begun] = {}
        self._waiting: dict[RecordId, StillDone] = {}  # not in the store yet
        self._one_at_a_time = asyncio.Lock()
        self.state: Broadcast[StillsState] = Broadcast(StillsState())
        self.has_unkept: Broadcast[bool] = Broadcast(False)  # leaving now would lose it
        self._tasks = TaskOwner("stills")
        self._stop_listening = chart.state.listen(self._chart_told)

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    # --- freeze ----------------------------------------------------------------------------------

    async def freeze(self, seen_at: float | None) -> None:
        """A still of the picture that stood on the screen at `seen_at`; None: of the newest.

        Rejected while times need confirmation: before the camera is held still, not afterwards.
        """
        row, person = self._chart.row, self._acts.person
        if not may(person.role, Action.KEEP_STILL):
            raise Rejected(Code.NOT_ALLOWED)
        if not row.visit.is_open:
            raise Rejected(Code.NO_VISIT_OPEN)
        exam = self._exam.state.value
        if not exam.is_live_anywhere:
            raise Rejected(Code.EXAM_CAMERA_OFF)
        still, is_far = RecordId(new_id()), not exam.is_on
        if not is_far:
            stamp = self._acts.stamp()
            self._begun[still] = _Begun(row.visit.id, row.patient.id, person.id, stamp)
        self._tell(phase=FreezePhase.ASKED, still=still, code=None, visit=row.visit.id)
        self._tasks.start(self._give_up(still), "wait for the still")
        try:
            await self._engine.freeze(still, seen_at, is_far=is_far)
        except Failure as failure:
            self._refused(still, failure.code)

    async def _give_up(self, still: RecordId) -> None:
        await asyncio.sleep(ANSWER_LIMIT_S)
        state = self.state.value
        if state.still == still and state.phase is FreezePhase.ASKED:
            is_ours = still in self._begun
            self._refused(still, Code.DEVICE_SILENT if is_ours else Code.PEER_AWAY)

    def heard_refused(self, refused: StillRefused) -> None:
        self._refused(refused.still, refused.code)

    def _refused(self, still: RecordId, code: Code) -> None:
        self._begun.pop(still, None)
        if self.state.value.still == still:
            self._tell(phase=FreezePhase.IDLE, code=code)

    def heard_far(self, far: FarStill) -> None:
        """It was taken there, at whoever's wish."""
        row = self._chart.state.value.row
        if row is not None:
            self._tell(
                phase=FreezePhase.TAKEN_THERE, still=far.still, code=None, visit=row.visit.id
            )

    def heard_from_far(self, visit: VisitId, payload: dict[str, Json]) -> None:
        """What the far desk computed over the file that it received."""
        if payload.get("kind") != PROOF or visit != self._open_visit():
            return
        still, digest = payload.get("still"), payload.get("sha256")
        known = (one.id for one in self._chart.state.value.stills if str(one.id) == still)
        record = next(known, None)
        if record is not None and isinstance(digest, str) and len(digest) == 64:
            proofs = {**dict(self.state.value.proofs), record: digest}
            self._tell(proofs=tuple(proofs.items())[-PROOFS_MOST:])

    # --- keeping ---------------------------------------------------------------------------------

    def heard_done(self, done: StillDone) -> None:
        """Taken here: by a wish of this screen, of the far end, or by the camera's own key."""
        if done.still not in self._waiting and len(self._waiting) >= WAITING_MOST:
            log.error("a still is not taken in: %s", Code.OVERRUN)  # the media process holds it
            return
        self._waiting[done.still] = done
        self._tell(phase=FreezePhase.SAVING, still=done.still, code=None, visit=done.visit)
        self._tell_unkept()
        self._tasks.start(self._keep(done.still), "keep still")

    async def _keep(self, still: RecordId) -> None:
        async with self._one_at_a_time:  # the same one may be told twice
            done = self._waiting.get(still)
            if done is None:
                return
            try:
                begun = self._begun_of(done)
                if begun is None:  # kept when its chart is opened
                    self._told(still, phase=FreezePhase.IDLE, code=Code.MEASURED_FOR_ANOTHER_VISIT)
                    return
                await self._save(done, begun)
            except Failure as failure:
                self._told(still, code=failure.code)
                self._tasks.start(self._keep_later(still), "keep still later")
                return
            self._begun.pop(still, None)
            self._waiting.pop(still, None)
        self._told(still, phase=FreezePhase.KEPT, code=None)
        self._tell_unkept()
        await self._engine.still_kept(still)

    async def _keep_later(self, still: RecordId) -> None:
        """It lies in memory only until then: nobody has to ask."""
        await asyncio.sleep(TRY_AGAIN_S)
        await self._keep(still)

    def _begun_of(self, done: StillDone) -> _Begun | None:
        """Who is here keeps what the far end asked for, what the camera's key asked for, and what
        an earlier screen began. Rejected while times need confirmation: tried again, not lost.
        """
        begun = self._begun.get(done.still)
        if begun is not None:
            return begun if begun.visit == done.visit else None
        row = self._chart.state.value.row
        if row is None or row.visit.id != done.visit or not self._acts.has_person:
            return None
        return _Begun(row.visit.id, row.patient.id, self._acts.person.id, self._acts.stamp())

    async def _is_kept(self, still: RecordId, patient: PatientId) -> bool:
        kept = await self._acts.look(lambda unit: unit.records.stills(patient))
        return any(known.id == still for known in kept)

    async def _save(self, done: StillDone, begun: _Begun) -> None:
        """Somebody waits for it: whether it is kept already is asked while its file is written."""
        is_kept, saved = await asyncio.gather(
            self._is_kept(done.still, begun.patient),
            self._files.save(done.png),
            return_exceptions=True,
        )
        if is_kept is True:
            if not isinstance(saved, BaseException):
                await self._files.remove(saved[0])
            return
        for outcome in (is_kept, saved):
            if isinstance(outcome, BaseException):
                raise outcome
        assert not isinstance(saved, BaseException)
        file_sha256, file_key, file_bytes = saved
        still = Still(
            id=done.still,
            visit=begun.visit,
            patient=begun.patient,
            width=done.width,
            height=done.height,
            sha256=done.sha256,
            pixels_sha256=done.pixels_sha256,
            taken_at=done.taken_at,
            taken_by=begun.by,
            asked_by=done.asked_by,
            source=done.source,
            coding=done.coding,
            file_sha256=file_sha256,
            file_key=file_key,
            file_bytes=file_bytes,
        )

        def write(unit: UnitOfWork) -> None:
            unit.attachments.add(file_sha256, file_bytes)
            unit.outbox.add(
                NewChange(
                    record_type=RecordType.STILL,
                    record=still.id,
                    base_version=0,
                    fields_set=still_fields(still),
                    author=begun.by,
                    stamp=begun.stamp,
                    patient=begun.patient,
                    visit=begun.visit,
                )
            )
            unit.audit.add(
                self._acts.event(
                    Act.STILL_KEPT, patient=begun.patient, visit=begun.visit, subject=still.id
                )
            )

        await self._acts.do(write)

    # --- drawing ---------------------------------------------------------------------------------

    async def save_drawing(self, still: RecordId, drawing: Drawing) -> None:
        """Beside the untouched picture, as a record of its own."""
        row, person = self._chart.row, self._acts.person
        if not may(person.role, Action.MARK_STILL):
            raise Rejected(Code.NOT_ALLOWED)
        stills = self._chart.state.value.stills
        found = next((one for one in stills if one.id == still), None)
        if found is None:
            raise Rejected(Code.STILL_NOT_HERE)
        must_fit(drawing, found.width, found.height)
        stamp = self._acts.stamp()
        marks = StillMarks(
            id=RecordId(new_id()),
            still=still,
            visit=row.visit.id,
            patient=row.patient.id,
            drawing=drawing,
            author=person.id,
            author_name=person.name,
            made_at=stamp.device_time,
        )

        def write(unit: UnitOfWork) -> None:
            unit.outbox.add(
                NewChange(
                    record_type=RecordType.STILL_MARKS,
                    record=marks.id,
                    base_version=0,
                    fields_set=marks_fields(marks),
                    author=person.id,
                    stamp=stamp,
                    patient=marks.patient,
                    visit=marks.visit,
                )
            )
            unit.audit.add(
                self._acts.event(
                    Act.STILL_MARKED, patient=marks.patient, visit=marks.visit, subject=still
                )
            )

        await self._acts.do(write)

    # --- telling ---------------------------------------------------------------------------------

    def _chart_told(self, chart: ChartState) -> None:
        visit = self._open_visit()
        if self.state.value.visit not in (None, visit):
            self.state.tell(StillsState())
        for done in list(self._waiting.values()):
            if done.visit == visit and done.still not in self._begun:
                self._tasks.start(self._keep(done.still), "keep still")

    def _open_visit(self) -> VisitId | None:
        row = self._chart.state.value.row
        return None if row is None else row.visit.id

    def _told(self, still: RecordId, **fields: object) -> None:
        if self.state.value.still == still:
            self._tell(**fields)

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields

    def _tell_unkept(self) -> None:
        self.has_unkept.tell(bool(self._waiting))
