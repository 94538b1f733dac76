"""What every view model shares: it listens to services, composes a frozen screen, starts acts."""

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.failures import Code, Failure
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner

ScreenT = TypeVar("ScreenT")

TICK_MS = 500  # ages on the screen are given in seconds; half of one keeps them honest


class Ticker(QObject):
    """One timer for every age on the screen."""

    ticked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.ticked)
        self._timer.start()


class ViewModel(QObject, Generic[ScreenT]):
    """`changed` carries each new screen; an equal one is not sent again."""

    changed = Signal(object)

    def __init__(self, tasks: TaskOwner, ticker: Ticker | None = None) -> None:
        super().__init__()
        self._tasks = tasks
        self._last: ScreenT | None = None
        self._stops: list[Callable[[], None]] = []
        self._under_way: set[str] = set()
        self._ticker = ticker  # kept: without an owner it is gone, and every age stands still
        if ticker is not None:
            ticker.ticked.connect(self.refresh)

    def compose(self) -> ScreenT:
        """What is to be drawn now."""
        raise NotImplementedError(type(self).__name__)

    @property
    def screen(self) -> ScreenT:
        if self._last is None:
            self._last = self.compose()
        return self._last

    def listen_to(self, *states: Broadcast[Any]) -> None:
        """Compose again whenever one of these changes; called once, at the end of `__init__`."""
        for state in states:
            self._stops.append(state.listen(lambda _: self.refresh()))

    def refresh(self) -> None:
        screen = self.compose()
        if screen != self._last:
            self._last = screen
            self.changed.emit(screen)

    def act(
        self,
        work: Coroutine[Any, Any, Any],
        name: str,
        on_failure: Callable[[Code], None] | None = None,
    ) -> None:
        """Carry out a wish of the user; a refusal comes back as its code."""
        self._tasks.start(self._carried_out(work, on_failure), name)

    def act_once(
        self,
        work: Coroutine[Any, Any, Any],
        name: str,
        on_failure: Callable[[Code], None] | None = None,
    ) -> None:
        """A wish that is uttered again while it is carried out, by a double click, is one wish."""
        if name in self._under_way:
            work.close()
            return
        self._under_way.add(name)
        self.act(self._until_done(work, name), name, on_failure)

    async def _until_done(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        try:
            await work
        finally:
            self._under_way.discard(name)

    async def _carried_out(
        self, work: Coroutine[Any, Any, Any], on_failure: Callable[[Code], None] | None
    ) -> None:
        try:
            await work
        except Failure as failure:
            if on_failure is None:
                raise
            on_failure(failure.code)
