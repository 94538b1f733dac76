"""Files of messages on their way here: which one is brought next."""

import hashlib
from dataclasses import replace

import pytest

from app.domain.changes import FeedPage, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import PersonId, RecordId, new_id
from app.domain.message_files import FileKind, FilePart, MessageFile
from app.domain.messages import Message, message_fields
from app.domain.visits import VisitState
from tests.unit.services.given import DeskOnFakes, Known, record_of


async def a_file_is_told_of(
    desk: DeskOnFakes, known: Known, part: bytes, key: str = "k"
) -> RecordId:
    name = hashlib.sha256(part).hexdigest()
    file = MessageFile("a.png", FileKind.PNG, 3, "ab" * 32, (FilePart(name, key, len(part)),))
    message = Message(
        RecordId(new_id()),
        known.visit,
        known.patient,
        "look",
        PersonId(new_id()),
        "N. Kim",
        desk.clock.now(),
        file=file,
    )
    since = await desk.acts.read(lambda unit: unit.records.feed_position())
    fields = message_fields(message)
    record = record_of(RecordType.MESSAGE, message.id, fields, known, since + 1)
    page = FeedPage(since, since + 1, (record,), has_more=False)
    await desk.acts.do(lambda unit: unit.records.apply(page))
    return message.id


async def test_one_that_nobody_has_any_more_holds_up_none_that_can_come(
    doctor: DeskOnFakes,
) -> None:
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    await a_file_is_told_of(doctor, known, b"lost everywhere")
    comes = await a_file_is_told_of(doctor, known, b"there")
    doctor.server.files[hashlib.sha256(b"there").hexdigest()] = b"there"
    await doctor.chart.open(known.visit)
    state = doctor.sync.state
    state.tell(replace(state.value, is_reachable=True))
    doctor.message_files.start()
    try:
        await doctor.clock.passes(30)
        progress = doctor.message_files.state.value.of(comes)
        assert progress is not None and progress.is_here
    finally:
        await doctor.message_files.close()


async def test_one_that_was_erased_is_not_looked_for_and_says_so(doctor: DeskOnFakes) -> None:
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    erased = await a_file_is_told_of(doctor, known, b"erased", key="")
    comes = await a_file_is_told_of(doctor, known, b"there")
    doctor.server.files[hashlib.sha256(b"there").hexdigest()] = b"there"
    await doctor.chart.open(known.visit)
    state = doctor.sync.state
    state.tell(replace(state.value, is_reachable=True))
    doctor.message_files.start()
    try:
        await doctor.clock.passes(30)
        progress = doctor.message_files.state.value.of(comes)
        assert progress is not None and progress.is_here
        assert doctor.server.asked.count("get part") == 1
        with pytest.raises(Rejected) as caught:
            await doctor.message_files.save_as(erased, "/nowhere/a.png")
        assert caught.value.code is Code.FILE_ERASED
    finally:
        await doctor.message_files.close()
