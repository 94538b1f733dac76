"""A reading becomes a record: one change on its way to the server, and one event, together."""

from collections.abc import Callable

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import Json, RecordType
from app.domain.clock import Stamp
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId
from app.domain.people import Person
from app.domain.reading import Reading, fields_of
from app.domain.vitals import assess
from app.domain.worklist import WorklistRow
from app.services.acts import Acts
from app.services.ports import NewChange, UnitOfWork

TellFar = Callable[[VisitId, dict[str, Json]], None]

KEPT_KIND = "reading"


def must_be_allowed(row: WorklistRow, person: Person) -> None:
    """Rejected unless this person may keep readings, and this visit still takes some."""
    if not row.visit.is_open:
        raise Rejected(Code.NO_VISIT_OPEN)
    if not may(person.role, Action.KEEP_READING):
        raise Rejected(Code.NOT_ALLOWED)


def write_reading(
    unit: UnitOfWork, acts: Acts, reading: Reading, stamp: Stamp, act: Act = Act.READING_KEPT
) -> None:
    """Part of a transaction; Rejected when it is none that a person could have."""
    if (refused := assess(reading.measured)) is not None:
        raise Rejected(refused)
    unit.outbox.add(
        NewChange(
            record_type=RecordType.READING,
            record=reading.id,
            base_version=0,
            fields_set=fields_of(reading),
            author=reading.kept_by,
            stamp=stamp,
            patient=reading.patient,
            visit=reading.visit,
        )
    )
    unit.audit.add(
        acts.event(act, patient=reading.patient, visit=reading.visit, subject=reading.id)
    )


def kept_words(reading: Reading) -> dict[str, Json]:
    """The quickest word of it, over the call or, where there is none, by the server.

    Said once: `direct_line` says it again over the call. An earlier release knows only this word.
    """
    return {"kind": KEPT_KIND, "record": str(reading.id), **fields_of(reading)}
