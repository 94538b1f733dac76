"""Body sounds in a visit: recorded at the cart, arriving at the far end, proven equal by hash.

The side whose instrument it is keeps the record; the other side proves that all of it arrived and
keeps no copy: it is shown there when the record comes with the feed.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import Json, RecordType
from app.domain.clock import Stamp
from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.recordings import Recording, fields_of
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.chart import Chart, ChartState
from app.services.ports import (
    CallEngine,
    NewChange,
    RecordingFiles,
    ScopeContinues,
    ScopeDone,
    ScopeProgress,
    ScopeProof,
    ScopeTimeline,
    UnitOfWork,
)

log = logging.getLogger(__name__)

UNPLACED_MAX = 8
TRY_AGAIN_S = 5.0  # a store that was full may have room again
FINISH_LIMIT_S = 3.0


class ScopePhase(StrEnum):
    IDLE = "idle"
    RUNNING = "running"
    SAVING = "saving"
    KEPT = "kept"
    ARRIVED = "arrived"  # the far end's: proven here, kept there


@dataclass(frozen=True, slots=True)
class RecordingsState:
    phase: ScopePhase = ScopePhase.IDLE
    recording: RecordId | None = None
    progress: ScopeProgress | None = None
    done: ScopeDone | None = None
    proof: ScopeProof | None = None
    code: Code | None = None
    visit: VisitId | None = None  # whose it is
    timeline: ScopeTimeline | None = None


@dataclass(frozen=True, slots=True)
class _Begun:
    """Whose it is, by whom and when, from its start on."""

    visit: VisitId
    patient: PatientId
    by: PersonId
    stamp: Stamp
    began_s: float  # monotonic


class Recordings:
    def __init__(
        self, *, acts: Acts, chart: Chart, engine: CallEngine, files: RecordingFiles
    ) -> None:
        self._acts = acts
        self._chart = chart
        self._engine = engine
        self._files = files
        self._started_for: dict[RecordId, _Begun] = {}
        # Of a visit that is not open here yet: kept when its chart is opened.
        self._unplaced: dict[RecordId, ScopeDone] = {}
        self._tried_again: set[RecordId] = set()  # the store refused them
        self._one_at_a_time = asyncio.Lock()
        self.state: Broadcast[RecordingsState] = Broadcast(RecordingsState())
        self.has_unkept: Broadcast[bool] = Broadcast(False)  # leaving now would lose it
        self._tasks = TaskOwner("recordings")
        self._stop_listening = chart.state.listen(self._chart_changed)
        self.state.listen(lambda _: self._tell_unkept())
        acts.before_leaving(self.finish)

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    async def start(self, site: str) -> None:
        """Record the stethoscope for the open visit; stamped with it and the time from here on.

        Rejected while times need confirmation: before the patient lies still, not afterwards.
        """
        row = self._chart.row
        person = self._acts.person
        if not may(person.role, Action.KEEP_RECORDING):
            raise Rejected(Code.NOT_ALLOWED)
        if not row.visit.is_open:
            raise Rejected(Code.NO_VISIT_OPEN)
        if self.state.value.phase is ScopePhase.RUNNING:
            raise Rejected(Code.DEVICE_BUSY)
        stamp = self._acts.stamp()
        recording = RecordId(new_id())
        self._started_for[recording] = _Begun(
            row.visit.id, row.patient.id, person.id, stamp, self._acts.clock.monotonic()
        )
        self.state.tell(RecordingsState(ScopePhase.RUNNING, recording, visit=row.visit.id))
        try:
            await self._engine.start_scope(recording, site)
        except Failure as failure:
            self._started_for.pop(recording, None)
            self.state.tell(RecordingsState(code=failure.code))

    async def stop(self) -> None:
        state = self.state.value
        if state.recording is not None and state.phase is ScopePhase.RUNNING:
            try:
                await self._engine.stop_scope(state.recording)
            except Unavailable as away:  # it ended with the media process
                self.state.tell(replace(self.state.value, code=away.code))

    async def finish(self) -> None:
        """Who leaves waits until what runs here is kept, at most FINISH_LIMIT_S."""
        await self.stop()
        changed = asyncio.Event()
        stop_listening = self.state.listen(lambda _: changed.set())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(FINISH_LIMIT_S):
                    while self._is_under_way():
                        changed.clear()
                        await changed.wait()
        finally:
            stop_listening()

    def heard_continues(self, word: ScopeContinues) -> None:
        """Ours was full and goes on as another: of the same visit, by whom it was begun."""
        begun = self._started_for.get(word.before)
        if begun is None:
            return
        passed_s = self._acts.clock.monotonic() - begun.began_s
        stamp = replace(
            begun.stamp, device_time=begun.stamp.device_time + timedelta(seconds=passed_s)
        )
        now_s = self._acts.clock.monotonic()
        self._started_for[word.recording] = replace(begun, stamp=stamp, began_s=now_s)
        if self.state.value.recording == word.before:
            self.state.tell(RecordingsState(ScopePhase.RUNNING, word.recording, visit=begun.visit))

    def heard_timeline(self, timeline: ScopeTimeline) -> None:
        if self.state.value.recording == timeline.recording:
            self.state.tell(replace(self.state.value, timeline=timeline))

    def heard_progress(self, progress: ScopeProgress) -> None:
        state = self.state.value
        if state.recording != progress.recording:
            is_ours_running = (
                state.phase is ScopePhase.RUNNING and state.recording in self._started_for
            )
            if is_ours_running and not progress.is_ours:
                return  # one that arrives beside it must not take Stop away from ours
            state = RecordingsState(ScopePhase.RUNNING, progress.recording, visit=progress.visit)
        self.state.tell(replace(state, progress=progress))

    def heard_done(self, done: ScopeDone) -> None:
        state = self.state.value
        is_another_running = state.phase is ScopePhase.RUNNING and state.recording != done.recording
        if not is_another_running:
            if state.recording != done.recording:
                state = RecordingsState(ScopePhase.RUNNING, done.recording, visit=done.visit)
            self.state.tell(replace(state, phase=ScopePhase.SAVING, done=done))
        self._tasks.start(self._keep(done) if done.is_ours else self._hold(done), "keep recording")

    def heard_proof(self, proof: ScopeProof) -> None:
        if self.state.value.recording == proof.recording:
            self.state.tell(replace(self.state.value, proof=proof))

    def heard_gone(self) -> None:
        """The media process ended, and what it was recording with it: said, and begun anew."""
        state = self.state.value
        if state.phase is ScopePhase.RUNNING and state.recording is not None:
            self._started_for.pop(state.recording, None)
            self.state.tell(RecordingsState(code=Code.MEDIA_PROCESS_ENDED, visit=state.visit))

    def _chart_changed(self, chart: ChartState) -> None:
        state = self.state.value
        visit = None if chart.row is None else chart.row.visit.id
        is_ours = state.recording in self._started_for
        if state.phase is ScopePhase.RUNNING and is_ours and state.visit != visit:
            self._tasks.start(self.stop(), "stop recording")  # its chart was closed
        for done in list(self._unplaced.values()):
            if chart.row is not None and chart.row.visit.id == done.visit:
                self._tasks.start(self._keep(done), "keep recording")

    async def _keep(self, done: ScopeDone) -> None:
        async with self._one_at_a_time:  # the same one may be told twice
            await self._keep_one(done)

    async def _keep_one(self, done: ScopeDone) -> None:
        row = self._chart.state.value.row
        known = self._started_for.get(done.recording)
        is_placed = known is not None or (row is not None and row.visit.id == done.visit)
        if not is_placed or (known is not None and known.visit != done.visit):
            self._put_aside(done)
            return
        try:
            known = known or self._begun_before()
            if not await self._is_kept(done.recording, known.patient):
                await self._save(done, known)
        except Failure as failure:
            self.state.tell(replace(self.state.value, code=failure.code))
            self._unplaced.pop(done.recording, None)
            self._tried_again.add(done.recording)
            self._tasks.start(self._keep_later(done), "keep recording later")
            self._tell_unkept()
            return
        self._started_for.pop(done.recording, None)
        self._unplaced.pop(done.recording, None)
        self._tried_again.discard(done.recording)
        self._tell_unkept()
        await self._say_kept(done.recording)
        if self.state.value.recording == done.recording:
            self.state.tell(replace(self.state.value, phase=ScopePhase.KEPT, code=None))

    async def _keep_later(self, done: ScopeDone) -> None:
        """It lies in memory only until then: nobody has to ask."""
        await asyncio.sleep(TRY_AGAIN_S)
        if done.recording in self._tried_again:  # else it is kept meanwhile
            await self._keep(done)

    def _begun_before(self) -> _Begun:
        """This screen was started again since: who is here now keeps it, with the time of now."""
        row = self._chart.row
        now_s = self._acts.clock.monotonic()
        return _Begun(row.visit.id, row.patient.id, self._acts.person.id, self._acts.stamp(), now_s)

    def _is_under_way(self) -> bool:
        """Ours runs or is being kept, also one that an earlier screen began."""
        state = self.state.value
        is_ours = state.recording in self._started_for or any(
            word is not None and word.is_ours for word in (state.progress, state.done)
        )
        return is_ours and state.phase in (ScopePhase.RUNNING, ScopePhase.SAVING)

    def _tell_unkept(self) -> None:
        held = self._started_for or self._unplaced or self._tried_again
        self.has_unkept.tell(bool(held) or self._is_under_way())

    def _put_aside(self, done: ScopeDone) -> None:
        self._unplaced[done.recording] = done
        if len(self._unplaced) > UNPLACED_MAX:  # the media process still has it
            del self._unplaced[next(iter(self._unplaced))]
        self._tell_unkept()
        self.state.tell(replace(self.state.value, code=Code.MEASURED_FOR_ANOTHER_VISIT))

    async def _say_kept(self, recording: RecordId) -> None:
        try:
            await self._engine.scope_kept(recording)
        except Unavailable:
            log.info("the media process ended before it heard that a recording is kept")

    async def _is_kept(self, recording: RecordId, patient: PatientId) -> bool:
        """An earlier screen may have kept it and ended before it could say so."""
        kept = await self._acts.read(lambda unit: unit.records.recordings(patient))
        return any(known.id == recording for known in kept)

    async def _save(self, done: ScopeDone, begun: _Begun) -> None:
        visit, patient, stamp = begun.visit, begun.patient, begun.stamp
        file_sha256, file_key, file_bytes = await self._files.save(done.wav)
        recording = Recording(
            id=done.recording,
            visit=visit,
            patient=patient,
            site=done.site,
            sample_rate_hz=done.sample_rate_hz,
            samples=done.samples,
            sha256=done.sha256,
            recorded_at=stamp.device_time,
            recorded_by=begun.by,
            source=done.source,
            file_sha256=file_sha256,
            file_key=file_key,
            file_bytes=file_bytes,
            is_complete=done.is_complete,
            gaps=done.gaps,
            continues=done.continues,
        )
        fields: dict[str, Json] = fields_of(recording)

        def write(unit: UnitOfWork) -> None:
            unit.attachments.add(file_sha256, file_bytes)
            unit.outbox.add(
                NewChange(
                    record_type=RecordType.RECORDING,
                    record=recording.id,
                    base_version=0,
                    fields_set=fields,
                    author=begun.by,
                    stamp=stamp,
                    patient=patient,
                    visit=visit,
                )
            )
            unit.audit.add(
                self._acts.event(
                    Act.RECORDING_KEPT, patient=patient, visit=visit, subject=recording.id
                )
            )

        await self._acts.do(write)

    async def _hold(self, done: ScopeDone) -> None:
        """The far end's recording: it is theirs to keep; ours is the proof that it arrived.

        No file of it stays here: the record and its file come from the server.
        """
        await self._say_kept(done.recording)
        if self.state.value.recording == done.recording:
            self.state.tell(replace(self.state.value, phase=ScopePhase.ARRIVED))
