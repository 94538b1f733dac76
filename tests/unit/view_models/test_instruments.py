"""Cuff and stethoscope on the screen: ages, stale values, reasons, proofs of both ends only."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.engine import ScopeDone, ScopeProgress, ScopeProof
from app.domain.failures import Code, Unavailable
from app.domain.ids import RecordId, new_id
from app.domain.visits import VisitState
from app.domain.vitals import STALE_CUFF_PRESSURE_S
from tests.fakes.time_loop import settled, until
from tests.unit.view_models.given import Screens
from ui import wording
from ui.tone import Tone
from ui.view_models.tiles import LIVE_GONE_S
from ui.view_models.window import Page

WAV = b"RIFF" + bytes(1000)


def plain(words: str) -> str:
    return wording.spoken(words)


# --- the cuff ------------------------------------------------------------------------------------


def can_start(cart: Screens) -> tuple[bool, bool]:
    """Cuff, stethoscope."""
    return cart.vitals.screen.can_start, cart.recordings.screen.can_start


async def test_start_is_there_when_cuff_and_open_visit_are(cart: Screens) -> None:
    assert can_start(cart) == (False, False)
    await cart.open_chart()
    assert can_start(cart) == (True, False)
    cart.vitals.start()
    await until(lambda: cart.vitals.screen.is_running)
    assert not cart.vitals.screen.can_start
    cart.vitals.stop()
    await until(lambda: not cart.vitals.screen.is_running)
    assert cart.vitals.screen.result_message == wording.failure(Code.CUFF_STOPPED)
    cart.desk.cuff.is_pulled()
    await settled()
    screen = cart.vitals.screen
    assert not screen.can_start
    assert wording.failure(Code.DEVICE_PULLED) in screen.cuff_state
    assert screen.cuff_tone is Tone.BAD


async def test_a_cuff_plugged_in_again_is_not_told_to_be_plugged_in(cart: Screens) -> None:
    await cart.open_chart()
    cart.vitals.start()
    await until(lambda: cart.vitals.screen.is_running)
    cart.desk.cuff.fails(Code.DEVICE_PULLED)
    await until(lambda: not cart.vitals.screen.is_running)
    ask_to_plug_in = wording.failure(Code.DEVICE_PULLED)
    assert cart.vitals.screen.result_message == wording.text("vitals.ended-pulled")
    assert ask_to_plug_in not in cart.vitals.screen.result_message


async def somebody_signs_in(cart: Screens) -> None:
    cart.desk.server.people["kim", "pass word"] = cart.desk.acts.person
    cart.sign_in.sign_in("kim", "pass word")
    await until(lambda: cart.window.screen.page is Page.CART_HOME)


def stop_stands(cart: Screens) -> bool:
    return cart.running_cuff.screen.is_shown


async def test_behind_the_lock_and_beside_the_unsent_a_running_cuff_can_be_stopped(
    cart: Screens,
) -> None:
    await somebody_signs_in(cart)
    await cart.open_chart()
    cart.vitals.start()
    await until(lambda: cart.vitals.screen.is_running)
    assert not stop_stands(cart)  # its own panel is on the screen
    cart.window.show_unsent(True)
    assert stop_stands(cart)
    cart.status.lock()
    await until(lambda: cart.window.screen.page is Page.LOCK)
    assert stop_stands(cart)
    cart.running_cuff.stop()
    await until(lambda: not cart.running_cuff.screen.is_shown)
    assert (cart.desk.cuff.stops, cart.desk.cuff.visit) == (1, None)
    assert cart.window.screen.page is Page.LOCK


async def test_a_stop_that_does_not_reach_the_cuff_is_said_behind_the_lock(cart: Screens) -> None:
    await somebody_signs_in(cart)
    await cart.open_chart()
    cart.vitals.start()
    await until(lambda: cart.vitals.screen.is_running)
    cart.status.lock()
    await until(lambda: cart.running_cuff.screen.is_shown)
    cart.desk.cuff.stop_refusal = Unavailable(Code.DEVICE_PULLED)
    cart.running_cuff.stop()
    await settled()
    assert cart.running_cuff.screen.message == wording.failure(Code.DEVICE_PULLED)
    cart.desk.cuff.stop_refusal = None
    cart.running_cuff.stop()
    await until(lambda: not cart.running_cuff.screen.is_shown)


async def test_a_live_value_has_its_age_grows_stale_and_goes(cart: Screens) -> None:
    await cart.open_chart()
    cart.vitals.start()
    await settled()
    cart.desk.cuff.inflates_to(132)
    await settled()
    live = cart.vitals.screen.live
    assert live is not None
    assert (plain(live.value), live.unit, live.is_stale) == ("132", "mmHg", False)
    await cart.desk.clock.passes(STALE_CUFF_PRESSURE_S + 0.1)
    cart.tick()
    live = cart.vitals.screen.live
    assert live is not None and live.is_stale
    await cart.desk.clock.passes(LIVE_GONE_S)
    cart.tick()
    assert cart.vitals.screen.live is None


async def test_a_result_waits_for_keep_or_discard(cart: Screens) -> None:
    await cart.open_chart()
    cart.vitals.start()
    await settled()
    cart.desk.cuff.measures(128, 76, 71)
    await settled()
    screen = cart.vitals.screen
    assert screen.result is not None
    assert (plain(screen.result.value), screen.can_keep, screen.can_discard) == (
        "128/76",
        True,
        True,
    )
    assert "71" in screen.result_extra
    assert not screen.can_start
    assert screen.result_message == wording.failure(Code.RESULT_UNDECIDED)
    cart.vitals.discard()
    await settled()
    assert cart.vitals.screen.can_start
    assert (cart.vitals.screen.result, await cart.desk.pending()) == (None, [])


async def test_a_double_click_on_keep_keeps_one_and_complains_of_nothing(cart: Screens) -> None:
    await cart.open_chart()
    cart.vitals.start()
    await settled()
    cart.desk.cuff.measures(128, 76)
    await settled()
    cart.vitals.keep()
    cart.vitals.keep()
    await settled(60)
    assert len(await cart.desk.pending()) == 1
    assert cart.vitals.screen.message == ""


@pytest.mark.parametrize(
    ("systolic", "diastolic", "code"),
    [
        (301, 76, Code.OUT_OF_RANGE),
        (70, 90, Code.SYSTOLIC_NOT_ABOVE_DIASTOLIC),
        (80, 75, Code.PULSE_PRESSURE_TOO_SMALL),
    ],
)
async def test_a_refused_value_is_shown_with_its_reason_and_cannot_be_kept(
    cart: Screens, systolic: int, diastolic: int, code: Code
) -> None:
    await cart.open_chart()
    cart.vitals.start()
    await settled()
    cart.desk.cuff.measures(systolic, diastolic)
    await settled()
    screen = cart.vitals.screen
    assert screen.result is not None
    assert plain(screen.result.value) == f"{systolic}/{diastolic}"
    assert (screen.can_keep, screen.can_discard) == (False, True)
    assert (screen.result_message, screen.result_tone) == (wording.failure(code), Tone.BAD)


async def test_what_is_set_aside_is_named_by_time_and_reason_and_shows_no_number(
    cart: Screens,
) -> None:
    """Beside another patient's name any number would be taken for theirs."""
    await cart.open_chart()
    other = await cart.desk.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    cart.desk.cuff.tells_a_result_for(other.visit, 171, 93, 88)
    cart.desk.cuff.tells_a_result_for(None, 172, 94, 89)
    await settled()
    screen = cart.tray.screen
    unasked, of_another = (plain(row.why) for row in screen.rows)
    assert unasked == plain(wording.text("tray.why.nobody-asked"))
    assert of_another.startswith(plain(wording.text("tray.why.another-visit")))
    assert plain(wording.text("tray.of-another-visit")) in of_another
    time = plain(wording.time_of_day(cart.desk.clock.now()))
    assert plain(screen.rows[0].what) == f"Blood pressure cuff, came {time}"
    for number in ("171", "172", "93", "94", "88", "89"):
        shown = [(row.what, row.why, row.clock, row.spoken) for row in screen.rows]
        assert number not in plain(f"{shown}")
    vitals = cart.vitals.screen
    assert (vitals.result, vitals.can_keep, vitals.readings) == (None, False, ())
    cart.tray.discard(screen.rows[0].record)
    await until(lambda: len(cart.tray.screen.rows) == 1)


