"""The moves of a visit that a person makes. Hanging up moves nothing."""

from app.domain.access import may
from app.domain.audit import Act
from app.domain.changes import Json, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId, VisitId
from app.domain.visits import VisitState, action_of_move
from app.services.acts import Acts
from app.services.ports import NewChange, UnitOfWork


class Visits:
    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def check_in(self, visit: VisitId) -> None:
        """The patient is here."""
        await self._move(visit, VisitState.CHECKED_IN)

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
        fields: dict[str, Json] = {"state": str(to)}
        if to is VisitState.CHECKED_IN:
            fields["checked_in_at"] = stamp.device_time.isoformat()

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
