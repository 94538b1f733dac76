"""Whose word a receipt is: of who read it, never of who sits at the same screen next."""

from app.domain.access import Role
from app.domain.changes import ConfirmedRecord, FeedPage, RecordType
from app.domain.ids import PersonId, RecordId, new_id
from app.domain.messages import Message, ReceiptKind, message_fields
from app.domain.visits import VisitState
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes, Known, record_of


async def a_message_comes(desk: DeskOnFakes, known: Known) -> RecordId:
    message = RecordId(new_id())
    written = Message(
        message, known.visit, known.patient, "here", PersonId(new_id()), "Far", desk.clock.now()
    )
    since = await desk.acts.read(lambda unit: unit.records.feed_position())
    record: ConfirmedRecord = record_of(
        RecordType.MESSAGE, message, message_fields(written), known, since + 1
    )
    page = FeedPage(since, since + 1, (record,), has_more=False)
    await desk.acts.do(lambda unit: unit.records.apply(page))
    return message


async def said(desk: DeskOnFakes, known: Known) -> set[tuple[ReceiptKind, PersonId]]:
    [message] = await desk.acts.read(lambda unit: unit.records.messages(known.visit))
    return {(one.kind, one.by) for one in message.receipts}


async def test_what_one_person_saw_the_next_one_has_not_read(doctor: DeskOnFakes) -> None:
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    doctor.receipts.start()
    try:
        message = await a_message_comes(doctor, known)
        await doctor.chart.open(known.visit)
        first = doctor.acts.person.id
        doctor.receipts.seen(known.visit, [message])
        await settled()
        both = {(ReceiptKind.DELIVERED, first), (ReceiptKind.READ, first)}
        assert await said(doctor, known) == both
        doctor.chart.shut()
        second = doctor.as_person(Role.CLINICIAN).id
        await doctor.chart.open(known.visit)
        await settled()
        assert await said(doctor, known) == both | {(ReceiptKind.DELIVERED, second)}
        doctor.receipts.seen(known.visit, [message])
        await settled()
        assert (ReceiptKind.READ, second) in await said(doctor, known)
    finally:
        await doctor.receipts.close()