async def test_the_question_before_assigning_names_patient_value_and_the_devices_time(
    cart: Screens,
) -> None:
    known = await cart.open_chart()
    cart.desk.cuff.tells_from_memory(131, 79, 74, cart.desk.clock.now() - timedelta(days=1))
    await settled()
    [row] = cart.tray.screen.rows
    question = plain(row.question)
    assert "DOE, Ana" in question
    assert "131/79 mmHg, pulse 74 /min" in question
    assert "by its own clock 20-Nov-2026" in question
    assert row.can_assign
    cart.tray.assign(row.record)
    await until(lambda: cart.vitals.screen.readings)
    [reading] = cart.vitals.screen.readings
    assert "assigned by hand; by its own clock 20-Nov-2026" in plain(" ".join(reading.notes))
    assert cart.tray.screen.rows == ()
    [pending] = await cart.desk.pending()
    assert (pending.change.patient, pending.change.visit) == (known.patient, known.visit)


async def test_what_no_body_can_have_is_assigned_to_nobody(cart: Screens) -> None:
    await cart.open_chart()
    cart.desk.cuff.tells_a_result_for(None, 301, 76)
    await settled()
    [row] = cart.tray.screen.rows
    assert not row.can_assign
    assert plain(wording.failure(Code.OUT_OF_RANGE)) in plain(row.why)
    cart.tray.assign(row.record)
    await settled()
    assert cart.tray.screen.message == wording.failure(Code.OUT_OF_RANGE)
    assert len(cart.tray.screen.rows) == 1


