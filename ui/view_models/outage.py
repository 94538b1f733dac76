"""Why the server has not got what was made here, in words: one answer for every screen."""

from app.domain.failures import Code
from app.services.sync import SyncState
from ui import wording

# Our own store fails: nothing may be said to be kept here.
OF_THE_STORE = (
    Code.STORE_FULL,
    Code.DISK_FAULT,
    Code.STORE_DAMAGED,
    Code.STORE_IN_USE,
    Code.STORE_WRONG_KEY,
    Code.STORE_TOO_NEW,
    Code.PROFILE_UNUSABLE,
)


def why_not_sent(state: SyncState, away: str) -> str:
    """Empty when it is sent, or was not tried yet.

    `away` is the key of the sentence for a server out of reach, with `time`. Nobody would sign in
    again, or make room on the disk, for a server that seems to be away.
    """
    if state.is_away:
        return wording.text(away, time=wording.time_of_day(state.since))
    if state.is_reachable or state.code is None:
        return ""
    return wording.failure(state.code)


def why_list_is_old(state: SyncState) -> str:
    """The same, for who looks at today's visits."""
    is_known = state.last_contact is not None
    return why_not_sent(state, "today.offline" if is_known else "today.offline-from-start")
