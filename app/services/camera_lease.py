"""Moving the exam camera from afar: the clinician asks, the cart grants, takes back and obeys.

The cart holds the lease, its clock and the audit; the other side shows what it is told of them.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.call import WITH_FAR_SIDE, Phase
from app.domain.camera_lease import ASKED_UNDER, Effect, Event, Hold, Lease, Policy
from app.domain.camera_moves import Move
from app.domain.changes import Json
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import PatientId, VisitId, new_id
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.call import Call, CallState
from app.services.chart import Chart, ChartState
from app.services.exam_camera import CameraMover, ExamCamera, ExamCameraState

log = logging.getLogger(__name__)

WISH, TOLD = "camera-wish", "camera-lease"  # kinds of live words: to the cart, and from it
LOOK_EVERY_S = 1.0
TELL_EVERY_S = 5.0  # a word may be lost, a screen may be new
UNHEARD_AFTER_S = 15.0  # a cart that says nothing of a lease for so long does not know of it
MOVE_EVERY_S = 0.1
USE_NOTED_EVERY_S = 10.0  # of moves one after the other
NAME_MOST = 200

ENDED_BECAUSE = {
    Event.REFUSE: Code.CAMERA_CONTROL_REFUSED,
    Event.ASK_WHERE_NOBODY_MAY: Code.CAMERA_CONTROL_REFUSED,
    Event.IDLE: Code.CAMERA_CONTROL_IDLE,
    Event.TAKE_BACK: Code.CAMERA_CONTROL_TAKEN_BACK,
}


@dataclass(frozen=True, slots=True)
class LeaseState:
    """The same on both sides. `reason`: why the last one ended, or was not given."""

    hold: Hold = Hold.FREE
    lease: UUID | None = None
    holder: str = ""
    moves: tuple[Move, ...] = ()
    is_ours: bool = False  # asked for at this desk
    reason: Code | None = None


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the acts of a lease are written down for."""

    visit: VisitId
    patient: PatientId