async def test_what_was_left_undecided_says_so_when_its_visit_is_open_again(cart: Screens) -> None:
    known = await cart.open_chart()
    cart.vitals.start()
    await settled()
    cart.desk.cuff.measures(128, 76)
    await settled()
    await cart.desk.call.hang_up()
    await cart.desk.desk.leave()
    await cart.desk.desk.open(known.visit)
    await settled()
    [row] = cart.tray.screen.rows
    said = (wording.text("tray.why.undecided"), wording.text("tray.of-this-visit"))
    assert row.why == " ".join(said)
    assert cart.vitals.screen.result is None


async def test_a_kept_reading_is_read_out_with_value_time_and_confirmation(cart: Screens) -> None:
    await cart.open_chart()
    cart.vitals.start()
    await settled()
    cart.desk.cuff.measures(143, 87, 66)
    await settled()
    cart.vitals.keep()
    await until(lambda: cart.vitals.screen.readings)
    [row] = cart.vitals.screen.readings
    time = wording.spoken(wording.time_of_day(cart.desk.clock.now()))
    assert row.spoken == (
        f"Blood pressure 143 over 87, pulse 66, kept {time}, not yet confirmed by the server"
    )
    assert row.tone is Tone.ATTENTION


async def test_the_far_side_has_no_controls_and_no_result(doctor: Screens) -> None:
    await doctor.open_chart()
    screen = doctor.vitals.screen
    assert not screen.has_cuff_controls
    assert (screen.cuff_state, screen.can_start) == ("", False)


async def test_a_cuff_chosen_later_has_its_controls_at_once_and_none_when_forgotten(
    doctor: Screens,
) -> None:
    await doctor.open_chart()
    doctor.desk.cuff.is_chosen_here()
    await until(lambda: doctor.vitals.screen.can_start)
    assert doctor.vitals.screen.has_cuff_controls
    assert doctor.vitals.screen.cuff_state.startswith(wording.text("device.blood-pressure-cuff"))
    doctor.desk.cuff.is_pulled()  # said, for it is still wanted
    await until(lambda: not doctor.vitals.screen.can_start)
    assert wording.failure(Code.DEVICE_PULLED) in doctor.vitals.screen.cuff_state
    doctor.desk.cuff.is_forgotten()
    await until(lambda: not doctor.vitals.screen.has_cuff_controls)
    assert doctor.vitals.screen.cuff_state == ""


async def test_a_finished_visit_locks_the_instruments(cart: Screens) -> None:
    await cart.open_chart(VisitState.FINISHED)
    screen = cart.vitals.screen
    assert screen.is_locked_by_visit
    assert not screen.can_start and not cart.recordings.screen.can_start


# --- the stethoscope -----------------------------------------------------------------------------


def found(
    cart: Screens, presence: Presence = Presence.FOUND, why: Code = Code.DEVICE_MISSING
) -> None:
    identity = DeviceIdentity(DeviceKind.STETHOSCOPE, "Scope", "scope")
    reason = None if presence is Presence.FOUND else why
    cart.devices.seen((DeviceStatus(identity, presence, cart.desk.clock.now(), reason),))


