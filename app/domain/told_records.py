"""What is believed of a record that another desk tells: of readings, the server asks the same."""

from collections.abc import Mapping
from typing import Any

from app.domain.access import Action, Role, may
from app.domain.changes import HeardRecord, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import PersonId
from app.domain.measurement import UCUM_UNIT, VitalKind
from app.domain.people import Person
from app.domain.reading import Reading, reading_from
from app.domain.vitals import assess

# Who wrote it, and their name where the record has one.
AUTHOR_FIELDS: dict[RecordType, tuple[str, ...]] = {
    RecordType.MESSAGE: ("author", "author_name"),
    RecordType.RECEIPT: ("by", "by_name"),
    RecordType.NOTE: ("author", "author_name"),
    RecordType.READING: ("kept_by",),
}
NEEDS = {RecordType.NOTE: Action.WRITE_NOTE, RecordType.READING: Action.KEEP_READING}


def must_be_believed(heard: HeardRecord, far: Person | None, me: PersonId) -> None:
    """Only in the name of who sits at the far end, and what they may write; else Rejected."""
    names = AUTHOR_FIELDS.get(heard.record_type)
    if names is None:
        raise Rejected(Code.NOT_ALLOWED, "a told record of this type")
    said = tuple(heard.fields.get(name) for name in names)
    if said[0] == str(me):
        raise Rejected(Code.NOT_ALLOWED, "our own name")
    if far is not None and said != (str(far.id), far.name)[: len(names)]:
        raise Rejected(Code.NOT_ALLOWED, "another person's name")
    action = NEEDS.get(heard.record_type)
    if action is None:
        return
    if far is None or not may(far.role, action):
        raise Rejected(Code.NOT_ALLOWED, "nobody who may write it")
    if heard.record_type is RecordType.READING:
        reading_told(str(heard.record), heard.fields, far.role)


def reading_told(record: str, fields: Mapping[str, Any], role: Role) -> Reading:
    """The reading of a document that somebody in this role keeps; Rejected when none may be."""
    reading = _plain(record, fields)
    if reading.assigned is not None and reading.assigned.by != reading.kept_by:
        raise Rejected(Code.NOT_ALLOWED, "whose it is was said by another person")
    if reading.series is not None and (reading.series.number == 0) is not reading.series.is_average:
        raise Rejected(Code.MALFORMED, "an average names its readings")
    chooses = reading.measured.value_of(VitalKind.SPO2_SCALE) is not None
    if chooses and not may(role, Action.CHOOSE_SPO2_SCALE):
        raise Rejected(Code.NOT_ALLOWED, "which SpO2 scale holds, a clinician chooses")
    if (refused := assess(reading.measured)) is not None:
        raise Rejected(refused)
    return reading


def _plain(record: str, fields: Mapping[str, Any]) -> Reading:
    """Each quantity once, in the unit that belongs to it: a number alone could mean anything."""
    try:
        reading = reading_from(record, fields, is_pending=True)
        units = [item["unit"] for item in fields["quantities"]]
    except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise Rejected(Code.MALFORMED, "an unknown kind of quantity, device or flag") from error
    kinds = [quantity.kind for quantity in reading.measured.quantities]
    if len(set(kinds)) != len(kinds):
        raise Rejected(Code.MALFORMED, "a quantity is told twice")
    if units != [UCUM_UNIT[kind] for kind in kinds]:
        raise Rejected(Code.MALFORMED, "a unit does not belong to its quantity")
    return reading
