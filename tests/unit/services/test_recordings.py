"""Body sounds: ours kept with their file, the far end's held and proven, none for another."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.changes import RecordType
from app.domain.clock import ClockOffset
from app.domain.engine import ScopeDone, ScopeProgress, ScopeProof
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import RecordId, VisitId, new_id
from app.domain.recordings import Recording
from app.domain.visits import VisitState
from app.services.recordings import RecordingsState, ScopePhase
from tests.fakes.time_loop import settled, until
from tests.unit.services.given import DeskOnFakes, Known

WAV = b"RIFF" + bytes(range(256)) * 8


def state(desk: DeskOnFakes) -> RecordingsState:
    return desk.recordings.state.value


def would_lose(desk: DeskOnFakes) -> bool:
    return desk.recordings.has_unkept.value


def done(recording: RecordId, visit: VisitId, *, is_ours: bool = True) -> ScopeDone:
    return ScopeDone(
        recording=recording,
        visit=visit,
        site="mitral",
        is_ours=is_ours,
        sample_rate_hz=4000,
        samples=1024,
        sha256=hashlib.sha256(WAV).hexdigest(),
        wav=WAV,
        source="synthetic heart",
        is_complete=True,
    )


def progress(recording: RecordId, visit: VisitId) -> ScopeProgress:
    return ScopeProgress(recording, visit, "mitral", True, 1.0, 0.1, 0, True)


async def in_visit(desk: DeskOnFakes, visit_state: VisitState = VisitState.IN_VISIT) -> Known:
    known = await desk.knows_visit(visit_state)
    desk.listens()
    await desk.chart.open(known.visit)
    return known


async def started(desk: DeskOnFakes) -> RecordId:
    await desk.recordings.start("mitral")
    recording = state(desk).recording
    assert recording is not None
    return recording


async def kept(desk: DeskOnFakes) -> None:
    await until(lambda: state(desk).phase is ScopePhase.KEPT)


async def recordings_of(desk: DeskOnFakes, known: Known) -> list[Recording]:
    return await desk.acts.read(lambda unit: unit.records.recordings(known.patient))


async def test_our_recording_is_kept_with_its_file_and_its_trace(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    assert state(cart).phase is ScopePhase.RUNNING
    cart.recordings.heard_progress(progress(recording, known.visit))
    cart.recordings.heard_done(done(recording, known.visit))
    assert state(cart).phase is ScopePhase.SAVING
    await kept(cart)
    [item] = await recordings_of(cart, known)
    assert (item.id, item.visit, item.sha256) == (
        recording,
        known.visit,
        hashlib.sha256(WAV).hexdigest(),
    )
    unsent = await cart.acts.read(lambda unit: unit.attachments.unsent())
    assert unsent == [item.file_sha256]
    traces = [event for event in await cart.audited() if event.act is Act.RECORDING_KEPT]
    assert [(event.subject, event.patient) for event in traces] == [(recording, known.patient)]
    assert cart.engine.kept_scopes == [recording]


async def test_the_file_that_is_kept_is_what_was_heard(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    cart.recordings.heard_done(done(recording, known.visit))
    await kept(cart)
    [item] = await recordings_of(cart, known)
    assert await cart.store.recordings.load(item.file_sha256, item.file_key) == WAV


async def test_a_recording_is_of_the_moment_when_it_was_begun(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    begun = cart.clock.now()
    recording = await started(cart)
    await cart.clock.passes(40)
    cart.store.worker.is_full = True
    cart.recordings.heard_done(done(recording, known.visit))
    await until(lambda: state(cart).code is Code.STORE_FULL)
    cart.store.worker.is_full = False
    await kept(cart)
    [item] = await recordings_of(cart, known)
    assert item.recorded_at - begun < timedelta(seconds=1)
    [pending] = await cart.pending()
    assert pending.change.stamp.device_time == item.recorded_at


async def test_nothing_is_recorded_while_times_need_confirmation(cart: DeskOnFakes) -> None:
    """Asked before the patient lies still, not when the recording is to be kept."""
    known = await in_visit(cart)
    cart.acts.offset = ClockOffset(timedelta(minutes=3), timedelta(seconds=1))
    with pytest.raises(Rejected) as caught:
        await cart.recordings.start("mitral")
    assert caught.value.code is Code.TIMES_NOT_CONFIRMED
    assert (state(cart).phase, cart.engine.asked) == (ScopePhase.IDLE, [])
    await cart.acts.confirm_times()
    recording = await started(cart)
    cart.recordings.heard_done(done(recording, known.visit))
    await kept(cart)


async def test_a_clock_found_wrong_in_the_middle_keeps_the_recording_all_the_same(
    cart: DeskOnFakes,
) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    cart.acts.offset = ClockOffset(timedelta(minutes=3), timedelta(seconds=1))
    cart.recordings.heard_done(done(recording, known.visit))
    await kept(cart)
    assert len(await recordings_of(cart, known)) == 1


async def test_what_would_be_lost_is_told_until_it_is_kept(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    assert not would_lose(cart)
    recording = await started(cart)
    assert would_lose(cart)
    cart.store.worker.is_full = True
    cart.recordings.heard_done(done(recording, known.visit))
    await until(lambda: state(cart).code is Code.STORE_FULL)
    assert would_lose(cart)
    cart.store.worker.is_full = False
    await kept(cart)
    assert not would_lose(cart)


async def test_one_of_another_visit_would_be_lost_until_its_chart_is_opened(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    cart.recordings.heard_done(done(RecordId(new_id()), other.visit))
    await settled()
    assert would_lose(cart)
    await cart.desk.leave()
    await cart.chart.open(other.visit)
    await until(lambda: not would_lose(cart))
    assert len(await recordings_of(cart, other)) == 1


async def test_one_that_an_earlier_screen_began_would_be_lost_too(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    recording = RecordId(new_id())
    cart.recordings.heard_progress(progress(recording, known.visit))
    assert would_lose(cart)
    cart.acts.offset = ClockOffset(timedelta(minutes=3), timedelta(seconds=1))
    cart.recordings.heard_done(done(recording, known.visit))
    await until(lambda: state(cart).code is Code.TIMES_NOT_CONFIRMED)
    assert would_lose(cart)
    await cart.acts.confirm_times()
    await kept(cart)
    assert not would_lose(cart)


async def test_the_far_ends_recording_is_not_lost_with_this_window(doctor: DeskOnFakes) -> None:
    known = await in_visit(doctor)
    recording = RecordId(new_id())
    doctor.recordings.heard_progress(replace(progress(recording, known.visit), is_ours=False))
    assert not would_lose(doctor)


async def test_what_is_heard_again_is_not_kept_twice(cart: DeskOnFakes) -> None:
    """An earlier screen kept it and ended before it could say so."""
    known = await in_visit(cart)
    recording = await started(cart)
    cart.recordings.heard_done(done(recording, known.visit))
    await kept(cart)
    cart.recordings.heard_done(done(recording, known.visit))
    await until(lambda: len(cart.engine.kept_scopes) == 2)
    assert len(await recordings_of(cart, known)) == 1
    assert len(await cart.pending()) == 1


async def test_the_far_ends_recording_is_theirs_to_keep(doctor: DeskOnFakes) -> None:
    known = await in_visit(doctor)
    recording = RecordId(new_id())
    doctor.recordings.heard_progress(progress(recording, known.visit))
    doctor.recordings.heard_done(done(recording, known.visit, is_ours=False))
    await until(lambda: state(doctor).phase is ScopePhase.ARRIVED)
    assert await doctor.pending() == []
    assert doctor.engine.kept_scopes == [recording]
    proof = ScopeProof(recording, hashlib.sha256(WAV).hexdigest(), matches=True)
    doctor.recordings.heard_proof(proof)
    assert state(doctor).proof == proof
    doctor.recordings.heard_proof(ScopeProof(RecordId(new_id()), "00" * 32, matches=False))
    assert state(doctor).proof == proof


async def test_a_recording_of_another_visit_is_not_kept_here_nor_forgotten(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    stray = done(RecordId(new_id()), other.visit)
    cart.recordings.heard_done(stray)
    await settled()
    assert state(cart).code is Code.MEASURED_FOR_ANOTHER_VISIT
    assert await cart.pending() == []
    assert cart.engine.kept_scopes == []  # the media process still has it
    await cart.desk.leave()
    await cart.chart.open(other.visit)
    await until(lambda: cart.engine.kept_scopes == [stray.recording])
    [item] = await recordings_of(cart, other)
    assert item.id == stray.recording


async def test_one_that_waited_behind_the_lock_is_kept_when_the_chart_opens(
    cart: DeskOnFakes,
) -> None:
    """A screen started again hears of it before anybody has unlocked."""
    known = await cart.knows_visit(VisitState.IN_VISIT)
    cart.listens()
    recording = RecordId(new_id())
    cart.recordings.heard_done(done(recording, known.visit))
    await settled()
    assert await cart.pending() == []
    await cart.chart.open(known.visit)
    await until(lambda: cart.engine.kept_scopes == [recording])
    assert [item.id for item in await recordings_of(cart, known)] == [recording]


async def test_a_recording_that_ends_after_its_visit_was_left_is_kept_for_that_visit(
    cart: DeskOnFakes,
) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    cart.chart.shut()
    other = await cart.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    await cart.chart.open(other.visit)
    cart.recordings.heard_done(done(recording, known.visit))
    await kept(cart)
    assert [item.id for item in await recordings_of(cart, known)] == [recording]
    assert await recordings_of(cart, other) == []


async def test_leaving_the_chart_stops_what_runs_for_it(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    cart.recordings.heard_progress(progress(recording, known.visit))
    await cart.desk.leave()
    await settled()
    assert cart.engine.asked.count(("stop scope", recording)) == 1
    cart.recordings.heard_done(done(recording, known.visit))
    await kept(cart)
    assert [item.id for item in await recordings_of(cart, known)] == [recording]


async def test_a_full_disk_is_said_and_the_media_process_keeps_it(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    cart.store.worker.is_full = True
    cart.recordings.heard_done(done(recording, known.visit))
    await until(lambda: state(cart).code is Code.STORE_FULL)
    assert cart.engine.kept_scopes == []
    cart.store.worker.is_full = False
    cart.recordings.heard_done(done(recording, known.visit))  # a new attachment brings it again
    await kept(cart)
    assert state(cart).code is None
    assert len(await cart.pending()) == 1


async def test_what_a_full_disk_refused_is_kept_as_soon_as_there_is_room(
    cart: DeskOnFakes,
) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    cart.store.worker.is_full = True
    cart.recordings.heard_done(done(recording, known.visit))
    await until(lambda: state(cart).code is Code.STORE_FULL)
    cart.store.worker.is_full = False
    await kept(cart)
    assert cart.engine.kept_scopes == [recording]
    assert len(await cart.pending()) == 1


async def test_who_leaves_waits_until_what_runs_is_kept(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    leaving = asyncio.ensure_future(cart.recordings.finish())
    await settled()
    assert cart.engine.asked.count(("stop scope", recording)) == 1
    assert not leaving.done()
    cart.recordings.heard_done(done(recording, known.visit))
    await leaving
    assert [item.id for item in await recordings_of(cart, known)] == [recording]


async def test_nobody_waits_for_ever_for_a_recording_that_does_not_end(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await started(cart)
    await cart.recordings.finish()
    assert state(cart).phase is ScopePhase.RUNNING


async def test_what_is_kept_late_is_still_of_who_recorded_it(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    person = cart.acts.person
    recording = await started(cart)
    cart.as_person(Role.PRESENTER)  # somebody else has come meanwhile
    cart.recordings.heard_done(done(recording, known.visit))
    await kept(cart)
    [item] = await recordings_of(cart, known)
    assert item.recorded_by == person.id != cart.acts.person.id


async def test_a_media_process_that_ended_meanwhile_takes_nothing_back(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    cart.engine.kept_refusal = Unavailable(Code.MEDIA_PROCESS_ENDED)
    cart.recordings.heard_done(done(recording, known.visit))
    await kept(cart)
    assert len(await cart.pending()) == 1


async def test_a_recording_that_ended_with_the_media_process_is_said_and_blocks_nothing(
    cart: DeskOnFakes,
) -> None:
    await in_visit(cart)
    lost = await started(cart)
    cart.recordings.heard_gone()
    assert (state(cart).phase, state(cart).code) == (ScopePhase.IDLE, Code.MEDIA_PROCESS_ENDED)
    assert await started(cart) != lost


async def test_a_missing_stethoscope_says_why(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    cart.engine.scope_refusal = Unavailable(Code.DEVICE_MISSING)
    await cart.recordings.start("mitral")
    assert (state(cart).phase, state(cart).code) == (ScopePhase.IDLE, Code.DEVICE_MISSING)


async def test_a_second_start_does_not_disturb_what_runs(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    recording = await started(cart)
    with pytest.raises(Rejected) as caught:
        await cart.recordings.start("aortic")
    assert caught.value.code is Code.DEVICE_BUSY
    assert (state(cart).phase, state(cart).recording) == (ScopePhase.RUNNING, recording)
    assert cart.engine.count_of("start scope") == 1


async def test_a_far_recording_beside_ours_takes_neither_page_nor_stop_away(
    cart: DeskOnFakes,
) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    theirs = replace(progress(RecordId(new_id()), known.visit), is_ours=False)
    cart.recordings.heard_progress(theirs)
    assert (state(cart).recording, state(cart).progress) == (recording, None)
    await cart.recordings.stop()
    assert cart.engine.asked[-1] == ("stop scope", recording)


async def test_nothing_is_recorded_for_a_finished_visit(cart: DeskOnFakes) -> None:
    await in_visit(cart, VisitState.FINISHED)
    with pytest.raises(Rejected) as caught:
        await cart.recordings.start("mitral")
    assert caught.value.code is Code.NO_VISIT_OPEN
    assert cart.engine.asked == []


async def test_stop_asks_for_what_runs_only(cart: DeskOnFakes) -> None:
    await in_visit(cart)
    await cart.recordings.stop()
    assert cart.engine.asked == []
    recording = await started(cart)
    await cart.recordings.stop()
    assert cart.engine.asked[-1] == ("stop scope", recording)


async def test_both_ways_of_hearing_the_end_at_once_keep_one(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    recording = await started(cart)
    cart.recordings.heard_done(done(recording, known.visit))
    cart.recordings.heard_done(done(recording, known.visit))
    await kept(cart)
    await asyncio.sleep(1)
    assert [item.change.record_type for item in await cart.pending()] == [RecordType.RECORDING]
