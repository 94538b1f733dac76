"""Which changes may be laid upon a record that moved on, and which are for a person to decide.

A field may be set when its value is the one that its author saw, whatever became of the others.
Two words for one clinical fact are never made one by machine, not even where they say the same.
"""

from app.domain.changes import Change, Json, RecordType

# Fields that say nothing of each other: two people may each change one of them at once.
MERGED: dict[RecordType, frozenset[str]] = {
    RecordType.PATIENT: frozenset({"title", "sex"}),
    RecordType.NOTE: frozenset({"text", "written_at"}),
    RecordType.SOUND_LABEL: frozenset({"is_withdrawn"}),
}
# What a treatment may rest upon. Measured values, sounds, stills and messages are never changed at
# all: each is a record of its own.
FACTS: dict[RecordType, frozenset[str]] = {
    RecordType.PATIENT: frozenset({"allergies"}),
}


def keeps_conflicts(record_type: RecordType) -> bool:
    """Whether two changes that cannot both stand become a conflict that everybody sees.

    Of the other types the author's own device makes the change anew, or nothing is ever changed.
    """
    return record_type in MERGED


def stands_as_seen(document: dict[str, Json], version: int, change: Change) -> bool:
    """Whether nothing that this change sets was set by somebody else since its author looked.

    The values and not the version alone: behind a change that was refused the device counts one
    version that never came, and somebody else's may have taken its number.
    """
    if change.base_version == 0:  # made anew under an id that is taken
        return False
    fields = change.fields_set.keys()
    stands = {name: document.get(name) for name in fields}
    seen = {name: change.previous.get(name) for name in fields}
    merged = MERGED.get(change.record_type, frozenset())
    facts = FACTS.get(change.record_type, frozenset())
    if not fields <= merged | facts:
        return version == change.base_version and stands == seen
    return all(
        stands[name] == seen[name] or (name in merged and stands[name] == change.fields_set[name])
        for name in fields
    )
