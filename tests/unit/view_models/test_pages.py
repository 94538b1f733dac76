"""Which page stands there, status bar, lock, today's list, the visit and its call in words."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.call import Phase
from app.domain.changes import ChangeResult, Outcome, RecordType
from app.domain.clock import ClockOffset
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.engine import FarScreen, LinkPhase, Measures
from app.domain.failures import Code
from app.domain.ids import PersonId
from app.domain.visits import VisitState
from app.services.desk import DeskState
from app.services.file_upload import Sending
from app.services.leaving import Loss
from app.services.sign_in import SignInPhase, SignInState
from app.services.store_care import CareState
from app.services.sync import SyncState
from tests.fakes.channel import room, seat
from tests.fakes.time_loop import MORNING, settled, until
from tests.unit.services.given import Known, visit_record
from tests.unit.view_models.given import Screens
from ui import wording
from ui.tone import Tone
from ui.view_models.window import Page


def at(moment: datetime) -> str:
    return wording.time_of_day(moment)


def page(screens: Screens) -> Page:
    return screens.window.screen.page


# --- the page ------------------------------------------------------------------------------------


async def test_the_page_follows_who_is_there_and_what_is_open(doctor: Screens) -> None:
    assert page(doctor) is Page.SIGN_IN
    await doctor.sign_in_person()
    assert page(doctor) is Page.TODAY
    await doctor.open_chart()
    assert page(doctor) is Page.VISIT
    doctor.window.show_unsent(True)
    assert page(doctor) is Page.UNSENT
    doctor.status.lock()
    await until(lambda: page(doctor) is Page.LOCK)
    doctor.lock.unlock("good password")
    await until(lambda: page(doctor) is Page.UNSENT)
    doctor.window.show_unsent(False)
    assert page(doctor) is Page.VISIT
    doctor.visit.back()
    await until(lambda: page(doctor) is Page.TODAY)


async def test_the_next_person_begins_at_today_whatever_was_shown_before(doctor: Screens) -> None:
    await doctor.sign_in_person()
    await doctor.open_chart()
    doctor.window.show_unsent(True)
    doctor.status.sign_out()
    await until(lambda: page(doctor) is Page.SIGN_IN)
    assert doctor.visit.screen.banner is None
    await doctor.sign_in_person()
    assert page(doctor) is Page.TODAY


async def seen_by(screens: Screens) -> list[PersonId | None]:
    """Who saw today's list, as the audit has it."""
    await settled()
    events = [event for event in await screens.desk.audited() if event.act is Act.WORKLIST_SEEN]
    assert not any(event.patient or event.visit or event.subject for event in events)
    return [event.actor for event in events]


async def test_that_todays_list_was_seen_is_audited_once_for_each_sign_in(doctor: Screens) -> None:
    assert await seen_by(doctor) == []
    await doctor.sign_in_person()
    first = doctor.desk.acts.person.id
    assert await seen_by(doctor) == [first]
    await doctor.open_chart()
    doctor.visit.back()
    await until(lambda: page(doctor) is Page.TODAY)
    doctor.status.lock()
    await until(lambda: page(doctor) is Page.LOCK)
    doctor.lock.unlock("good password")
    await until(lambda: page(doctor) is Page.TODAY)
    assert await seen_by(doctor) == [first]
    doctor.status.sign_out()
    await until(lambda: page(doctor) is Page.SIGN_IN)
    await doctor.sign_in_person()
    assert await seen_by(doctor) == [first, first]


async def test_a_list_that_stands_behind_a_taken_over_visit_was_not_seen(doctor: Screens) -> None:
    await doctor.sign_in_person()
    await doctor.open_chart()
    doctor.status.sign_out()
    await until(lambda: page(doctor) is Page.SIGN_IN)
    before = await seen_by(doctor)
    await doctor.desk.sign_in.reopen(has_running_call=True)
    known = await doctor.desk.knows_visit(VisitState.IN_VISIT)
    doctor.desk.desk.state.tell(DeskState(known.visit, is_chart_shown=True))
    doctor.lock.unlock("good password")
    await until(lambda: page(doctor) is Page.VISIT)
    assert await seen_by(doctor) == before


