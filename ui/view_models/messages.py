"""Messages between the two sides of the visit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.access import Action, Role, may
from app.domain.call import Phase
from app.domain.call_log import LadderStep
from app.domain.clock import Clock
from app.domain.failures import Code, Rejected
from app.domain.ids import PersonId, RecordId, VisitId
from app.domain.message_files import MessageFile
from app.domain.messages import Message, ReceiptKind
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.call import Call
from app.services.chart import Chart
from app.services.message_files import FileProgress, MessageFiles
from app.services.messages import Messages
from app.services.receipts import Receipts
from app.services.sync import Sync
from ui import wording
from ui.tone import Tone
from ui.view_models.base import ViewModel
from ui.view_models.ladder import log_line
from ui.view_models.refusal import Refusal


@dataclass(frozen=True, slots=True)
class MessageRowScreen:
    text: str
    written: str  # "14:03, N. Okafor"
    confirmation: str  # of our own: how far it came and when; of others': what the server has
    tone: Tone
    is_own: bool
    spoken: str
    message: RecordId | None = None
    new: str = ""  # "new" until it was read here


@dataclass(frozen=True, slots=True)
class MessageFileScreen:
    """One file of the talk: `words` on its button, `question` before it is saved outside."""

    message: RecordId
    name: str  # as it is offered in the dialog
    words: str  # "rash.jpg, 1.2 MB"
    state: str  # "40 % here", "here"
    can_save: bool
    question: str
    spoken: str


@dataclass(frozen=True, slots=True)
class MessagesScreen:
    """The view empties its line when `sent` grows or `visit` changes."""

    visit: VisitId | None = None
    sent: int = 0
    can_send: bool = False
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    rows: tuple[MessageRowScreen, ...] = ()  # newest first
    files: tuple[MessageFileScreen, ...] = ()  # newest first
    unread: str = ""  # "2 new"
    arrived: str = ""  # said once by a screen reader when it changes; never the words themselves
    way: str = ""  # by which way messages go, while one of two is gone
    way_tone: Tone = Tone.PLAIN


DOUBTED_AFTER = timedelta(minutes=10)  # of a server that is there: its author's desk may be refused
_Timed = tuple[datetime, MessageRowScreen]


class MessagesIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> MessagesScreen: ...
    def send(self, text: str) -> None: ...
    def send_file(self, path: str, text: str) -> None: ...
    def save_file(self, message: RecordId, path: str) -> None: ...
    def seen(self, messages: tuple[RecordId, ...]) -> None:
        """They stand on the screen and a person is there."""
        ...


class MessagesViewModel(ViewModel[MessagesScreen]):
    def __init__(
        self,
        tasks: TaskOwner,
        *,
        messages: Messages,
        files: MessageFiles,
        receipts: Receipts,
        chart: Chart,
        call: Call,
        sync: Sync,
        acts: Acts,
        role: Role,
    ) -> None:
        super().__init__(tasks)
        self._messages = messages
        self._files = files
        self._receipts = receipts
        self._call = call
        self._sync = sync
        self._chart = chart
        self._acts = acts
        self._may_write = may(role, Action.WRITE_MESSAGE)
        self._sent = 0
        self._refusal = Refusal(chart)
        self.listen_to(chart.state, call.state, sync.state, files.state)

    def compose(self) -> MessagesScreen:
        state = self._chart.state.value
        row = state.row
        own = None if row is None else self._acts.person.id
        unread = [] if own is None else [one for one in state.messages if _is_unread(one, own)]
        sync = self._sync.state.value
        refused = frozenset(one.change.record for one in sync.refused)
        doubts_at = self._acts.clock.now() - DOUBTED_AFTER if sync.is_reachable else None
        way, way_tone = ("", Tone.PLAIN) if row is None else self._way(row.visit.id)
        return MessagesScreen(
            visit=None if row is None else row.visit.id,
            sent=self._sent,
            can_send=row is not None and row.visit.is_open and self._may_write,
            message="" if self._refusal.code is None else wording.failure(self._refusal.code),
            message_tone=Tone.BAD,
            files=tuple(
                _file(message, message.file, own, self._files.state.value.of(message.id))
                for message in state.messages
                if message.file is not None
            ),
            unread=wording.text("messages.unread", count=len(unread)) if unread else "",
            arrived=wording.text("messages.arrived", name=unread[0].author_name) if unread else "",
            way=way,
            way_tone=way_tone,
            rows=_in_time(
                [
                    (one.written_at, _row(one, own, self._acts.clock, refused, doubts_at))
                    for one in state.messages
                ],
                [(one.at, _step_row(one, self._acts.clock)) for one in state.ladder_steps],
            ),
        )

    def _way(self, visit: VisitId) -> tuple[str, Tone]:
        """Nothing is said while the server is there: it brings everything."""
        call = self._call.state.value
        if not self._sync.state.value.is_away:
            return "", Tone.PLAIN
        if call.phase is Phase.LIVE and call.visit == visit:
            return wording.text("messages.way.call"), Tone.ATTENTION
        return wording.text("messages.way.none"), Tone.BAD

    def seen(self, messages: tuple[RecordId, ...]) -> None:
        row = self._chart.state.value.row
        if row is not None:
            self._receipts.seen(row.visit.id, messages)

    def send(self, text: str) -> None:
        self.act_once(self._send(text), "send message", self._failed)

    def send_file(self, path: str, text: str) -> None:
        self.act_once(self._send_file(path, text), "send message", self._failed)

    async def _send_file(self, path: str, text: str) -> None:
        """For the visit that stood open when it was chosen, or not at all."""
        visit = self._visit()
        file = await self._files.take(path)
        if visit != self._visit():
            raise Rejected(Code.WRONG_PATIENT)
        await self._send(text, file)

    def save_file(self, message: RecordId, path: str) -> None:
        self.act_once(self._save_file(message, path), "save file", self._failed)

    async def _save_file(self, message: RecordId, path: str) -> None:
        await self._files.save_as(message, path)
        self._refusal.say(None)
        self.refresh()

    def _visit(self) -> VisitId | None:
        row = self._chart.state.value.row
        return None if row is None else row.visit.id

    async def _send(self, text: str, file: MessageFile | None = None) -> None:
        await self._messages.write(text, file)
        self._sent += 1
        self._refusal.say(None)
        self.refresh()

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()


def _is_unread(message: Message, own: PersonId) -> bool:
    return message.author != own and not message.is_read_by(own)


def _row(
    message: Message,
    own: PersonId | None,
    clock: Clock,
    refused: frozenset[RecordId],
    doubts_at: datetime | None,
) -> MessageRowScreen:
    """`doubts_at`: what was written before then should be at the server; None: it is away."""
    is_own = message.author == own
    if message.id in refused:
        confirmation, tone = wording.text("messages.refused"), Tone.BAD
    elif is_own:
        confirmation, tone = _how_far(message, clock)
    elif message.is_pending and doubts_at is not None and message.written_at < doubts_at:
        confirmation, tone = wording.text("messages.never-confirmed"), Tone.BAD
    else:
        confirmation = wording.text("not-confirmed" if message.is_pending else "confirmed")
        tone = Tone.ATTENTION if message.is_pending else Tone.PLAIN
    is_new = own is not None and _is_unread(message, own)
    new = wording.text("messages.new") if is_new else ""
    name = wording.text("messages.you") if is_own else message.author_name
    time = wording.moment(message.written_at, clock.now())
    spoken = wording.text(
        "messages.spoken-new" if is_new else "messages.spoken",
        time=time,
        name=name,
        confirmation=confirmation,
        words=message.text,
    )
    return MessageRowScreen(
        text=message.text,
        written=wording.text("messages.written", time=time, name=name),
        confirmation=confirmation,
        tone=tone,
        is_own=is_own,
        spoken=wording.spoken(spoken),
        message=message.id,
        new=new,
    )


def _file(
    message: Message, file: MessageFile, own: PersonId | None, progress: FileProgress | None
) -> MessageFileScreen:
    size = wording.megabytes(file.size_bytes)
    words = wording.text("messages.file", name=file.name, size=size)
    name = wording.text("messages.you") if message.author == own else message.author_name
    is_here = progress is not None and progress.is_here
    state = _file_state(is_own=message.author == own, progress=progress)
    return MessageFileScreen(
        message=message.id,
        name=file.name,
        words=words,
        state=state,
        can_save=is_here,
        question=wording.text("messages.save-question", name=file.name),
        spoken=wording.spoken(
            wording.text("messages.file-spoken", file=words, name=name, state=state)
        ),
    )


def _file_state(*, is_own: bool, progress: FileProgress | None) -> str:
    if progress is None:
        return ""
    if not progress.is_here:
        percent = wording.isolate(f"{100 * progress.bytes_here // progress.bytes_whole} %")
        return wording.text("messages.file-comes", percent=percent)
    if is_own and progress.bytes_sent < progress.bytes_whole:
        percent = wording.isolate(f"{100 * progress.bytes_sent // progress.bytes_whole} %")
        return wording.text("messages.file-goes", percent=percent)
    return wording.text("messages.file-there" if is_own else "messages.file-here")


def _how_far(message: Message, clock: Clock) -> tuple[str, Tone]:
    """The furthest that is known, and whether the server has it: never more than that."""
    for kind in (ReceiptKind.READ, ReceiptKind.DELIVERED):
        receipt = message.receipt_of(kind)
        if receipt is not None:
            time = wording.moment(receipt.at, clock.now())
            by_call = "-by-call" if message.is_pending else ""
            return wording.text(f"messages.{kind}{by_call}", time=time), Tone.GOOD
    if message.is_pending:
        return wording.text("messages.waits"), Tone.ATTENTION
    return wording.text("messages.sent"), Tone.PLAIN


def _step_row(step: LadderStep, clock: Clock) -> MessageRowScreen:
    """A line of the call's own story, among what people wrote meanwhile."""
    confirmation = wording.text("not-confirmed" if step.is_pending else "confirmed")
    head = wording.text("ladder.log-head", time=wording.moment(step.at, clock.now()))
    line = log_line(step)
    return MessageRowScreen(
        text=line,
        written=head,
        confirmation=confirmation,
        tone=Tone.ATTENTION if step.is_pending else Tone.PLAIN,
        is_own=False,
        spoken=wording.spoken(f"{head}, {line}, {confirmation}"),
    )


def _in_time(messages: list[_Timed], steps: list[_Timed]) -> tuple[MessageRowScreen, ...]:
    """Newest first. Messages keep the order in which they came; steps find their place by time."""
    rows, waiting = [], sorted(steps, key=lambda timed: timed[0], reverse=True)
    for at, row in messages:
        while waiting and waiting[0][0] >= at:
            rows.append(waiting.pop(0)[1])
        rows.append(row)
    return tuple(rows + [row for _, row in waiting])
