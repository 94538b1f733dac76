"""What this desk says of messages of the other side: stored here, and stood on an attended screen.

Each is a change like any other, so that it survives an outage, and is told over the call besides.
"""

import logging
from collections.abc import Iterable

from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Failure
from app.domain.ids import PersonId, RecordId, VisitId
from app.domain.messages import Message, Receipt, ReceiptKind, receipt_fields, receipt_id
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.call import Call
from app.services.chart import Chart
from app.services.message_files import MessageFiles
from app.services.ports import NewChange, UnitOfWork
from app.services.rereading import Rereading

log = logging.getLogger(__name__)

ACT_OF = {ReceiptKind.DELIVERED: Act.MESSAGE_DELIVERED, ReceiptKind.READ: Act.MESSAGE_READ}


class Receipts:
    """Of the visit that stands open here, or whose call runs here behind a locked screen."""

    def __init__(self, *, acts: Acts, chart: Chart, call: Call, files: MessageFiles) -> None:
        self._acts = acts
        self._chart = chart
        self._call = call
        self._files = files
        self._seen_by: tuple[VisitId, PersonId] | None = None
        self._seen: set[RecordId] = set()
        self._tasks = TaskOwner("receipts")
        self._rereading = Rereading(self._look, self._tasks)
        self._stops = (
            acts.revision.listen(lambda _: self._rereading.ask()),
            chart.state.listen(lambda _: self._rereading.ask()),
            files.arrived.listen(lambda _: self._rereading.ask()),
        )

    def start(self) -> None:
        self._rereading.start()

    async def close(self) -> None:
        for stop in self._stops:
            stop()
        await self._tasks.close()

    def seen(self, visit: VisitId, messages: Iterable[RecordId]) -> None:
        """They stand on the screen, it is unlocked, and a person is there."""
        seen_by = (visit, self._acts.person.id)
        if seen_by != self._seen_by:  # what one person saw, the next one has not read
            self._seen_by, self._seen = seen_by, set()
        unknown = set(messages) - self._seen
        if unknown:
            self._seen |= unknown
            self._rereading.ask()

    def _open_visit(self) -> VisitId | None:
        row = self._chart.state.value.row
        return row.visit.id if row is not None else self._call.state.value.visit

    async def _look(self) -> None:
        visit = self._open_visit()
        if visit is None:
            return
        try:
            messages = await self._acts.read(lambda unit: unit.records.messages(visit))
            missing = [one for one, _ in self._missing(visit, messages)]
            # Delivered is said of a message with all that belongs to it.
            whole = {one.id for one in missing if await self._files.is_whole_here(one)}
            if whole:
                await self._acts.do(lambda unit: self._write(unit, visit, whole))
        except Failure as failure:  # asked again at the next change
            log.info("no receipt yet: %s", failure.code)

    def _missing(
        self, visit: VisitId, messages: Iterable[Message]
    ) -> list[tuple[Message, ReceiptKind]]:
        """What is not said yet of others' messages, oldest first."""
        person = self._acts.person
        if not may(person.role, Action.WRITE_MESSAGE):
            return []
        found = []
        seen = self._seen if self._seen_by == (visit, person.id) else ()
        for message in reversed(list(messages)):
            if message.author == person.id:
                continue
            said = {one.kind for one in message.receipts if one.by == person.id}
            if ReceiptKind.DELIVERED not in said:
                found.append((message, ReceiptKind.DELIVERED))
            if ReceiptKind.READ not in said and message.id in seen:
                found.append((message, ReceiptKind.READ))
        return found

    def _write(self, unit: UnitOfWork, visit: VisitId, whole: set[RecordId]) -> None:
        person, stamp = self._acts.person, self._acts.stamp()
        for message, kind in self._missing(visit, unit.records.messages(visit)):
            if message.id not in whole:
                continue
            receipt = Receipt(message.id, kind, person.id, stamp.device_time)
            unit.outbox.add(
                NewChange(
                    record_type=RecordType.RECEIPT,
                    record=receipt_id(receipt, self._acts.device),
                    base_version=0,
                    fields_set=receipt_fields(receipt, visit, message.patient, person.name),
                    author=person.id,
                    stamp=stamp,
                    patient=message.patient,
                    visit=visit,
                )
            )
            unit.audit.add(
                self._acts.event(
                    ACT_OF[kind], patient=message.patient, visit=visit, subject=message.id
                )
            )