async def test_at_the_cart_the_first_page_is_its_own(cart: Screens) -> None:
    person = cart.desk.acts.person
    cart.desk.server.people["kim", "pass word"] = person
    cart.sign_in.sign_in("kim", "pass word")
    await until(lambda: page(cart) is Page.CART_HOME)
    assert await seen_by(cart) == [person.id]


def closed(screens: Screens) -> list[str]:
    """The window is closed; each time it really goes it is noted."""
    gone: list[str] = []
    screens.window.wants_to_leave.connect(lambda: gone.append("gone"))
    screens.window.leave()
    return gone


async def test_a_window_with_nothing_to_lose_closes_at_once(cart: Screens) -> None:
    assert closed(cart) == ["gone"]
    assert cart.window.screen.question == ""


async def test_closing_with_an_unkept_recording_asks_first_and_stays_when_told_so(
    cart: Screens,
) -> None:
    cart.leaving.would_lose(Loss.RECORDING, True)
    gone = closed(cart)
    assert wording.text("leave.loses.recording") in cart.window.screen.question
    cart.window.leave()  # a second press on the window's cross is no answer
    assert gone == []
    cart.window.stay()
    assert (cart.window.screen.question, gone) == ("", [])
    cart.window.leave()
    cart.window.leave_all_the_same()
    assert gone == ["gone"]


async def test_the_question_is_withdrawn_when_nothing_would_be_lost_any_more(
    cart: Screens,
) -> None:
    cart.leaving.would_lose(Loss.RECORDING, True)
    gone = closed(cart)
    cart.leaving.would_lose(Loss.RECORDING, False)
    assert (cart.window.screen.question, gone) == ("", [])
    cart.leaving.would_lose(Loss.RECORDING, True)
    assert cart.window.screen.question == ""  # asked anew only when somebody closes


# --- signing in ----------------------------------------------------------------------------------


async def test_a_wrong_password_is_said_in_words(doctor: Screens) -> None:
    doctor.sign_in.sign_in(" dr-lin ", "bad")
    await until(lambda: doctor.sign_in.screen.message_tone is Tone.BAD)
    screen = doctor.sign_in.screen
    assert screen.message == wording.failure(Code.WRONG_CREDENTIALS)
    assert (screen.username, screen.is_busy) == ("dr-lin", False)


async def test_the_lock_names_nobody_but_the_person(doctor: Screens) -> None:
    await doctor.sign_in_person()
    await doctor.open_chart(family_name="Doe")
    doctor.status.lock()
    await until(lambda: page(doctor) is Page.LOCK)
    assert "doe" not in repr(doctor.lock.screen).lower()
    assert doctor.lock.screen.person == "Dr Lin"
    doctor.lock.unlock("bad")
    await until(lambda: doctor.lock.screen.message)
    assert doctor.lock.screen.message == wording.failure(Code.WRONG_CREDENTIALS)


# --- the status bar ------------------------------------------------------------------------------


async def test_nothing_of_server_or_person_is_said_before_somebody_is_there(
    doctor: Screens,
) -> None:
    screen = doctor.status.screen
    assert (screen.server, screen.unsent, screen.person) == ("", "", "")
    assert not screen.can_lock and not screen.can_sign_out


async def test_a_server_that_was_not_asked_yet_is_not_said_to_be_away(doctor: Screens) -> None:
    await doctor.sign_in_person()
    doctor.tick()
    assert doctor.status.screen.server == wording.text("status.server-asked")
    assert doctor.status.screen.server_tone is Tone.PLAIN


