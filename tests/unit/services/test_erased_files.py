"""What was erased on order is said to be, is not looked for, and never stands in the way."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.recordings import Recording
from app.services.sound_files import SoundFiles
from tests.unit.services.given import DeskOnFakes

SOUND = Recording(
    id=RecordId(new_id()),
    visit=VisitId(new_id()),
    patient=PatientId(new_id()),
    site="apex",
    sample_rate_hz=4000,
    samples=4,
    sha256="1" * 64,
    recorded_at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
    recorded_by=PersonId(new_id()),
    source="synthetic",
    file_sha256="a" * 64,
    file_key="key",
    file_bytes=100,
)


async def test_a_sound_that_was_erased_is_not_fetched(doctor: DeskOnFakes) -> None:
    files = SoundFiles(doctor.store.recordings, doctor.server)
    with pytest.raises(Rejected) as caught:
        await files.wav_of(replace(SOUND, file_key=""))
    assert caught.value.code is Code.FILE_ERASED
    assert doctor.server.asked == []


async def test_one_whose_record_has_not_heard_of_it_leaves_nothing_here(
    doctor: DeskOnFakes,
) -> None:
    files = SoundFiles(doctor.store.recordings, doctor.server)
    await doctor.store.recordings.add_piece(SOUND.file_sha256, 0, b"some of it")
    await doctor.sign_in.sign_in("dr-lin", "good password")

    async def erased(*_: object) -> None:
        raise Rejected(Code.FILE_ERASED)

    doctor.server.get_part = erased  # type: ignore[method-assign, assignment]
    with pytest.raises(Rejected) as caught:
        await files.wav_of(SOUND)
    assert caught.value.code is Code.FILE_ERASED
    assert await doctor.store.recordings.arrived(SOUND.file_sha256) == 0
