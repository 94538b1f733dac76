"""The log of a call: each step of ours once, a report at its end, nothing lost meanwhile."""

from datetime import timedelta

from app.domain.audit import Act
from app.domain.changes import Change, RecordType
from app.domain.clock import ClockOffset
from app.domain.engine import CallSetup, FarScreen, LadderTold, LinkPhase, Measures
from app.domain.ids import VisitId
from app.domain.ladder import Matters, Reason, Stand, Step, Wants
from app.domain.visits import VisitState
from app.services.call_log import CallLog
from tests.fakes.channel import room, seat
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes, Known, person_in
from tests.unit.services.test_call import connected, far_seat


async def live_in(desk: DeskOnFakes) -> Known:
    known = await desk.knows_visit(VisitState.IN_VISIT)
    await connected(desk)
    person = desk.acts.person
    setup = CallSetup(known.visit, person.role, person.name, None, None, None, None)
    await desk.call.join(setup)
    own = seat(person.role, desk.clock, device=desk.acts.device)
    desk.channel.hears(room(known.visit, own, far_seat(desk)))
    await settled()
    desk.engine.link_is(LinkPhase.LIVE)
    await settled()
    return known


def told(desk: DeskOnFakes, step: Step, reason: Reason = Reason.SLOW, s: float = 0) -> LadderTold:
    since = desk.clock.now() + timedelta(seconds=s)
    return LadderTold(Stand(step, reason, since, 60_000), None, Wants(), None)


async def steps(desk: DeskOnFakes, word: LadderTold) -> None:
    desk.engine.tells(word)
    await settled()


async def changes(desk: DeskOnFakes, kind: RecordType) -> list[Change]:
    return [item.change for item in await desk.pending() if item.change.record_type is kind]


async def steps_written(desk: DeskOnFakes) -> list[object]:
    written = await changes(desk, RecordType.LADDER_STEP)
    return [change.fields_set["step"] for change in written]


async def test_each_step_of_ours_is_written_once(doctor: DeskOnFakes) -> None:
    known = await live_in(doctor)
    await steps(doctor, told(doctor, Step.HD, Reason.CARRIED))
    voice = told(doctor, Step.VOICE, s=1)
    await steps(doctor, voice)
    await steps(doctor, voice)
    await steps(doctor, told(doctor, Step.SD, s=20))
    assert await steps_written(doctor) == ["voice", "sd"]
    [first, _] = await changes(doctor, RecordType.LADDER_STEP)
    assert (first.visit, first.patient) == (known.visit, known.patient)
    assert first.fields_set["carries_bit_s"] == 60_000
    assert first.fields_set["author"] == str(doctor.acts.person.id)
    assert (await doctor.acts_audited()).count(Act.LADDER_STEPPED) == 2
    shown = await doctor.acts.read(lambda unit: unit.records.ladder_steps(known.visit))
    assert [step.step for step in shown] == [Step.SD, Step.VOICE]


async def test_a_screen_started_again_writes_nothing_twice(doctor: DeskOnFakes) -> None:
    await live_in(doctor)
    voice = told(doctor, Step.VOICE)
    await steps(doctor, voice)
    other = CallLog(doctor.acts, doctor.call.state, doctor.acts.person.role)
    await other.close()
    assert await steps_written(doctor) == ["voice"]


async def test_who_signs_in_next_does_not_sign_for_who_was_there(doctor: DeskOnFakes) -> None:
    await live_in(doctor)
    was_there = doctor.acts.person
    doctor.acts.now_acting(None)
    await steps(doctor, told(doctor, Step.VOICE))
    doctor.acts.now_acting(person_in(was_there.role))
    doctor.acts.revision.tell(doctor.acts.revision.value + 1)
    await settled()
    [change] = await changes(doctor, RecordType.LADDER_STEP)
    assert change.author == was_there.id
    assert change.fields_set["author_name"] == was_there.name
    [event] = [one for one in await doctor.audited() if one.act is Act.LADDER_STEPPED]
    assert event.actor == was_there.id


