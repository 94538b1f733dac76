"""What the server has not accepted: waiting, or refused with the reason and both texts."""

import json
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import Signal, SignalInstance

from app.domain.changes import Change, PendingChange
from app.domain.clock import Clock
from app.domain.failures import Code
from app.domain.ids import ChangeId
from app.runtime.tasks import TaskOwner
from app.services.conflicts import Conflicts
from app.services.file_upload import Sending
from app.services.sync import AWAY, Sync
from app.services.unsent import Unsent
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel


@dataclass(frozen=True, slots=True)
class UnsentRowScreen:
    change: ChangeId
    what: str  # "Note, written 14:03"
    patient: str  # DOE, Jane (Mrs)
    reason: str  # what the server said; "waiting" when it was not asked yet
    tone: Tone
    mine: str  # what was written here
    theirs: str = ""  # what stands at the server now
    can_write_anew: bool = False
    can_give_up: bool = False
    can_decide: bool = False  # everybody sees it as a conflict: it is decided there
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class UnsentScreen:
    """Refused and conflicting ones first."""

    title: str
    rows: tuple[UnsentRowScreen, ...] = ()
    summary: str = ""  # how many of what, how old, when the server was last heard
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class UnsentIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> UnsentScreen: ...
    def write_anew(self, change: ChangeId) -> None:
        """Send what was written here again, upon what stands at the server now."""
        ...

    def give_up(self, change: ChangeId) -> None:
        """Asked and confirmed."""
        ...

    def decide(self) -> None:
        """To the page where both stand beside each other."""
        ...

    def back(self) -> None: ...


TEXT_SHOWN = 400


def _sending_words(sending: Sending | None) -> str:
    """The file on its way; empty between two of them."""
    if sending is None:
        return ""
    sent, whole = (wording.megabytes(count) for count in (sending.bytes_sent, sending.bytes_whole))
    if sending.is_waiting:
        return wording.text("unsent.file-waits", sent=sent, whole=whole)
    if sending.left_s is None:
        return wording.text("unsent.file-goes", sent=sent, whole=whole)
    left = wording.span(sending.left_s)
    return wording.text("unsent.file-goes-until", sent=sent, whole=whole, left=left)


class UnsentViewModel(ViewModel[UnsentScreen]):
    """`went_back` asks the window for the page that stood before."""

    went_back = Signal()
    asked_for_conflicts = Signal()

    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        unsent: Unsent,
        conflicts: Conflicts,
        sync: Sync,
        clock: Clock,
    ) -> None:
        super().__init__(tasks, ticker)
        self._unsent = unsent
        self._conflicts = conflicts
        self._sync = sync
        self._clock = clock
        self._code: Code | None = None
        self.listen_to(unsent.state, conflicts.state, sync.state, sync.file_sending)

    def compose(self) -> UnsentScreen:
        state = self._unsent.state.value
        items = sorted(state.items, key=lambda item: item.refused is None)
        rows = tuple(self._row(item) for item in items)
        message, tone = self._message(has_rows=bool(rows))
        return UnsentScreen(
            title=wording.text("unsent.title"),
            rows=rows,
            summary=self._summary(),
            message=message,
            message_tone=tone,
        )

    def _summary(self) -> str:
        sync, now = self._sync.state.value, self._clock.now()
        said = []
        if sync.unsent:
            kinds = ", ".join(
                wording.text(
                    "unsent.summary-kind", count=count, what=wording.text(f"record.{kind}")
                )
                for kind, count in sync.unsent
            )
            said.append(wording.text("unsent.summary", kinds=kinds))
        if sync.oldest_unsent is not None:
            age = wording.age(now - sync.oldest_unsent)
            said.append(wording.text("unsent.summary-oldest", age=age))
        if sync.last_contact is not None:
            age = wording.age(now - sync.last_contact)
            said.append(wording.text("unsent.summary-contact", age=age))
        return " ".join(said)

    def _message(self, *, has_rows: bool) -> tuple[str, Tone]:
        if self._code is not None:
            return wording.failure(self._code), Tone.BAD
        if not has_rows:
            return wording.text("unsent.none"), Tone.PLAIN
        sync = self._sync.state.value
        if not sync.is_reachable:  # without a server all waits alike
            return "", Tone.PLAIN
        if sync.stuck_file is None:
            return _sending_words(self._sync.file_sending.value), Tone.PLAIN
        if sync.stuck_file in AWAY:  # what else goes to the server arrives
            return wording.text("unsent.file-slow"), Tone.BAD
        reason = wording.failure(sync.stuck_file)
        return wording.text("unsent.file-stuck", reason=reason), Tone.BAD

    def _row(self, item: PendingChange) -> UnsentRowScreen:
        change = item.change
        time = wording.moment(change.stamp.device_time, self._clock.now())
        kind = wording.text(f"record.{change.record_type}")
        what = wording.text("record.written", what=kind, time=time)
        is_refused = item.refused is not None
        open_ones = (one for one in self._conflicts.state.value.items if one.is_open)
        is_conflict = is_refused and any(one.change == change.id for one in open_ones)
        reason = wording.text("unsent.waiting")
        if item.refused is not None:
            reason = wording.failure(item.refused)
        patient = "" if change.patient is None else self._patient(change)
        return UnsentRowScreen(
            change=change.id,
            what=what,
            patient=patient,
            reason=reason,
            tone=Tone.BAD if is_refused else Tone.ATTENTION,
            mine=_words_of(dict(change.fields_set)),
            theirs="" if item.current is None else _words_of(json.loads(item.current.body)),
            can_write_anew=item.refused is Code.CONFLICT and not is_conflict,
            can_give_up=is_refused and not is_conflict,
            can_decide=is_conflict,
            spoken=wording.spoken(f"{what}, {patient}, {reason}"),
        )

    def _patient(self, change: Change) -> str:
        names = self._unsent.state.value.patients
        return next((name for patient, name in names if patient == change.patient), "")

    def write_anew(self, change: ChangeId) -> None:
        self._code = None
        self.act(self._unsent.write_anew(change), "write anew", self._failed)

    def give_up(self, change: ChangeId) -> None:
        self._code = None
        self.act(self._unsent.give_up(change), "give up", self._failed)

    def decide(self) -> None:
        self.asked_for_conflicts.emit()

    def back(self) -> None:
        self.went_back.emit()

    def _failed(self, code: Code) -> None:
        self._code = code
        self.refresh()


def _words_of(fields: dict[str, object]) -> str:
    """What a person wrote or chose in these fields; ids and hashes say nothing to a reader."""
    if "text" in fields:
        return str(fields["text"])[:TEXT_SHOWN]
    if "state" in fields:
        return wording.text(f"visit-state.{fields['state']}")
    if "step" in fields:
        return wording.text(f"ladder.step.{fields['step']}")
    quantities = fields.get("quantities")
    if isinstance(quantities, list):
        return ", ".join(wording.isolate(f"{q['value']} {q['unit']}") for q in quantities)
    if "site" in fields:
        return str(fields["site"])
    return ""
