"""Messages between the two sides of the visit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.access import Action, Role, may
from app.domain.call_log import LadderStep
from app.domain.clock import Clock
from app.domain.failures import Code
from app.domain.ids import PersonId, VisitId
from app.domain.messages import Message
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.chart import Chart
from app.services.messages import Messages
from ui import wording
from ui.tone import Tone
from ui.view_models.base import ViewModel
from ui.view_models.ladder import log_line
from ui.view_models.refusal import Refusal


@dataclass(frozen=True, slots=True)
class MessageRowScreen:
    text: str
    written: str  # "14:03, N. Okafor"
    confirmation: str
    tone: Tone
    is_own: bool
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


_Timed = tuple[datetime, MessageRowScreen]


class MessagesIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> MessagesScreen: ...
    def send(self, text: str) -> None: ...


class MessagesViewModel(ViewModel[MessagesScreen]):
    def __init__(
        self, tasks: TaskOwner, *, messages: Messages, chart: Chart, acts: Acts, role: Role
    ) -> None:
        super().__init__(tasks)
        self._messages = messages
        self._chart = chart
        self._acts = acts
        self._may_write = may(role, Action.WRITE_MESSAGE)
        self._sent = 0
        self._refusal = Refusal(chart)
        self.listen_to(chart.state)

    def compose(self) -> MessagesScreen:
        state = self._chart.state.value
        row = state.row
        own = None if row is None else self._acts.person.id
        return MessagesScreen(
            visit=None if row is None else row.visit.id,
            sent=self._sent,
            can_send=row is not None and row.visit.is_open and self._may_write,
            message="" if self._refusal.code is None else wording.failure(self._refusal.code),
            message_tone=Tone.BAD,
            rows=_in_time(
                [(one.written_at, _row(one, own, self._acts.clock)) for one in state.messages],
                [(one.at, _step_row(one, self._acts.clock)) for one in state.ladder_steps],
            ),
        )

    def send(self, text: str) -> None:
        self.act_once(self._send(text), "send message", self._failed)

    async def _send(self, text: str) -> None:
        await self._messages.write(text)
        self._sent += 1
        self._refusal.say(None)
        self.refresh()

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()


def _row(message: Message, own: PersonId | None, clock: Clock) -> MessageRowScreen:
    is_own = message.author == own
    confirmation = wording.text("not-confirmed" if message.is_pending else "confirmed")
    name = wording.text("messages.you") if is_own else message.author_name
    time = wording.moment(message.written_at, clock.now())
    spoken = wording.text(
        "messages.spoken", time=time, name=name, confirmation=confirmation, words=message.text
    )
    return MessageRowScreen(
        text=message.text,
        written=wording.text("messages.written", time=time, name=name),
        confirmation=confirmation,
        tone=Tone.ATTENTION if message.is_pending else Tone.PLAIN,
        is_own=is_own,
        spoken=wording.spoken(spoken),
    )


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
