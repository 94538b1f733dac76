"""Roles as data: who may do what. One table, walked whole by its test."""

from enum import StrEnum


class Role(StrEnum):
    """FHIR PractitionerRole in the words of the house; further roles are further rows below."""

    CLINICIAN = "clinician"
    PRESENTER = "presenter"


class Action(StrEnum):
    """What a person may be allowed to do."""

    SEE_WORKLIST = "see-worklist"
    OPEN_CHART = "open-chart"
    CHECK_IN = "check-in"
    CHANGE_PATIENT = "change-patient"
    JOIN_VISIT = "join-visit"
    WRITE_NOTE = "write-note"
    SIGN_NOTE = "sign-note"
    KEEP_READING = "keep-reading"
    CHOOSE_SPO2_SCALE = "choose-spo2-scale"
    KEEP_RECORDING = "keep-recording"
    LABEL_SOUND = "label-sound"
    KEEP_STILL = "keep-still"
    MARK_STILL = "mark-still"
    EXPORT_STILL = "export-still"
    MOVE_CAMERA = "move-camera"  # the other side's
    WRITE_MESSAGE = "write-message"
    FINISH_VISIT = "finish-visit"
    SIGN_VISIT = "sign-visit"
    READ_AUDIT = "read-audit"
    READ_CALL_REPORTS = "read-call-reports"


PERMISSIONS: dict[Role, frozenset[Action]] = {
    Role.CLINICIAN: frozenset(Action) - {Action.CHECK_IN},
    Role.PRESENTER: frozenset(
        {
            Action.SEE_WORKLIST,
            Action.OPEN_CHART,
            Action.CHECK_IN,
            Action.CHANGE_PATIENT,
            Action.JOIN_VISIT,
            Action.WRITE_NOTE,
            Action.KEEP_READING,
            Action.KEEP_RECORDING,
            Action.LABEL_SOUND,
            Action.KEEP_STILL,
            Action.MARK_STILL,
            Action.WRITE_MESSAGE,
        }
    ),
}


def may(role: Role, action: Action) -> bool:
    """Default deny: what is not in the table is not allowed."""
    return action in PERMISSIONS.get(role, frozenset())
