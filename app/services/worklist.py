"""Today's visits, read again whenever a record changed."""

from dataclasses import dataclass

from app.domain.audit import Act
from app.domain.worklist import WorklistRow, ordered
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.rereading import Rereading


@dataclass(frozen=True, slots=True)
class WorklistState:
    rows: tuple[WorklistRow, ...] = ()
    is_known: bool = False  # False until the first look into the store


class Worklist:
    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self.state: Broadcast[WorklistState] = Broadcast(WorklistState())
        self._tasks = TaskOwner("worklist")
        self._rereading = Rereading(self._read, self._tasks)
        self._is_covered = False
        self._is_seen = False
        acts.before_leaving(self._forget_seen)
        self._stop_listening = acts.revision.listen(lambda _: self._rereading.ask())

    def start(self) -> None:
        self._rereading.start()

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    def cover(self) -> None:
        self._is_covered = True
        self.state.tell(WorklistState())

    def uncover(self) -> None:
        self._is_covered = False
        self._rereading.ask()

    async def see(self) -> None:
        """It stands before the person: told in the audit once for each sign-in, by id alone."""
        if not self._is_seen:
            await self._acts.note(self._acts.event(Act.WORKLIST_SEEN))
            self._is_seen = True

    async def _forget_seen(self) -> None:
        self._is_seen = False

    async def _read(self) -> None:
        today = self._acts.clock.now().astimezone().date()
        rows = await self._acts.look(lambda unit: unit.records.worklist(today))
        if not self._is_covered:
            self.state.tell(WorklistState(ordered(rows), is_known=True))
