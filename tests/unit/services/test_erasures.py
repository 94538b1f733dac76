"""What was erased on order goes here, too: file first, traces next, the word to the audit last."""

from dataclasses import replace

from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.failures import Code, Unavailable
from app.services.asked_again import LOOK_AGAIN_S
from app.services.erasures import Erasures
from tests.unit.services.given import DeskOnFakes
from tests.unit.services.test_sync import in_chart, in_step, recorded


async def kept_recording(doctor: DeskOnFakes) -> str:
    """-> the name of its file, here and at the server."""
    await in_chart(doctor)
    await recorded(doctor)
    await in_step(doctor)
    [name] = doctor.server.files
    return name


def is_erased(doctor: DeskOnFakes) -> None:
    """At the server: the record comes again without the key."""
    [stored] = doctor.server.of_type(RecordType.RECORDING)
    document = stored.body.decode()
    key = document.split('"file_key": "')[1].split('"')[0]
    body = document.replace(key, "").encode()
    doctor.server.holds(replace(stored, version=stored.version + 1, body=body))


async def test_the_file_goes_and_the_server_hears_of_it(doctor: DeskOnFakes) -> None:
    name = await kept_recording(doctor)
    erasures = Erasures(doctor.acts, doctor.store, doctor.store.recordings)
    erasures.start()
    assert name in doctor.store.files
    is_erased(doctor)
    await doctor.clock.passes(LOOK_AGAIN_S)
    await in_step(doctor)
    assert doctor.store.files == {}
    [told] = [event for event in doctor.server.events if event.act is Act.FILE_PURGED]
    [stored] = doctor.server.of_type(RecordType.RECORDING)
    assert (told.subject, told.patient) == (stored.record, stored.patient)
    assert await doctor.acts.read(lambda unit: unit.purges.due()) == []
    assert await doctor.acts.read(lambda unit: unit.attachments.sent("", 10)) == []
    await erasures.close()


async def test_nothing_is_said_before_it_is_done(doctor: DeskOnFakes) -> None:
    name = await kept_recording(doctor)
    erasures = Erasures(doctor.acts, doctor.store, doctor.store.recordings)
    original, tries = doctor.store.erase_traces, 0

    async def held() -> None:
        nonlocal tries
        tries += 1
        raise Unavailable(Code.STORE_IN_USE)

    doctor.store.erase_traces = held  # type: ignore[method-assign]
    erasures.start()
    is_erased(doctor)
    await doctor.clock.passes(3 * LOOK_AGAIN_S)
    assert tries >= 2
    assert [event for event in doctor.server.events if event.act is Act.FILE_PURGED] == []
    assert name not in doctor.store.files
    await erasures.close()  # a stop in between
    doctor.store.erase_traces = original  # type: ignore[method-assign]
    again = Erasures(doctor.acts, doctor.store, doctor.store.recordings)
    again.start()
    await doctor.clock.passes(LOOK_AGAIN_S)
    await in_step(doctor)
    assert len([event for event in doctor.server.events if event.act is Act.FILE_PURGED]) == 1
    await again.close()
