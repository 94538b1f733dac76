"""A recording from its wish to its file: gaps, full parts, an instrument that goes, odd ones."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, cast

import pytest

from app.domain.engine import ScopeContinues
from app.domain.failures import Code, Unavailable
from app.domain.ids import RecordId, VisitId, new_id
from app.domain.recordings import RECORDING_MAX_SECONDS, SoundGap
from media.auscultation.wav import samples_of
from media.devices.scope_sound import ScopeSound
from media.devices.stethoscope import Stethoscope
from media.link.messages import News
from media.link.sealed_memory import contents
from media.link.sound_words import ScopeBegan, ScopeFile, ScopeRefused
from media.scope_desk import ScopeDesk
from media.scope_ears import ScopeEars
from tests.unit.media.waiting import until

VISIT = VisitId(new_id())
RATE_HZ = 4000


class Instrument:
    """Gives what it is told, then ends, or fails, or has nothing more to say."""

    label = "synthetic"

    def __init__(self, *sounds: ScopeSound, ends: Exception | None = None) -> None:
        self._sounds = sounds
        self._ends = ends

    async def sound(self) -> AsyncGenerator[ScopeSound, None]:
        for sound in self._sounds:
            yield sound
        if self._ends is not None:
            raise self._ends

    def as_stethoscope(self) -> Stethoscope:
        return cast(Stethoscope, self)


class Desk:
    def __init__(self) -> None:
        self.told: list[News] = []
        self.files: list[tuple[ScopeFile, bytes]] = []
        self.runs: list[bool] = []
        self.ears = ScopeEars(self._tell, lambda _: None)
        self.desk = ScopeDesk(self._tell, self.runs.append, self.ears)

    def _tell(self, news: News, descriptor: int | None) -> bool:
        if isinstance(news, ScopeFile):
            assert descriptor is not None
            self.files.append((news, contents_of(descriptor, news.wav_bytes)))
        self.told.append(news)
        return True

    def of(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.told if isinstance(one, kind)]

    async def records(self, instrument: Instrument) -> RecordId:
        recording = RecordId(new_id())
        ended = self.runs.count(False)
        self.desk.start(recording, "mitral", instrument.as_stethoscope())
        await until(lambda: self.runs.count(False) > ended, 60)
        return recording


def contents_of(descriptor: int, size: int) -> bytes:
    return bytes(contents(descriptor, size))


def sound(number: int, count: int = 80, **more: Any) -> ScopeSound:
    return ScopeSound(bytes([number % 250 + 1, 0]) * count, RATE_HZ, **more)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    made.desk.visit_is(VISIT)
    made.desk.shelf.screen_came()
    yield made
    await made.desk.close()
    await made.ears.close()


async def test_what_the_instrument_gave_is_the_file(desk: Desk) -> None:
    given = [sound(number) for number in range(120)]
    recording = await desk.records(Instrument(*given))
    [(word, wav)] = desk.files
    assert samples_of(wav) == (b"".join(one.samples for one in given), RATE_HZ)
    assert (word.recording, word.is_complete, word.gaps) == (recording, True, ())
    assert word.sha256 == hashlib.sha256(wav).hexdigest()
    assert desk.of(ScopeBegan) == [ScopeBegan(recording)]
    assert desk.runs == [True, False]


async def test_unplugged_and_back_it_is_one_recording_with_its_gap(desk: Desk) -> None:
    away = ScopeSound(b"", RATE_HZ, is_away=True)
    given = [sound(1), away, away, sound(2, missing_ms=1800), sound(3)]
    await desk.records(Instrument(*given))
    [(word, wav)] = desk.files
    assert word.gaps == (SoundGap(80, 1800),)
    assert len(samples_of(wav)[0]) == 3 * 160


async def test_an_instrument_that_vanishes_leaves_what_was_heard(desk: Desk) -> None:
    pulled = Unavailable(Code.DEVICE_PULLED, "stethoscope")
    await desk.records(Instrument(sound(1), sound(2), ends=pulled))
    [(word, wav)] = desk.files
    assert word.is_complete is False
    assert len(samples_of(wav)[0]) == 2 * 160
    assert desk.of(ScopeRefused) == []


async def test_a_defect_in_the_middle_does_not_leave_a_record_that_says_it_is_whole(
    desk: Desk,
) -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    await desk.records(Instrument(sound(1), ends=ValueError("a defect")))
    [(word, _)] = desk.files
    assert word.is_complete is False
    await until(lambda: bool(told))


async def test_one_that_gives_nothing_is_refused_with_its_reason(desk: Desk) -> None:
    unusable = Unavailable(Code.DEVICE_UNUSABLE, "stethoscope file")
    recording = await desk.records(Instrument(ends=unusable))
    assert desk.of(ScopeRefused) == [ScopeRefused(recording, Code.DEVICE_UNUSABLE)]
    assert desk.files == []
    again = await desk.records(Instrument(sound(1)))
    assert [word.recording for word, _ in desk.files] == [again]


async def test_another_rate_in_the_middle_ends_it_as_cut_short(desk: Desk) -> None:
    other = ScopeSound(b"\1\0" * 160, 8000)
    await desk.records(Instrument(sound(1), other))
    [(word, wav)] = desk.files
    assert (word.is_complete, word.sample_rate_hz) == (False, RATE_HZ)
    assert len(samples_of(wav)[0]) == 160


async def test_two_hours_are_parts_of_ten_minutes_and_nothing_is_lost_between(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 1 kHz and a minute at a time, so that it takes a moment; kept and forgotten as it goes."""
    rate_hz, minutes = 1000, 120
    digest, held = hashlib.sha256(), []

    async def given() -> AsyncGenerator[ScopeSound, None]:
        for minute in range(minutes):
            samples = bytes([minute % 250 + 1, minute // 250]) * (60 * rate_hz)
            digest.update(samples)
            for word, _ in desk.files:
                desk.desk.shelf.kept(word.recording)
            yield ScopeSound(samples, rate_hz)
            assert desk.desk._channel is not None
            held.append(sum(len(one.sender.blocks.samples) for one in desk.desk._channel.departing))

    instrument = Instrument()
    monkeypatch.setattr(instrument, "sound", given)
    recording = await desk.records(instrument)
    parts = [samples_of(wav)[0] for _, wav in desk.files]
    assert hashlib.sha256(b"".join(parts)).digest() == digest.digest()
    assert len(parts) == 12
    assert max(held) <= 2 * rate_hz * RECORDING_MAX_SECONDS
    follows = [(word.continues, word.recording) for word, _ in desk.files]
    assert follows[0] == (None, recording)
    assert [before for before, _ in follows[1:]] == [after for _, after in follows[:-1]]
    told = [(one.before, one.recording) for one in desk.of(ScopeContinues)]
    assert told == follows[1:]


async def test_without_a_visit_or_an_instrument_it_is_refused(desk: Desk) -> None:
    one, two = RecordId(new_id()), RecordId(new_id())
    desk.desk.start(one, "mitral", None)
    desk.desk.visit_is(None)
    desk.desk.start(two, "mitral", Instrument(sound(1)).as_stethoscope())
    assert desk.of(ScopeRefused) == [
        ScopeRefused(one, Code.DEVICE_MISSING),
        ScopeRefused(two, Code.NO_VISIT_OPEN),
    ]


async def test_the_end_of_the_visit_ends_its_recording(desk: Desk) -> None:
    async def endless() -> AsyncGenerator[ScopeSound, None]:
        yield sound(1)
        await asyncio.sleep(60)

    instrument = Instrument()
    instrument.sound = endless  # type: ignore[method-assign]
    desk.desk.start(RecordId(new_id()), "mitral", instrument.as_stethoscope())
    await until(lambda: desk.of(ScopeBegan))
    desk.desk.visit_is(VisitId(new_id()))
    [(word, _)] = desk.files
    assert (word.visit, word.is_complete) == (VISIT, False)
