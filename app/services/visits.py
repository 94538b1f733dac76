"""The moves of a visit that a person makes. Hanging up moves nothing.

Two people move one visit: where the other's move came first, ours is made upon theirs when the
table of moves allows it. Nothing is overwritten by that, so nobody has to be asked.
"""

import json
from collections import Counter

from app.domain.access import may
from app.domain.audit import Act
from app.domain.changes import Change, ConfirmedRecord, Json, PendingChange, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import ChangeId, RecordId, VisitId
from app.domain.visits import MOVES, VisitState, action_of_move, is_done_by
from app.services.acts import Acts
from app.services.ports import NewChange, UnitOfWork

MADE_ANEW_MAX = (
    3  # in one visit, by itself: a server that always says "conflict" is told to a person
)
STATE, CHECKED_IN_AT = "state", "checked_in_at"
# The answers to moves that were made upon a state which does not stand at the server.
OVERTAKEN = frozenset({None, Code.CONFLICT, Code.STATE_MOVE_NOT_ALLOWED})


class Visits:
    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self._made_anew: Counter[RecordId] = Counter()

    async def check_in(self, visit: VisitId) -> None:
        """The patient is here; one who is checked in already stays so."""
        here = frozenset({VisitState.CHECKED_IN, VisitState.IN_VISIT})
        await self._move(visit, VisitState.CHECKED_IN, unless=here)

    async def begin(self, visit: VisitId) -> None:
        """Whoever of the clinicians joins first opens the visit; joining again moves nothing."""
        await self._move(visit, VisitState.IN_VISIT, unless=frozenset({VisitState.IN_VISIT}))

    async def finish(self, visit: VisitId) -> None:
        await self._move(visit, VisitState.FINISHED)

    async def sign(self, visit: VisitId) -> None:
        await self._move(visit, VisitState.SIGNED)

    async def _move(
        self, visit: VisitId, to: VisitState, unless: frozenset[VisitState] = frozenset()
    ) -> None:
        person = self._acts.person
        stamp = self._acts.stamp()
        fields: dict[str, Json] = {STATE: str(to)}
        if to is VisitState.CHECKED_IN:
            fields[CHECKED_IN_AT] = stamp.device_time.isoformat()

        def write(unit: UnitOfWork) -> None:
            row = unit.records.visit_row(visit)
            if row is None:
                raise Rejected(Code.NOT_FOUND)
            if row.visit.state in unless:
                return
            if not may(person.role, action_of_move(row.visit.state, to)):
                raise Rejected(Code.NOT_ALLOWED)
            record = RecordId(visit)
            confirmed = unit.records.confirmed(RecordType.VISIT, record)
            unit.outbox.add(
                NewChange(
                    record_type=RecordType.VISIT,
                    record=record,
                    base_version=0 if confirmed is None else confirmed.version,
                    fields_set=fields,
                    author=person.id,
                    stamp=stamp,
                    patient=row.patient.id,
                    visit=visit,
                )
            )
            unit.audit.add(
                self._acts.event(
                    Act.VISIT_MOVED, patient=row.patient.id, visit=visit, subject=visit
                )
            )

        await self._acts.do(write)

    def make_anew(self, unit: UnitOfWork, refused: ChangeId) -> None:
        """Part of the transaction that takes a conflict in: our moves of that visit, upon theirs.

        All of them or none: one that the table does not know leaves the conflict to a person.
        """
        pending = unit.outbox.all()
        change = next((item.change for item in pending if item.change.id == refused), None)
        if change is None or change.record_type is not RecordType.VISIT:
            return
        ours = [item for item in pending if item.change.record == change.record]
        current = unit.records.confirmed(RecordType.VISIT, change.record)
        if current is None or self._made_anew[change.record] >= MADE_ANEW_MAX:
            return
        plan = _plan(ours, current)
        if plan is None:
            return
        self._made_anew[change.record] += 1
        for old, _ in reversed(plan):  # what waits behind a refused one goes before it
            unit.outbox.drop(old.id)
        for old, fields in plan:
            if fields:
                unit.outbox.add(_upon(current, old, fields))
            act = Act.CHANGE_WRITTEN_ANEW if fields else Act.CHANGE_GIVEN_UP
            unit.audit.add(
                self._acts.event(
                    act, patient=old.patient, visit=old.visit, subject=old.id, code=Code.CONFLICT
                )
            )


def _plan(
    ours: list[PendingChange], current: ConfirmedRecord
) -> list[tuple[Change, dict[str, Json]]] | None:
    """What of each move is still to be made, in their order; None when it is not ours to say."""
    there = json.loads(current.body)
    stands = VisitState(there[STATE])
    plan = []
    for item in ours:
        fields = dict(item.change.fields_set)
        if item.refused not in OVERTAKEN or not _is_move(fields):
            return None
        to = VisitState(str(fields[STATE]))
        if (stands, to) in MOVES:
            stands = to
        elif is_done_by(to, stands):
            # When the patient came is said nowhere else.
            at = None if there.get(CHECKED_IN_AT) else fields.get(CHECKED_IN_AT)
            fields = {} if at is None else {CHECKED_IN_AT: at}
        else:
            return None
        plan.append((item.change, fields))
    return plan


def _is_move(fields: dict[str, Json]) -> bool:
    return STATE in fields and {STATE, CHECKED_IN_AT}.issuperset(fields)


def _upon(current: ConfirmedRecord, old: Change, fields: dict[str, Json]) -> NewChange:
    """By whom and when it was made: only what it stands upon is new."""
    return NewChange(
        record_type=RecordType.VISIT,
        record=old.record,
        base_version=current.version,
        fields_set=fields,
        author=old.author,
        stamp=old.stamp,
        patient=old.patient,
        visit=old.visit,
    )