class CameraLease:
    """Of one desk: where the camera stands it decides, else it asks."""

    def __init__(
        self,
        *,
        acts: Acts,
        chart: Chart,
        call: Call,
        exam: ExamCamera,
        policy: Policy,
        tell_far: Callable[[VisitId, dict[str, Json]], None],
    ) -> None:
        self._acts = acts
        self._chart = chart
        self._call = call
        self._exam = exam
        self._mover: CameraMover = exam
        self._policy = policy
        self._tell_far = tell_far
        self._lease = Lease()
        self._subject: _Subject | None = None
        self._phase = Phase.IDLE
        self._moved_s = self._noted_s = self._told_s = float("-inf")
        self._refused = 0
        self._asked_for: UUID | None = None
        self.state: Broadcast[LeaseState] = Broadcast(LeaseState())
        self._tasks = TaskOwner("camera lease")
        self._stops = (
            chart.state.listen(self._chart_told),
            call.state.listen(self._call_told),
            exam.state.listen(self._exam_told),
        )

    def start(self) -> None:
        self._tasks.start_lasting(self._watch, "watch")

    async def close(self) -> None:
        for stop in self._stops:
            stop()
        await self._tasks.close()

    @property
    def _is_here(self) -> bool:
        """The camera stands here: this desk decides."""
        return self._exam.state.value.has_camera

    # --- what a person does ----------------------------------------------------------------------

    async def ask(self) -> None:
        person, row = self._acts.person, self._chart.row
        if self._is_here or not may(person.role, Action.MOVE_CAMERA):
            raise Rejected(Code.NOT_ALLOWED)
        if self._call.state.value.phase is not Phase.LIVE:
            raise Rejected(Code.CALL_NOT_OPEN)
        lease = new_id()
        self._asked_for, self._told_s = lease, self._acts.clock.monotonic()
        self._tell(hold=Hold.ASKED, lease=lease, holder=person.name, is_ours=True, reason=None)
        self._wish(row.visit.id, "ask", lease, name=person.name)

    async def give_back(self) -> None:
        state = self.state.value
        if state.is_ours and state.lease is not None:
            self._free(None)
            self._wish(self._chart.row.visit.id, "give-back", state.lease)

    async def move(self, move: Move) -> None:
        """By whoever may: at the camera at once, from afar with the lease."""
        if self._is_here:
            await self._mover.make(move)
            return
        state = self.state.value
        if state.hold is not Hold.HELD or state.lease is None or not state.is_ours:
            raise Rejected(Code.CAMERA_CONTROL_NOT_HELD)
        self._wish(self._chart.row.visit.id, "move", state.lease, move=str(move))

    async def answer(self, is_granted: bool) -> None:
        """The cart's person to a question that stands."""
        self._step(Event.GRANT if is_granted else Event.REFUSE)

    async def take_back(self) -> None:
        self._step(Event.TAKE_BACK)

    def _wish(self, visit: VisitId, said: str, lease: UUID, **more: Json) -> None:
        self._tell_far(visit, {"kind": WISH, "said": said, "lease": str(lease), **more})

    # --- what the far end says -------------------------------------------------------------------

    def heard_from_far(self, visit: VisitId, payload: dict[str, Json]) -> None:
        kind = payload.get("kind")
        row = self._chart.state.value.row
        if kind not in (WISH, TOLD) or row is None or row.visit.id != visit:
            return
        try:
            if kind == WISH and self._is_here:
                self._heard_wish(payload)
            elif kind == TOLD and not self._is_here:
                self._heard_told(payload)
        except (KeyError, ValueError, TypeError):
            self._refuse(Code.MALFORMED)

    def _heard_wish(self, payload: dict[str, Json]) -> None:
        lease, said = UUID(str(payload["lease"])), payload["said"]
        if said == "ask":
            self._asked(lease, str(payload["name"])[:NAME_MOST])
        elif lease != self.state.value.lease:
            self._refuse(Code.CAMERA_CONTROL_NOT_HELD)  # of a lease that is over
            self._say()
        elif said == "give-back":
            self._step(Event.GIVE_BACK)
        elif said == "move":
            self._far_moves(Move(str(payload["move"])))

    def _asked(self, lease: UUID, name: str) -> None:
        """Only who sits in the other seat asks; who asks again is answered the same."""
        call, row = self._call.state.value, self._chart.row
        if call.phase not in WITH_FAR_SIDE or not row.visit.is_open:
            return
        if self._lease.hold is not Hold.FREE:
            self._say()
            return
        self._subject = _Subject(row.visit.id, row.patient.id)
        holder = name if call.far is None else call.far.name
        self._tell(lease=lease, holder=holder, reason=None)
        self._step(ASKED_UNDER[self._policy])

    def _far_moves(self, move: Move) -> None:
        now_s = self._acts.clock.monotonic()
        if now_s - self._moved_s < MOVE_EVERY_S:
            return  # one press too many changes nothing
        self._moved_s = now_s
        if self._step(Event.USE) is Effect.MOVE:
            self._tasks.start(self._make(move), "move camera")

    async def _make(self, move: Move) -> None:
        try:
            await self._mover.make(move)
        except Failure as failure:
            log.info("the camera did not move: %s", failure.code)
            self._tell(reason=failure.code)
            self._say()
        else:
            self._tell(reason=None)

    def _heard_told(self, payload: dict[str, Json]) -> None:
        lease, moves = payload["lease"], payload["moves"]
        if not isinstance(moves, list):
            raise TypeError("moves")
        reason = payload["reason"]
        known = None if lease is None else UUID(str(lease))
        self._told_s = self._acts.clock.monotonic()
        told = LeaseState(
            hold=Hold(str(payload["hold"])),
            lease=known,
            is_ours=known is not None and known == self._asked_for,
            holder=str(payload["holder"])[:NAME_MOST],
            moves=tuple(Move(str(move)) for move in moves),
            reason=None if reason is None else Code(str(reason)),
        )
        self.state.tell(told)

    # --- the cart's table and clock --------------------------------------------------------------

    def _step(self, event: Event) -> Effect:
        """One move of the table, what it means for the audit, and what both sides see of it."""
        if not self._is_here:
            return Effect.NONE
        now_s = self._acts.clock.monotonic()
        self._lease, effect = self._lease.after(event, now_s)
        reason = ENDED_BECAUSE.get(event)
        if effect is Effect.REFUSED and event is Event.IDLE:
            reason = Code.CAMERA_CONTROL_REFUSED
        match effect:
            case Effect.NONE:
                return effect
            case Effect.ASK_PERSON:
                self._tell(hold=Hold.ASKED)
            case Effect.GRANTED:
                self._noted_s = float("-inf")
                self._note(Act.CAMERA_CONTROL_GRANTED, None)
                self._tell(hold=Hold.HELD)
            case Effect.MOVE:
                if now_s - self._noted_s >= USE_NOTED_EVERY_S:
                    self._note(Act.CAMERA_CONTROL_USED, None)
                self._noted_s = now_s
                return effect
            case Effect.REFUSED:
                self._note(Act.CAMERA_CONTROL_REFUSED, reason)
                self._free(reason)
            case Effect.ENDED:
                self._note(Act.CAMERA_CONTROL_ENDED, reason)
                self._free(reason)
            case Effect.WITHDRAWN:
                self._free(None)
        self._say()
        return effect

    def _note(self, act: Act, code: Code | None) -> None:
        """By the lease's own number; whose visit it was when it was asked for."""
        subject = self._subject
        assert subject is not None
        event = self._acts.event(
            act,
            patient=subject.patient,
            visit=subject.visit,
            subject=self.state.value.lease,
            code=code,
        )
        self._tasks.start(self._acts.note(event), "note")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now_s = self._acts.clock.monotonic()
            if self._is_here:
                self._look_here(now_s)
            elif self.state.value.hold is not Hold.FREE and now_s - self._told_s >= UNHEARD_AFTER_S:
                self._free(Code.PEER_AWAY)

    def _look_here(self, now_s: float) -> None:
        if self._lease.is_idle(now_s):
            self._step(Event.IDLE)
        self._exam_told(self._exam.state.value)  # a head that the camera stands on comes and goes
        is_of_interest = self._lease.hold is not Hold.FREE or self._exam.state.value.is_on
        if is_of_interest and now_s - self._told_s >= TELL_EVERY_S:
            self._say()

    def _chart_told(self, chart: ChartState) -> None:
        subject = self._subject
        is_same = (
            chart.row is not None
            and chart.row.visit.is_open
            and (subject is None or subject.visit == chart.row.visit.id)
        )
        if not is_same:
            self._over()

    def _call_told(self, call: CallState) -> None:
        was, self._phase = self._phase, call.phase
        if call.phase in (Phase.IDLE, Phase.ENDED, Phase.WAITING):  # nobody is there to hold it
            self._over()
        elif call.phase is Phase.LIVE and was is not Phase.LIVE:
            self._say()

    def _over(self) -> None:
        self._step(Event.VISIT_ENDED)
        if self._lease.hold is Hold.FREE:
            self._subject = None
            self.state.tell(LeaseState(moves=self.state.value.moves))

    def _exam_told(self, exam: ExamCameraState) -> None:
        if not self._is_here:
            return
        moves = tuple(move for move in Move if move in self._mover.moves) if exam.is_on else ()
        if moves != self.state.value.moves:
            self._tell(moves=moves)
            self._say()

    # --- telling ---------------------------------------------------------------------------------

    def _say(self) -> None:
        """To the far end, as it stands."""
        row = self._chart.state.value.row
        if row is None or not self._is_here:
            return
        self._told_s = self._acts.clock.monotonic()
        state = self.state.value
        word: dict[str, Json] = {
            "kind": TOLD,
            "hold": str(state.hold),
            "lease": None if state.lease is None else str(state.lease),
            "holder": state.holder,
            "moves": [str(move) for move in state.moves],
            "reason": None if state.reason is None else str(state.reason),
        }
        if self._call.state.value.phase in WITH_FAR_SIDE:
            self._tell_far(row.visit.id, word)

    def _free(self, reason: Code | None) -> None:
        self._tell(hold=Hold.FREE, lease=None, holder="", is_ours=False, reason=reason)

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields

    def _refuse(self, code: Code) -> None:
        """The far side must not fill our log: told after one, two, four, eight..."""
        self._refused += 1
        if self._refused.bit_count() == 1:
            log.warning("words about the exam camera refused so far: %d (%s)", self._refused, code)
