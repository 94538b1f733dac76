"""The page of what is to be decided, as invented screens."""

from uuid import UUID

from app.domain.ids import ChangeId
from ui.tone import Tone
from ui.view_models.conflicts import (
    ConflictRowScreen,
    ConflictsScreen,
    FieldScreen,
    SideScreen,
)
from ui.wording import isolate, record_number, text

EARLIER, AT, LATER = isolate("14:01"), isolate("14:03"), isolate("14:20")
NURSE = SideScreen("Nurse N. Okafor", "Cart 2, Ward North", text("conflicts.written", time=AT))
DOCTOR = SideScreen(
    "Dr A. Lindqvist",
    "Workstation 2",
    text("conflicts.written-offline", time=EARLIER, arrived=LATER),
)

CONFLICTS = ConflictsScreen(
    title=text("conflicts.title"),
    rows=(
        ConflictRowScreen(
            change=ChangeId(UUID(int=95)),
            what=text("record.patient"),
            patient=f"DOE, Jane (Mrs)  {record_number('1297287652')}",
            theirs=NURSE,
            mine=DOCTOR,
            fields=(
                FieldScreen(
                    "allergies",
                    text("field.allergies"),
                    "Penicillin (rash 2011)",
                    "Penicillin (rash 2011), latex",
                    "Penicillin (anaphylaxis 2019, adrenaline given), nuts",
                ),
            ),
            can_decide=True,
            can_take_both=True,
            writable=(("allergies", "Penicillin (rash 2011), latex"),),
            state=text("conflicts.open"),
            state_tone=Tone.BAD,
        ),
        ConflictRowScreen(
            change=ChangeId(UUID(int=96)),
            what=text("record.patient"),
            patient=f"VAN DER BERG-OSTERHAGEN, Wilhelmina Theodora (Mrs)  {record_number('A-77')}",
            theirs=DOCTOR,
            mine=NURSE,
            fields=(
                FieldScreen("title", text("field.title"), text("conflicts.nothing"), "Mrs", "Ms"),
                FieldScreen(
                    "sex",
                    text("field.sex"),
                    text("conflicts.nothing"),
                    "female",
                    "unknown",
                    "female",
                ),
            ),
            state=text("conflicts.decided"),
            state_tone=Tone.GOOD,
            decided=text(
                "conflicts.took-theirs",
                by="Dr A. Lindqvist",
                theirs="Dr A. Lindqvist",
                time=isolate("14:31"),
            ),
            can_undo=True,
        ),
    ),
)
CONFLICTS_NONE = ConflictsScreen(title=text("conflicts.title"), message=text("conflicts.none"))