async def test_what_a_call_said_last_is_not_the_next_visits(doctor: DeskOnFakes) -> None:
    await live_in(doctor)
    await doctor.call.hang_up()
    doctor.engine.tells(told(doctor, Step.THUMBNAIL))  # was under way
    await settled()
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    person = doctor.acts.person
    setup = CallSetup(known.visit, person.role, person.name, None, None, None, None)
    doctor.engine.tells(told(doctor, Step.VOICE))
    await doctor.call.join(setup)
    doctor.engine.tells(told(doctor, Step.VOICE, s=1))
    doctor.engine.tells(FarScreen(is_attached=False, since=doctor.clock.now()))
    await settled()
    assert doctor.call.state.value.ladder is None
    assert doctor.call.state.value.far_screen is None
    assert await steps_written(doctor) == []


async def test_a_clock_far_off_stops_no_line(doctor: DeskOnFakes) -> None:
    await live_in(doctor)
    doctor.acts.offset = ClockOffset(timedelta(hours=1), timedelta(milliseconds=5))
    assert doctor.acts.must_confirm_times
    await steps(doctor, told(doctor, Step.VOICE))
    [change] = await changes(doctor, RecordType.LADDER_STEP)
    assert change.stamp.offset == doctor.acts.offset


async def test_a_call_ends_with_its_report(doctor: DeskOnFakes) -> None:
    await live_in(doctor)
    for round_trip_ms in (40.0, 50.0, 90.0):
        doctor.engine.tells(Measures(round_trip_ms=round_trip_ms, join_ms=300.0, freezes=1))
    await steps(doctor, told(doctor, Step.THUMBNAIL))
    assert doctor.engine.link is not None
    doctor.engine.link_is(LinkPhase.LOST)
    await settled()
    doctor.engine.link_is(LinkPhase.LIVE)
    await settled()
    await doctor.call.hang_up()
    await settled()
    [report] = await changes(doctor, RecordType.CALL_REPORT)
    fields = report.fields_set
    assert (fields["drops"], fields["rejoins"], fields["freezes"]) == (1, 1, 3)
    assert (fields["lowest_step"], fields["ladder_steps"]) == ("thumbnail", 1)
    figures = fields["figures"]
    assert isinstance(figures, dict)
    assert figures["round-trip-ms"] == {"median": 50.0, "p95": 90.0, "worst": 90.0, "n": 3}
    assert figures["join-ms"] == {"median": 300.0, "p95": 300.0, "worst": 300.0, "n": 1}
    assert Act.CALL_REPORTED in await doctor.acts_audited()


async def test_who_signs_out_leaves_a_report_behind(doctor: DeskOnFakes) -> None:
    await live_in(doctor)
    await doctor.desk.open(doctor.call.state.value.visit or VisitId(doctor.acts.device))
    await doctor.acts.take_leave()
    assert len(await changes(doctor, RecordType.CALL_REPORT)) == 1


async def test_waiting_alone_is_no_call(doctor: DeskOnFakes) -> None:
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    await connected(doctor)
    person = doctor.acts.person
    await doctor.call.join(CallSetup(known.visit, person.role, person.name, None, None, None, None))
    await doctor.call.hang_up()
    await settled()
    assert await changes(doctor, RecordType.CALL_REPORT) == []


async def test_the_wish_goes_to_the_media_process_and_ends_with_the_call(
    doctor: DeskOnFakes,
) -> None:
    await live_in(doctor)
    wants = Wants(Matters.SCOPE, is_picture_held=True)
    await doctor.call.want(wants)
    assert doctor.engine.wants == wants and doctor.call.state.value.wants == wants
    await doctor.call.hang_up()
    assert doctor.engine.wants == Wants() and doctor.call.state.value.wants == Wants()
    assert doctor.call.state.value.ladder is None
