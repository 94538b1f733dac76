"""Where a record stands with the server, in words: confirmed, waiting, in conflict, or refused."""

from dataclasses import dataclass

from app.domain.failures import Code
from app.domain.ids import RecordId
from app.runtime.broadcast import Broadcast
from app.services.conflicts import Conflicts
from app.services.sync import Sync
from ui import wording
from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is neither confirmed nor simply on its way."""

    in_conflict: frozenset[RecordId] = frozenset()
    refused: tuple[tuple[RecordId, Code], ...] = ()


class Confirmation:
    """One for all pages. `doubts` is told when it changes, and only then."""

    def __init__(self, sync: Sync, conflicts: Conflicts) -> None:
        self._sync = sync
        self._conflicts = conflicts
        self.doubts: Broadcast[Doubts] = Broadcast(Doubts())
        sync.state.listen(lambda _: self._look())
        conflicts.state.listen(lambda _: self._look())

    def _look(self) -> None:
        refused = self._sync.state.value.refused
        moved_on = {item.change.record for item in refused if item.refused is Code.CONFLICT}
        open_ones = {one.record for one in self._conflicts.state.value.items if one.is_open}
        found = Doubts(
            frozenset(moved_on | open_ones),
            tuple(
                (item.change.record, item.refused)
                for item in refused
                if item.refused is not None and item.refused is not Code.CONFLICT
            ),
        )
        if found != self.doubts.value:
            self.doubts.tell(found)

    def of(self, record: RecordId, *, is_pending: bool) -> tuple[str, Tone]:
        doubts = self.doubts.value
        reason = next((code for one, code in doubts.refused if one == record), None)
        if reason is not None:
            return wording.text("refused", reason=wording.failure(reason)), Tone.BAD
        if record in doubts.in_conflict:
            return wording.text("in-conflict"), Tone.BAD
        if is_pending:
            return wording.text("not-confirmed"), Tone.ATTENTION
        return wording.text("confirmed"), Tone.PLAIN
