"""Marks on body sounds, and listening to them: kept, withdrawn, opened, played, saved, audited."""

import hashlib
from dataclasses import replace

import pytest

from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.engine import ScopeContinues, ScopeTimeline, SoundPlaying, SoundStopped
from app.domain.failures import Code, Rejected, Untrusted
from app.domain.ids import PersonId, RecordId, new_id
from app.domain.listening import Listening, Playing, Slot, SoundBand
from app.domain.recordings import Recording, SoundGap, SoundSpan
from app.domain.sound_export import ExportForm
from app.domain.sound_labels import LABEL_TEXT_MAX, LabelKind
from app.services.listening import ListeningState
from app.services.sound_labels import Mark
from tests.fakes.sound_room import FakeSounds
from tests.fakes.time_loop import settled, until
from tests.unit.services.given import DeskOnFakes, Known
from tests.unit.services.test_recordings import WAV, done, in_visit, kept, progress, started, state


async def with_recording(desk: DeskOnFakes) -> tuple[Known, Recording]:
    known = await in_visit(desk)
    recording = await started(desk)
    desk.recordings.heard_done(done(recording, known.visit))
    await kept(desk)
    await until(lambda: desk.chart.state.value.recordings)
    return known, desk.chart.state.value.recordings[0]


def heard(desk: DeskOnFakes) -> ListeningState:
    return desk.listening.state.value


# --- marks ----------------------------------------------------------------------------------------


async def test_a_mark_is_a_change_of_its_own_with_its_trace(cart: DeskOnFakes) -> None:
    known, recording = await with_recording(cart)
    before = recording
    await cart.sound_labels.set(
        Mark(recording.id, 800, 1600, LabelKind.MURMUR, "  louder in   expiration ")
    )
    await until(lambda: cart.chart.state.value.sound_labels)
    [label] = cart.chart.state.value.sound_labels
    assert (label.kind, label.text) == ("murmur", "louder in expiration")
    assert (label.at_sample, label.to_sample, label.recording) == (800, 1600, recording.id)
    [change] = [
        one.change
        for one in await cart.pending()
        if one.change.record_type is RecordType.SOUND_LABEL
    ]
    assert (change.patient, change.base_version) == (known.patient, 0)
    traces = [event for event in await cart.audited() if event.act is Act.SOUND_LABELLED]
    assert [event.subject for event in traces] == [label.id]
    assert cart.chart.state.value.recordings == (before,)


async def test_only_its_author_takes_it_back_and_it_stays_in_the_record(cart: DeskOnFakes) -> None:
    _, recording = await with_recording(cart)
    label = await cart.sound_labels.set(Mark(recording.id, 0, 0, LabelKind.S1))
    await until(lambda: cart.chart.state.value.sound_labels)
    author = cart.acts.person
    cart.acts.now_acting(replace(author, id=PersonId(new_id())))
    with pytest.raises(Rejected) as refused:
        await cart.sound_labels.withdraw(label)
    assert refused.value.code is Code.NOT_ALLOWED
    cart.acts.now_acting(author)
    await cart.sound_labels.withdraw(label)
    await until(lambda: not cart.chart.state.value.sound_labels)
    changes = [one for one in await cart.pending() if one.change.record == label]
    assert len(changes) == 2
    assert Act.SOUND_LABEL_WITHDRAWN in await cart.acts_audited()


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (LabelKind.TEXT, "   ", Code.NOTHING_TO_KEEP),
        (LabelKind.TEXT, "x" * (LABEL_TEXT_MAX + 1), Code.TOO_LARGE),
    ],
)
async def test_words_that_say_nothing_or_too_much_are_refused(
    cart: DeskOnFakes, kind: LabelKind, text: str, code: Code
) -> None:
    _, recording = await with_recording(cart)
    before = len(await cart.pending())
    with pytest.raises(Rejected) as refused:
        await cart.sound_labels.set(Mark(recording.id, 0, 0, kind, text))
    assert refused.value.code is code
    assert len(await cart.pending()) == before


# --- what runs ------------------------------------------------------------------------------------