async def recording(cart: Screens) -> tuple[RecordId, ScopeDone]:
    known = await cart.open_chart()
    found(cart)
    cart.recordings.start("mitral")
    await settled()
    running = cart.desk.recordings.state.value.recording
    assert running is not None
    done = ScopeDone(
        recording=running,
        visit=known.visit,
        site="mitral",
        is_ours=True,
        sample_rate_hz=4000,
        samples=4000,
        sha256=hashlib.sha256(WAV).hexdigest(),
        wav=WAV,
        source="synthetic",
        is_complete=True,
    )
    return running, done


async def test_record_is_there_when_the_stethoscope_is(cart: Screens) -> None:
    await cart.open_chart()
    found(cart)
    assert can_start(cart) == (True, True)
    found(cart, Presence.MISSING)
    assert can_start(cart) == (True, False)


async def test_a_curve_that_gets_nothing_new_is_not_live(cart: Screens) -> None:
    running, done = await recording(cart)
    progress = ScopeProgress(running, done.visit, "mitral", True, 1.0, 0.1, 0, True)
    cart.desk.recordings.heard_progress(progress)
    cart.recordings.heard_progress(progress)
    cart.tick()
    assert cart.recordings.screen.is_live
    await cart.desk.clock.passes(3)
    cart.tick()
    assert not cart.recordings.screen.is_live


async def test_only_hashes_of_both_ends_make_a_proof(cart: Screens) -> None:
    running, done = await recording(cart)
    cart.desk.recordings.heard_done(done)
    await until(lambda: cart.recordings.screen.rows)
    assert cart.recordings.screen.proof == wording.text("scope.proof-pending")
    good = ScopeProof(running, done.sha256, matches=True)
    for bad in (replace(good, matches=False), replace(good, far_sha256="00" * 32)):
        cart.desk.recordings.heard_proof(bad)
        assert cart.recordings.screen.proof_tone is Tone.BAD
        assert cart.recordings.screen.rows[0].proof == "" or bad.far_sha256 == done.sha256
    cart.desk.recordings.heard_proof(good)
    assert cart.recordings.screen.proof_tone is Tone.GOOD
    assert wording.fingerprint(done.sha256) in cart.recordings.screen.proof


async def test_what_arrived_from_the_far_end_is_not_said_to_be_kept_here(doctor: Screens) -> None:
    known = await doctor.open_chart()
    name = RecordId(new_id())
    sha256 = hashlib.sha256(WAV).hexdigest()
    done = ScopeDone(
        name, known.visit, "mitral", False, 4000, 1024, sha256, WAV, "heart", is_complete=True
    )
    doctor.desk.recordings.heard_done(done)
    await until(lambda: doctor.recordings.screen.scope_state == wording.text("scope.arrived"))
    assert doctor.recordings.screen.rows == ()


async def test_a_row_is_proven_only_by_a_proof_that_matched(cart: Screens) -> None:
    running, done = await recording(cart)
    cart.desk.recordings.heard_done(done)
    await until(lambda: cart.recordings.screen.rows)
    cart.desk.recordings.heard_proof(ScopeProof(running, done.sha256, matches=False))
    assert cart.recordings.screen.rows[0].proof == ""


async def test_nothing_of_one_patients_recording_stands_with_the_next(cart: Screens) -> None:
    running, done = await recording(cart)
    cart.desk.recordings.heard_done(done)
    await until(lambda: cart.recordings.screen.rows)
    cart.desk.recordings.heard_proof(ScopeProof(running, done.sha256, matches=True))
    assert cart.recordings.screen.proof
    await cart.desk.desk.leave()
    await cart.open_chart(family_name="Roe")
    screen = cart.recordings.screen
    assert (screen.proof, screen.progress, screen.message, screen.rows) == ("", "", "", ())


async def test_one_that_was_cut_short_says_so(cart: Screens) -> None:
    _, done = await recording(cart)
    cart.desk.recordings.heard_done(replace(done, is_complete=False))
    await until(lambda: cart.recordings.screen.rows)
    assert cart.recordings.screen.rows[0].proof == wording.text("scope.cut-short")


async def test_a_refused_start_says_why(cart: Screens) -> None:
    from_elsewhere = RecordId(new_id())
    await cart.open_chart(VisitState.FINISHED)
    cart.recordings.start("mitral")
    await until(lambda: cart.recordings.screen.message)
    assert cart.recordings.screen.message == wording.failure(Code.NO_VISIT_OPEN)
    assert cart.desk.recordings.state.value.recording != from_elsewhere
