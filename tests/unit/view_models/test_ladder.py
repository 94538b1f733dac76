"""The ladder in words, for both directions and both roles; what may be chosen and held off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.access import Role
from app.domain.call import Phase
from app.domain.call_log import LadderStep
from app.domain.engine import LadderTold, Measures, Path
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.ladder import Matters, Reason, Stand, Step, Wants
from app.services.call import CallState
from tests.fakes.time_loop import settled, until
from tests.unit.view_models.given import Screens
from tests.unit.view_models.test_pages import in_call
from ui import wording
from ui.tone import Tone
from ui.view_models.ladder import LadderScreen, ladder_screen, log_line

AT = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
TIME = f"{AT.astimezone():%H:%M}"
FULL = Stand(Step.HD, Reason.CARRIED, AT, 2_000_000)
VOICE = Stand(Step.VOICE, Reason.SLOW, AT, 60_000)


def told(own: Stand = FULL, far: Stand | None = FULL, **wants: Wants | None) -> CallState:
    mine, theirs = wants.get("mine") or Wants(), wants.get("theirs")
    ladder = LadderTold(own, far, mine, theirs)
    return CallState(phase=Phase.LIVE, ladder=ladder, wants=mine)


def seen(state: CallState, role: Role = Role.CLINICIAN) -> LadderScreen:
    return ladder_screen(state, role)


def test_step_reason_and_since_of_both_directions() -> None:
    screen = seen(told(VOICE, FULL))
    sent = f"You send: Voice only – the line carries 60 kbit/s – since {TIME}"
    assert wording.spoken(screen.sent) == sent
    assert wording.spoken(screen.received) == "You receive: Full picture"
    assert (screen.sent_tone, screen.received_tone) == (Tone.ATTENTION, Tone.PLAIN)
    assert screen.hint == ""


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("reason", list(Reason))
def test_every_stand_has_its_words(step: Step, reason: Reason) -> None:
    stand = Stand(step, reason, AT)
    for screen in (seen(told(stand, FULL)), seen(told(FULL, stand))):
        assert screen.is_shown
        said = f"{screen.sent}{screen.received}{screen.hint}"
        assert "-" not in reason or reason not in said, "codes are for machines"


def test_a_choice_is_seen_from_where_one_stands() -> None:
    chosen = Stand(Step.VOICE, Reason.CHOSEN, AT)
    by_far = Stand(Step.VOICE, Reason.CHOSEN_BY_FAR, AT)
    here = seen(told(chosen, by_far, mine=Wants(is_picture_held=True)))
    assert "chosen here" in here.sent and "chosen here" in here.received
    assert (here.sent_tone, here.is_held, here.hold) == (Tone.PLAIN, True, "Pictures again")
    there = seen(told(by_far, chosen))
    assert "by the other side" in there.sent and "by the other side" in there.received
    assert (there.is_held, there.hold) == (False, "Pictures off")


def test_where_nothing_gets_through_one_is_sent_to_the_messages() -> None:
    low = Stand(Step.MESSAGES, Reason.LOSS, AT)
    for state in (told(low, FULL), told(FULL, low)):
        screen = seen(state)
        assert "Write under Messages" in screen.hint
        assert not (screen.can_choose or screen.can_hold)
    gone = told(replace(low, reason=Reason.NO_LINE), FULL)
    away = seen(replace(gone, phase=Phase.REJOINING))
    assert "Write under Messages" in away.hint
    assert (away.sent, away.received) == ("", ""), "what the far side said last is true no more"


def test_the_clinician_chooses_and_the_presenter_is_told() -> None:
    state = told(mine=Wants(Matters.SCOPE))
    assert (seen(state).can_choose, seen(state).chosen, len(seen(state).choices)) == (True, 2, 3)
    cart = seen(told(theirs=Wants(Matters.SCOPE)), Role.PRESENTER)
    assert not cart.can_choose
    assert wording.spoken(cart.matters_told) == "The clinician says: Stethoscope matters most"
    assert seen(told(theirs=Wants()), Role.PRESENTER).matters_told == ""


@pytest.mark.parametrize("phase", [Phase.IDLE, Phase.WAITING, Phase.CONNECTING, Phase.ENDED])
def test_outside_of_a_call_there_is_no_ladder(phase: Phase) -> None:
    assert not seen(replace(told(VOICE), phase=phase)).is_shown
    assert not seen(CallState(phase=Phase.LIVE)).is_shown


def a_step(at: datetime, **more: object) -> LadderStep:
    step = LadderStep(
        id=RecordId(new_id()),
        visit=VisitId(new_id()),
        patient=PatientId(new_id()),
        side=Role.PRESENTER,
        step=Step.VOICE,
        reason=Reason.SLOW,
        carries_bit_s=None,
        at=at,
        author=PersonId(new_id()),
        author_name="Nurse Kim",
    )
    return replace(step, **more)  # type: ignore[arg-type]  # own fields


def test_a_line_of_the_log_says_who_sent_it() -> None:
    said = wording.spoken(log_line(a_step(AT)))
    assert said == "Voice only – the line is too slow (sent by the cart)"
    said = wording.spoken(log_line(a_step(AT, carries_bit_s=1_234_000, side=Role.CLINICIAN)))
    assert said == "Voice only – the line carried 1.2 Mbit/s (sent by the workstation)"
    full = a_step(AT, step=Step.HD, reason=Reason.CARRIED)
    assert wording.spoken(log_line(full)) == "Full picture (sent by the cart)"
    for reason in Reason:
        assert log_line(a_step(AT, reason=reason))


async def test_on_the_call_page(doctor: Screens) -> None:
    await in_call(doctor)
    assert not doctor.call.screen.ladder.is_shown
    doctor.desk.engine.tells(LadderTold(FULL, VOICE, Wants(), None))
    await until(lambda: doctor.call.screen.ladder.is_shown)
    assert doctor.call.screen.far_absent == wording.text("picture.voice-only")
    assert doctor.call.screen.own_caption == wording.text("call.you")
    doctor.desk.engine.tells(LadderTold(VOICE, FULL, Wants(), None))
    await until(lambda: doctor.call.screen.own_caption == wording.text("call.you-not-sent"))
    assert doctor.call.screen.far_absent == ""
    assert doctor.call.screen.state == wording.text("call.state.live")
    doctor.desk.engine.tells(LadderTold(VOICE, VOICE, Wants(), None))
    await until(lambda: doctor.call.screen.state == wording.text("call.state.live-voice"))
    low = Stand(Step.MESSAGES, Reason.LOSS, AT)
    doctor.desk.engine.tells(LadderTold(low, FULL, Wants(), None))
    await until(lambda: doctor.call.screen.state == wording.text("call.state.live-messages"))
    assert doctor.call.screen.state_tone is Tone.BAD
    doctor.call.hang_up()
    await until(lambda: not doctor.call.screen.ladder.is_shown)


async def test_what_is_chosen_is_asked_of_the_media_process(doctor: Screens) -> None:
    await in_call(doctor)
    doctor.call.toggle_hold()
    await settled()
    assert doctor.desk.engine.count_of("want") == 0, "nothing to hold before there is a line"
    doctor.desk.engine.tells(LadderTold(FULL, FULL, Wants(), None))
    await until(lambda: doctor.call.screen.ladder.is_shown)
    doctor.call.choose(1)
    await until(lambda: doctor.call.screen.ladder.chosen == 1)
    doctor.call.toggle_hold()
    await until(lambda: doctor.call.screen.ladder.is_held)
    assert doctor.desk.engine.wants == Wants(Matters.SOUND, is_picture_held=True)
    doctor.call.toggle_hold()
    await until(lambda: not doctor.call.screen.ladder.is_held)
    assert doctor.desk.engine.wants == Wants(Matters.SOUND)


async def test_a_step_stands_among_the_messages_where_it_happened(doctor: Screens) -> None:
    await in_call(doctor)
    doctor.messages.send("before")
    await until(lambda: len(doctor.messages.screen.rows) == 1)
    since = doctor.desk.clock.now() + timedelta(seconds=1)
    doctor.desk.engine.tells(LadderTold(replace(VOICE, since=since), None, Wants(), None))
    await until(lambda: len(doctor.messages.screen.rows) == 2)
    await doctor.desk.clock.passes(5)
    doctor.messages.send("after")
    await until(lambda: len(doctor.messages.screen.rows) == 3)
    texts = [row.text for row in doctor.messages.screen.rows]
    assert (texts[0], texts[2]) == ("after", "before")
    assert "Voice only" in texts[1] and "workstation" in texts[1]
    assert "not yet confirmed" in doctor.messages.screen.rows[1].spoken


async def test_what_was_measured_besides_is_there_on_asking(doctor: Screens) -> None:
    await in_call(doctor)
    doctor.desk.engine.tells(Measures(concealed_share=0.042, path=Path.RELAY, freezes=2))
    await until(lambda: doctor.call.screen.more_measures[2].value != wording.DASH)
    values = {one.name: wording.spoken(one.value) for one in doctor.call.screen.more_measures}
    assert values[wording.text("call.measure.concealed")] == "4.2 %"
    assert values[wording.text("call.measure.path")] == "over a relay"
    assert values[wording.text("call.measure.freezes")] == "2"
    assert values[wording.text("call.measure.cpu")] == wording.DASH