async def test_a_full_recording_goes_on_as_the_next_and_both_are_kept(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    first, second = await started(cart), RecordId(new_id())
    cart.recordings.heard_continues(ScopeContinues(second, first))
    cart.recordings.heard_done(done(first, known.visit))
    cart.recordings.heard_progress(progress(second, known.visit))
    assert state(cart).recording == second
    await cart.recordings.stop()
    assert cart.engine.asked[-1][-1] == second
    gaps = (SoundGap(80, 1500),)
    cart.recordings.heard_done(replace(done(second, known.visit), continues=first, gaps=gaps))
    await until(lambda: len(cart.chart.state.value.recordings) == 2)
    items = {item.id: item for item in cart.chart.state.value.recordings}
    assert (items[second].continues, items[second].gaps) == (first, gaps)
    assert (items[first].continues, items[first].gaps) == (None, ())


async def test_what_came_late_and_what_is_missing_is_told(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    recording = await started(cart)
    line = ScopeTimeline(recording, 2.5, "AAH/", (SoundSpan(0.5, 1.25),), (SoundGap(4000, 1500),))
    cart.recordings.heard_timeline(line)
    assert state(cart).timeline == line
    cart.recordings.heard_timeline(replace(line, recording=RecordId(new_id())))
    assert state(cart).timeline == line


# --- listening ------------------------------------------------------------------------------------


async def test_the_filter_is_each_listeners_own(doctor: DeskOnFakes) -> None:
    await in_visit(doctor)
    wished = Listening(True, SoundBand.DIAPHRAGM, 6)
    await doctor.listening.listen(wished)
    assert heard(doctor).live == wished
    assert sounds(doctor).asked == [("listen", wished)]


async def test_a_kept_sound_is_opened_played_and_audited_once(cart: DeskOnFakes) -> None:
    _, recording = await with_recording(cart)
    await cart.listening.open(Slot.FIRST, recording.id)
    assert sounds(cart).wavs[Slot.FIRST] == WAV
    playing = Playing(Slot.FIRST, 0.0, 1.0, SoundBand.BELL, 0, 0.5, True, False)
    with pytest.raises(Rejected):
        await cart.listening.play(playing)  # it is not drawn yet
    sounds(cart).opens(Slot.FIRST, recording.id)
    await until(lambda: heard(cart).opened[Slot.FIRST].sound)
    for _ in range(2):
        await cart.listening.play(playing)
    assert heard(cart).playing == playing
    assert (await cart.acts_audited()).count(Act.RECORDING_PLAYED) == 1
    cart.listening.heard_playing(SoundPlaying(Slot.FIRST, 0.4, is_heard=False))
    assert (heard(cart).at_s, heard(cart).is_heard) == (0.4, False)
    cart.listening.heard_stopped(SoundStopped(Slot.FIRST, 1.0))
    assert (heard(cart).playing, heard(cart).at_s) == (None, 1.0)


async def test_a_file_of_another_hash_is_not_heard(cart: DeskOnFakes) -> None:
    _, recording = await with_recording(cart)
    item = heard(cart)
    loaded = cart.store.recordings.load

    async def other(name: str, key: str) -> bytes:
        return (await loaded(name, key)) + b"more"

    cart.store.recordings.load = other  # type: ignore[method-assign,assignment]
    await cart.listening.open(Slot.FIRST, recording.id)
    assert heard(cart).opened[Slot.FIRST].code is Code.HASH_MISMATCH
    assert sounds(cart).wavs == {}
    assert item.opened == {}
    with pytest.raises(Untrusted):
        await cart.listening.export(recording.id, ExportForm.WAV, "/tmp/x.wav", "mitral")
    assert cart.sound_writer.asked == []


async def test_saving_is_audited_and_says_what_lies_there(cart: DeskOnFakes) -> None:
    _, recording = await with_recording(cart)
    await cart.sound_labels.set(Mark(recording.id, 400, 400, LabelKind.S1))
    await until(lambda: cart.chart.state.value.sound_labels)
    await cart.listening.export(recording.id, ExportForm.DICOM, "/media/stick/a.dcm", "Mitral")
    [(wav, form, path, sound, patient)] = cart.sound_writer.asked
    assert (wav, form, path) == (WAV, ExportForm.DICOM, "/media/stick/a.dcm")
    assert (sound.recording, sound.site, len(sound.notes)) == (recording.id, "Mitral", 1)
    assert patient.id == recording.patient
    assert Act.RECORDING_EXPORTED in await cart.acts_audited()
    saved = heard(cart).saved
    assert saved is not None
    assert saved.sha256 == hashlib.sha256(WAV).hexdigest()


async def test_another_chart_silences_and_shuts_all(cart: DeskOnFakes) -> None:
    _, recording = await with_recording(cart)
    await cart.listening.listen(Listening(True))
    await cart.listening.open(Slot.FIRST, recording.id)
    other = await cart.knows_visit(family_name="Roe")
    sounds(cart).asked.clear()
    await cart.chart.open(other.visit)
    await settled()
    assert heard(cart) == ListeningState()
    assert ("listen", Listening()) in sounds(cart).asked
    assert ("close", Slot.FIRST) in sounds(cart).asked
    with pytest.raises(Rejected):
        await cart.listening.open(Slot.FIRST, recording.id)


async def test_a_media_process_that_ended_is_said(cart: DeskOnFakes) -> None:
    _, recording = await with_recording(cart)
    await cart.listening.open(Slot.FIRST, recording.id)
    cart.listening.heard_gone()
    assert heard(cart).code is Code.MEDIA_PROCESS_ENDED
    assert heard(cart).opened == {}


def sounds(desk: DeskOnFakes) -> FakeSounds:
    return desk.engine.sounds