async def test_the_status_bar_says_what_is_unsent_and_how_old(doctor: Screens) -> None:
    await doctor.sign_in_person()
    doctor.desk.server.goes_away()
    doctor.desk.sync.start()
    await doctor.open_chart()
    doctor.notes.keep("waits")
    await settled(60)
    gone_at = doctor.desk.clock.now()
    await doctor.desk.clock.passes(240)
    doctor.tick()
    screen = doctor.status.screen
    assert screen.server == wording.text("status.server-down", time=at(gone_at))
    assert screen.server_tone is Tone.BAD
    assert wording.spoken(screen.unsent) == "1 unsent, oldest 4 min"
    doctor.desk.server.comes_back()
    await until(lambda: doctor.desk.sync.state.value.unsent_count == 0)
    assert doctor.status.screen.server == wording.text("status.server-up")
    assert doctor.status.screen.unsent == wording.text("status.nothing-unsent")


async def test_receipts_alone_are_named_and_frighten_nobody(doctor: Screens) -> None:
    await doctor.sign_in_person()
    sync = doctor.desk.sync.state
    sync.tell(replace(sync.value, unsent=((RecordType.RECEIPT, 3),), oldest_unsent=None))
    shown = doctor.status.screen
    assert shown.unsent == wording.text("status.only-marks-unsent")
    assert shown.unsent_tone is Tone.PLAIN


async def test_what_befell_the_store_is_said_and_damage_before_all_else(doctor: Screens) -> None:
    await doctor.sign_in_person()
    care = doctor.care.state
    seen = []
    for told in (
        CareState(),
        CareState(put_back=2),
        CareState(put_back=3, was_begun_anew=True),
        CareState(Code.STORE_DAMAGED, put_back=3, was_begun_anew=True),
    ):
        doctor.desk.sign_in.state.tell(replace(doctor.desk.sign_in.state.value, is_kept=True))
        care.tell(told)
        screen = doctor.status.screen
        seen.append((wording.spoken(screen.store), screen.store_tone))
    assert seen == [
        ("Kept encrypted on this machine", Tone.PLAIN),
        ("After a fault of this machine, unsent items that came back: 2", Tone.ATTENTION),
        ("The store was begun anew; unsent items that came back: 3", Tone.ATTENTION),
        (wording.text("status.store-damaged"), Tone.BAD),
    ]


@pytest.mark.parametrize(
    "code",
    [
        Code.TOKEN_EXPIRED,
        Code.TOKEN_INVALID,
        Code.SERVER_UNTRUSTED,
        Code.STORE_FULL,
        Code.DISK_FAULT,
        Code.STORE_DAMAGED,
        Code.NOT_ALLOWED,
    ],
)
async def test_what_is_wrong_here_is_not_said_to_be_a_server_away(
    doctor: Screens, code: Code
) -> None:
    """Nobody would sign in again, or make room, for a server that seems to be out of reach."""
    await doctor.sign_in_person()
    doctor.desk.sync.state.tell(SyncState(False, MORNING, code, last_contact=MORNING))
    assert doctor.status.screen.server == wording.failure(code)
    assert doctor.status.screen.server_tone is Tone.BAD
    assert doctor.call.screen.outage == wording.failure(code)
    assert doctor.worklist.screen.message == wording.failure(code)
    assert doctor.cart_home.screen.message == wording.failure(code)
    is_kept = code not in (Code.STORE_FULL, Code.DISK_FAULT, Code.STORE_DAMAGED)
    assert bool(doctor.call.screen.outage_detail) is is_kept


async def test_which_of_two_addresses_answers_is_said(
    doctor: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    await doctor.sign_in_person()
    doctor.desk.sync.state.tell(SyncState(True, MORNING))
    assert doctor.status.screen.server == "Server reachable"
    monkeypatch.setattr(doctor.status, "_answering", lambda: "second.example:8470")
    doctor.desk.sync.state.tell(SyncState(True, MORNING, last_contact=MORNING))
    words = wording.text("status.server-up-at", address="second.example:8470")
    assert doctor.status.screen.server == words
    assert "second.example:8470" in words
    assert doctor.status.screen.server_tone is Tone.GOOD


async def test_an_alarm_of_the_audit_stands_before_everything_else(doctor: Screens) -> None:
    await doctor.sign_in_person()
    doctor.desk.sync.state.tell(SyncState(True, MORNING, audit_alarm=Code.AUDIT_MISMATCH))
    assert doctor.status.screen.server == wording.failure(Code.AUDIT_MISMATCH)
    assert doctor.status.screen.server_tone is Tone.BAD


async def test_the_clock_is_spoken_of_above_two_seconds_and_confirmed_above_two_minutes(
    doctor: Screens,
) -> None:
    await doctor.sign_in_person()
    assert doctor.status.screen.clock == ""
    for seconds, can_confirm in ((3, False), (-3, False), (200, True), (-200, True)):
        offset = ClockOffset(timedelta(seconds=seconds), timedelta())
        doctor.desk.acts.offset = offset
        doctor.desk.sync.state.tell(SyncState(True, MORNING, offset=offset))
        screen = doctor.status.screen
        assert ("behind" if seconds > 0 else "ahead") in screen.clock
        assert screen.can_confirm_clock is can_confirm
    doctor.status.confirm_clock()
    await settled()
    assert not doctor.status.screen.can_confirm_clock
    assert not doctor.desk.acts.must_confirm_times


async def test_a_store_that_keeps_nothing_says_so(doctor: Screens) -> None:
    state = doctor.desk.sign_in.state
    assert doctor.status.screen.store == wording.text("status.store-encrypted")
    state.tell(type(state.value)(state.value.phase, Role.CLINICIAN, "here", is_kept=False))
    assert doctor.status.screen.store == wording.text("status.store-memory")
    assert doctor.status.screen.store_tone is Tone.ATTENTION
    assert doctor.sign_in.screen.store_warning


async def test_earlier_work_in_a_store_that_cannot_be_opened_is_spoken_of(doctor: Screens) -> None:
    state = doctor.desk.sign_in.state
    state.tell(
        SignInState(
            SignInPhase.SIGNED_OUT,
            Role.CLINICIAN,
            "here",
            is_kept=False,
            has_unopened_store=True,
        )
    )
    warning = doctor.sign_in.screen.store_warning
    assert wording.failure(Code.KEYRING_MISSING) in warning
    assert wording.text("sign-in.store-unopened") in warning
    assert "not yet sent" in warning
    assert doctor.status.screen.store == wording.text("status.store-unopened")
    assert doctor.status.screen.store_tone is Tone.ATTENTION


async def test_who_signed_in_without_the_server_is_named_so_until_it_knows_them(
    doctor: Screens,
) -> None:
    await doctor.sign_in_person()
    doctor.desk.server.goes_away()
    doctor.desk.sign_in.state.tell(
        SignInState(SignInPhase.SIGNED_OUT, Role.CLINICIAN, "here", True)
    )  # another window; nobody signed out
    await doctor.sign_in_person()
    marked = wording.spoken(doctor.status.screen.person)
    assert marked == "Dr Lin, Clinician, signed in without the server"
    doctor.desk.server.is_token_good = False
    doctor.desk.sync.start()
    doctor.desk.server.comes_back()
    await until(lambda: doctor.desk.sync.state.value.is_reachable)
    assert wording.spoken(doctor.status.screen.person) == "Dr Lin, Clinician"


# --- today's list --------------------------------------------------------------------------------


async def test_a_row_names_patient_time_and_state(doctor: Screens) -> None:
    await doctor.desk.knows_visit(VisitState.CHECKED_IN)
    await until(lambda: doctor.worklist.screen.rows)
    [row] = doctor.worklist.screen.rows
    assert row.patient == "DOE, Ana"
    assert (row.state, row.tone) == ("Checked in", Tone.ATTENTION)
    assert "1945" in row.born
    assert row.time == at(doctor.desk.clock.now())


async def test_a_double_click_on_a_row_opens_it_once(doctor: Screens) -> None:
    known = await doctor.desk.knows_visit(VisitState.CHECKED_IN)
    doctor.worklist.open_visit(known.visit)
    doctor.worklist.open_visit(known.visit)
    await settled(60)
    assert doctor.worklist.screen.message == ""
    assert doctor.visit.screen.banner is not None


async def test_an_empty_list_is_only_called_empty_when_it_is_known(doctor: Screens) -> None:
    await settled()
    assert doctor.worklist.screen.message == wording.text("today.reading")
    doctor.desk.sync.state.tell(SyncState(True, MORNING))
    assert doctor.worklist.screen.message == wording.text("today.empty")
    doctor.desk.sync.state.tell(SyncState(False, MORNING, Code.SERVER_UNREACHABLE))
    assert doctor.worklist.screen.message == wording.text("today.offline-from-start")
    lost = SyncState(False, MORNING, Code.SERVER_UNREACHABLE, last_contact=MORNING)
    doctor.desk.sync.state.tell(lost)
    assert doctor.worklist.screen.message == wording.text("today.offline", time=at(MORNING))


async def test_the_cart_chooses_by_itself_only_when_one_patient_can_be_meant(
    cart: Screens,
) -> None:
    one = await cart.desk.knows_visit(VisitState.CHECKED_IN)
    await until(lambda: cart.cart_home.screen.chosen == one.visit)
    assert "DOE, Ana" in cart.cart_home.screen.start_detail
    two = await cart.desk.knows_visit(VisitState.CHECKED_IN, family_name="Roe")
    await until(lambda: len(cart.cart_home.screen.visits) == 2)
    assert (cart.cart_home.screen.chosen, cart.cart_home.screen.can_start) == (None, False)
    cart.cart_home.choose(two.visit)
    assert cart.cart_home.screen.can_start
    assert "ROE" in cart.cart_home.screen.start_detail
    cart.cart_home.start_visit()
    await until(lambda: cart.desk.desk.state.value.visit == two.visit)


async def test_the_test_of_devices_names_what_is_missing(cart: Screens) -> None:
    cart.cart_home.test_devices()
    assert wording.DASH in cart.cart_home.screen.test_detail
    camera = DeviceIdentity(DeviceKind.CAMERA, "Camera", "0")
    cart.devices.seen((DeviceStatus(camera, Presence.MISSING, MORNING, Code.DEVICE_MISSING),))
    cart.cart_home.test_devices()
    assert wording.text("device.camera") in cart.cart_home.screen.test_detail
    [row] = cart.cart_home.screen.devices
    assert row.reason == wording.failure(Code.DEVICE_MISSING)
    cart.devices.seen((DeviceStatus(camera, Presence.FOUND, MORNING),))
    cart.cart_home.test_devices()
    assert cart.cart_home.screen.test_tone is Tone.GOOD


# --- the visit and its call ----------------------------------------------------------------------


async def in_call(doctor: Screens) -> Known:
    known = await doctor.open_chart()
    doctor.call.join()
    await settled(60)
    own = seat(Role.CLINICIAN, doctor.desk.clock, device=doctor.desk.acts.device)
    doctor.desk.channel.hears(room(known.visit, own, seat(Role.PRESENTER, doctor.desk.clock)))
    await settled(60)
    doctor.desk.engine.link_is(LinkPhase.LIVE)
    await settled(60)
    assert doctor.desk.call.state.value.phase is Phase.LIVE
    return known


async def test_a_call_in_words_from_join_to_hang_up(doctor: Screens) -> None:
    await doctor.open_chart()
    assert (doctor.call.screen.can_join, doctor.call.screen.can_hang_up) == (True, False)
    await in_call(doctor)
    screen = doctor.call.screen
    assert (screen.state, screen.state_tone) == (wording.text("call.state.live"), Tone.GOOD)
    assert (screen.can_join, screen.can_hang_up) == (False, True)
    assert screen.far_caption == "The presenter"
    doctor.desk.engine.tells(Measures(round_trip_ms=42.4, loss_percent=0.0))
    await settled()
    values = [wording.spoken(measure.value) for measure in doctor.call.screen.measures]
    assert any(value.startswith("42") for value in values)
    doctor.call.hang_up()
    await until(lambda: doctor.call.screen.can_join)
    assert doctor.call.screen.state == wording.text("call.state.ended")
    assert doctor.call.screen.measures == ()


async def test_a_clock_that_is_far_off_is_said_in_the_visit_that_it_keeps_from_being_checked_in(
    cart: Screens,
) -> None:
    cart.desk.server.people["kim", "pass word"] = cart.desk.acts.person
    cart.sign_in.sign_in("kim", "pass word")
    await until(lambda: page(cart) is Page.CART_HOME)
    known = await cart.desk.knows_visit()
    await settled()
    cart.desk.acts.offset = ClockOffset(timedelta(minutes=3), timedelta(seconds=1))
    cart.cart_home.choose(known.visit)
    cart.cart_home.start_visit()
    await until(lambda: page(cart) is Page.VISIT)
    await settled()
    assert cart.visit.screen.message == wording.failure(Code.TIMES_NOT_CONFIRMED)
    assert cart.visit.screen.message_tone is Tone.BAD
    await cart.desk.acts.confirm_times()
    cart.call.join()
    await until(lambda: cart.visit.screen.message == "")
    await until(lambda: cart.call.screen.is_joined)
    assert cart.visit.screen.since_check_in != ""


async def test_contact_is_counted_paused_and_goes_on(doctor: Screens) -> None:
    await in_call(doctor)
    await doctor.desk.clock.passes(75)
    doctor.tick()
    assert doctor.visit.screen.in_contact == wording.clock(75)
    doctor.desk.engine.link_is(LinkPhase.LOST)
    await settled()
    lost_at = doctor.desk.clock.now()
    await doctor.desk.clock.passes(30)
    doctor.tick()
    assert doctor.visit.screen.in_contact == wording.clock(75)
    assert doctor.visit.screen.contact_note == wording.text(
        "visit.contact-paused", time=at(lost_at)
    )
    doctor.desk.engine.link_is(LinkPhase.LIVE)
    await settled()
    await doctor.desk.clock.passes(5)
    doctor.tick()
    assert doctor.visit.screen.in_contact == wording.clock(80)


async def test_an_outage_names_what_is_gone_and_the_earlier_time(doctor: Screens) -> None:
    await in_call(doctor)
    early = MORNING - timedelta(minutes=7)
    doctor.desk.sync.state.tell(SyncState(False, early, Code.SERVER_UNREACHABLE))
    assert doctor.call.screen.outage == wording.text("call.outage.server", time=at(early))
    doctor.desk.engine.link_is(LinkPhase.LOST)
    await settled()
    assert doctor.call.screen.outage == wording.text(
        "call.outage.both", name="The presenter", time=at(early)
    )
    doctor.desk.sync.state.tell(SyncState(True, early))
    assert "The presenter" in doctor.call.screen.outage
    assert doctor.call.screen.outage_detail
    doctor.desk.engine.link_is(LinkPhase.LIVE)
    await settled()
    assert doctor.call.screen.outage == ""


async def test_a_far_screen_that_does_not_answer_is_named_with_its_time(doctor: Screens) -> None:
    await in_call(doctor)
    doctor.desk.engine.tells(FarScreen(is_attached=False, since=MORNING))
    await settled()
    assert doctor.call.screen.far_screen == wording.text(
        "call.far-screen", name="The presenter", time=at(MORNING)
    )
    doctor.desk.engine.tells(FarScreen(is_attached=True, since=MORNING))
    await settled()
    assert doctor.call.screen.far_screen == ""


async def test_finish_is_the_clinicians_and_apart_from_hanging_up(
    doctor: Screens, cart: Screens
) -> None:
    await cart.open_chart()
    assert not cart.visit.screen.shows_finish
    await in_call(doctor)
    assert doctor.visit.screen.can_finish
    assert "DOE, Ana" in doctor.visit.screen.finish_question
    doctor.visit.finish()
    await until(lambda: doctor.visit.screen.state == "Finished")
    assert doctor.desk.call.state.value.phase is Phase.LIVE
    assert not doctor.visit.screen.can_finish


async def test_back_during_a_call_says_why_not(doctor: Screens) -> None:
    await in_call(doctor)
    doctor.visit.back()
    await until(lambda: doctor.visit.screen.message)
    assert doctor.visit.screen.message == wording.failure(Code.CALL_RUNNING)
    assert doctor.visit.screen.banner is not None
    doctor.call.hang_up()
    await until(lambda: doctor.call.screen.can_join)
    doctor.visit.back()
    await until(lambda: doctor.visit.screen.banner is None)
    await doctor.open_chart(family_name="Roe")
    assert doctor.visit.screen.message == ""


# --- what the server has not accepted ------------------------------------------------------------


async def test_a_conflict_stands_first_with_both_texts_and_two_ways_out(doctor: Screens) -> None:
    known = await doctor.desk.knows_visit(VisitState.IN_VISIT)
    await doctor.desk.chart.open(known.visit)
    doctor.notes.keep("waits")
    await settled(60)
    await doctor.desk.visits.finish(known.visit)
    pending = (await doctor.desk.pending())[-1]
    theirs = visit_record(known, VisitState.IN_VISIT, MORNING.isoformat(), 9, version=5)
    result = ChangeResult(pending.change.id, Outcome.CONFLICT, Code.CONFLICT, theirs)
    await doctor.desk.acts.do(lambda unit: unit.outbox.settle(result))
    await until(lambda: len(doctor.unsent.screen.rows) == 2 and doctor.unsent.screen.rows[0].theirs)
    first, second = doctor.unsent.screen.rows
    assert (first.mine, first.theirs) == ("Finished", "In visit")
    assert first.can_write_anew and first.can_give_up
    assert first.reason == wording.failure(Code.CONFLICT)
    assert (second.mine, second.reason) == ("waits", wording.text("unsent.waiting"))
    assert not second.can_write_anew and not second.can_give_up
    doctor.unsent.give_up(second.change)
    await until(lambda: doctor.unsent.screen.message)
    assert len(await doctor.desk.pending()) == 2
    doctor.unsent.write_anew(first.change)
    await until(lambda: not any(row.can_give_up for row in doctor.unsent.screen.rows))
    assert len(await doctor.desk.pending()) == 2


async def test_a_recording_that_cannot_be_sent_is_said_with_its_reason(doctor: Screens) -> None:
    await doctor.open_chart()
    doctor.notes.keep("waits")
    await until(lambda: doctor.unsent.screen.rows)
    sync = doctor.desk.sync.state
    sync.tell(SyncState(True, MORNING, stuck_file=Code.TOO_LARGE))
    assert wording.failure(Code.TOO_LARGE) in doctor.unsent.screen.message
    assert doctor.unsent.screen.message_tone is Tone.BAD
    sync.tell(SyncState(True, MORNING, stuck_file=Code.SERVER_UNREACHABLE))
    assert doctor.unsent.screen.message == wording.text("unsent.file-slow")
    sync.tell(SyncState(False, MORNING, Code.SERVER_UNREACHABLE, stuck_file=Code.TOO_LARGE))
    assert doctor.unsent.screen.message == ""


async def test_the_file_on_its_way_is_told_with_what_is_left(doctor: Screens) -> None:
    await doctor.open_chart()
    doctor.notes.keep("waits")
    await until(lambda: doctor.unsent.screen.rows)
    doctor.desk.sync.state.tell(SyncState(True, MORNING))
    sending = doctor.desk.sync.file_sending
    sending.tell(Sending("a" * 64, 1_500_000, 20_000_000, bytes_s=100_000))
    told = doctor.unsent.screen.message
    figures = (wording.megabytes(1_500_000), wording.megabytes(20_000_000), wording.span(185))
    assert all(figure in told for figure in figures), told
    sending.tell(Sending("a" * 64, 1_500_000, 20_000_000, is_waiting=True))
    assert "needs the line" in doctor.unsent.screen.message
    assert doctor.unsent.screen.message_tone is Tone.PLAIN
    sending.tell(Sending("a" * 64, 0, 20_000_000))
    assert "left" not in doctor.unsent.screen.message
    sending.tell(None)
    assert doctor.unsent.screen.message == ""


async def test_an_equal_screen_is_not_sent_again(doctor: Screens) -> None:
    await doctor.open_chart()
    sent: list[object] = []
    doctor.visit.changed.connect(sent.append)
    for _ in range(5):
        doctor.tick()
    assert sent == []
