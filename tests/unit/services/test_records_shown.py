"""Today's list, the open chart, the visit's moves, what is unsent, and the words that come in."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.changes import ChangeResult, Outcome
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.failures import Code, Rejected
from app.domain.ids import ChangeId, VisitId, new_id
from app.domain.visits import VisitState
from app.services.devices import Devices
from app.services.dispatch import Dispatch
from tests.fakes.time_loop import MORNING, settled, until
from tests.unit.services.given import DeskOnFakes, visit_record

# --- today's list --------------------------------------------------------------------------------


async def test_the_list_is_in_the_order_of_need_and_follows_what_happens(
    doctor: DeskOnFakes,
) -> None:
    doctor.listens()
    booked = await doctor.knows_visit(VisitState.BOOKED)
    running = await doctor.knows_visit(VisitState.IN_VISIT, family_name="Roe")
    rows = doctor.worklist.state
    await until(lambda: len(rows.value.rows) == 2)
    assert [row.visit.id for row in rows.value.rows] == [running.visit, booked.visit]
    await doctor.server_moves_visit(running, VisitState.FINISHED, version=2)
    await until(lambda: rows.value.rows[0].visit.id == booked.visit)
    assert rows.value.is_known


async def test_many_changes_at_once_are_read_once_or_twice(doctor: DeskOnFakes) -> None:
    doctor.listens()
    await settled()
    reads = 0
    original = doctor.store.transaction

    async def counted(work):  # type: ignore[no-untyped-def]  # the port's own signature
        nonlocal reads
        reads += 1
        return await original(work)

    doctor.store.transaction = counted  # type: ignore[method-assign]
    for number in range(100):
        doctor.acts.revision.tell(1000 + number)
    await settled(100)
    assert reads <= 3 * 2  # the list, the chart that is shut, what is unsent


# --- the chart -----------------------------------------------------------------------------------


async def test_opening_a_chart_leaves_its_trace_with_the_first_look(doctor: DeskOnFakes) -> None:
    known = await doctor.knows_visit()
    await doctor.chart.open(known.visit)
    [event] = await doctor.audited()
    assert (event.act, event.patient, event.actor) == (
        Act.PATIENT_OPENED,
        known.patient,
        doctor.acts.person.id,
    )


async def test_what_cannot_be_traced_is_not_shown(doctor: DeskOnFakes) -> None:
    known = await doctor.knows_visit()
    doctor.store.worker.is_full = True
    with pytest.raises(Exception, match="store-full"):
        await doctor.chart.open(known.visit)
    assert doctor.chart.state.value.row is None


async def test_a_chart_that_was_shut_does_not_come_back_with_the_next_change(
    doctor: DeskOnFakes,
) -> None:
    doctor.listens()
    known = await doctor.knows_visit()
    await doctor.chart.open(known.visit)
    doctor.acts.revision.tell(999)
    doctor.chart.shut()
    await settled()
    assert doctor.chart.state.value.row is None


async def test_a_chart_of_nobody_signed_in_is_not_opened(doctor: DeskOnFakes) -> None:
    known = await doctor.knows_visit()
    doctor.acts.now_acting(None)
    with pytest.raises(Rejected) as caught:
        await doctor.chart.open(known.visit)
    assert caught.value.code is Code.NOT_ALLOWED


# --- the visit's moves ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "state", "move", "code"),
    [
        (Role.PRESENTER, VisitState.BOOKED, "check_in", None),
        (Role.CLINICIAN, VisitState.BOOKED, "check_in", Code.NOT_ALLOWED),
        (Role.CLINICIAN, VisitState.CHECKED_IN, "begin", None),
        (Role.CLINICIAN, VisitState.IN_VISIT, "finish", None),
        (Role.PRESENTER, VisitState.IN_VISIT, "finish", Code.NOT_ALLOWED),
        (Role.CLINICIAN, VisitState.BOOKED, "finish", Code.STATE_MOVE_NOT_ALLOWED),
        (Role.CLINICIAN, VisitState.FINISHED, "sign", None),
        (Role.CLINICIAN, VisitState.SIGNED, "finish", Code.STATE_MOVE_NOT_ALLOWED),
        (Role.CLINICIAN, VisitState.FINISHED, "begin", Code.STATE_MOVE_NOT_ALLOWED),
    ],
)
async def test_a_move_is_made_by_whom_the_tables_allow(
    doctor: DeskOnFakes, role: Role, state: VisitState, move: str, code: Code | None
) -> None:
    doctor.as_person(role)
    known = await doctor.knows_visit(state)
    moving = getattr(doctor.visits, move)(known.visit)
    if code is None:
        await moving
        [pending] = await doctor.pending()
        assert pending.change.base_version == 1
        assert pending.change.previous == {"state": str(state)}
        assert (await doctor.acts_audited()) == [Act.VISIT_MOVED]
    else:
        with pytest.raises(Rejected) as caught:
            await moving
        assert caught.value.code is code
        assert await doctor.pending() == []


async def test_the_check_in_says_when(cart: DeskOnFakes) -> None:
    known = await cart.knows_visit(VisitState.BOOKED)
    await cart.visits.check_in(known.visit)
    row = await cart.acts.read(lambda unit: unit.records.visit_row(known.visit))
    assert row is not None and row.visit.checked_in_at is not None
    assert abs(row.visit.checked_in_at - cart.clock.now()) < timedelta(seconds=1)
    assert row.is_pending


async def test_an_unknown_visit_is_not_moved(doctor: DeskOnFakes) -> None:
    with pytest.raises(Rejected) as caught:
        await doctor.visits.finish(VisitId(new_id()))
    assert caught.value.code is Code.NOT_FOUND


# --- what is unsent ------------------------------------------------------------------------------


async def in_conflict(desk: DeskOnFakes) -> ChangeId:
    """Our Finish met somebody else's."""
    known = await desk.knows_visit(VisitState.IN_VISIT)
    await desk.visits.finish(known.visit)
    [pending] = await desk.pending()
    theirs = visit_record(known, VisitState.IN_VISIT, MORNING.isoformat(), 9, version=5)
    result = ChangeResult(pending.change.id, Outcome.CONFLICT, Code.CONFLICT, theirs)
    await desk.acts.do(lambda unit: unit.outbox.settle(result))
    return pending.change.id


async def test_a_conflict_is_shown_with_both_texts_and_whose_it_is(doctor: DeskOnFakes) -> None:
    doctor.listens()
    change = await in_conflict(doctor)
    unsent = doctor.unsent.state
    await until(lambda: unsent.value.items and unsent.value.items[0].refused)
    [item] = unsent.value.items
    assert (item.change.id, item.refused) == (change, Code.CONFLICT)
    assert item.current is not None and item.current.version == 5
    assert [name for _, name in unsent.value.patients] == ["DOE, Ana"]


async def test_written_anew_it_stands_on_what_the_server_has_now(doctor: DeskOnFakes) -> None:
    change = await in_conflict(doctor)
    await doctor.unsent.write_anew(change)
    [pending] = await doctor.pending()
    assert pending.refused is None
    assert pending.change.id != change
    assert (pending.change.base_version, pending.change.fields_set) == (5, {"state": "finished"})
    last = (await doctor.audited())[-1]
    assert (last.act, last.subject) == (Act.CHANGE_WRITTEN_ANEW, change)


async def test_given_up_it_is_gone_and_the_audit_knows(doctor: DeskOnFakes) -> None:
    change = await in_conflict(doctor)
    await doctor.unsent.give_up(change)
    assert await doctor.pending() == []
    last = (await doctor.audited())[-1]
    assert (last.act, last.subject) == (Act.CHANGE_GIVEN_UP, change)
    with pytest.raises(Rejected):
        await doctor.unsent.give_up(change)


async def test_what_merely_waits_cannot_be_given_up(doctor: DeskOnFakes) -> None:
    known = await doctor.knows_visit(VisitState.IN_VISIT)
    await doctor.visits.finish(known.visit)
    [pending] = await doctor.pending()
    for act in (doctor.unsent.give_up, doctor.unsent.write_anew):
        with pytest.raises(Rejected) as caught:
            await act(pending.change.id)
        assert caught.value.code is Code.NOT_FOUND
    assert len(await doctor.pending()) == 1


# --- instruments and words -----------------------------------------------------------------------


def status(kind: DeviceKind, presence: Presence = Presence.FOUND) -> DeviceStatus:
    return DeviceStatus(DeviceIdentity(kind, "model", "port"), presence, MORNING)


def test_instruments_stand_in_one_order_and_the_newest_word_counts() -> None:
    devices = Devices()
    devices.seen((status(DeviceKind.SPEAKER), status(DeviceKind.CAMERA)))
    devices.seen((status(DeviceKind.BLOOD_PRESSURE_CUFF),))
    devices.seen((status(DeviceKind.CAMERA, Presence.MISSING),))
    shown = [(one.identity.kind, one.presence) for one in devices.state.value.devices]
    assert shown == [
        (DeviceKind.BLOOD_PRESSURE_CUFF, Presence.FOUND),
        (DeviceKind.CAMERA, Presence.MISSING),
        (DeviceKind.SPEAKER, Presence.FOUND),
    ]


@dataclass
class Word:
    text: str


def test_a_word_goes_to_those_who_asked_in_their_order() -> None:
    dispatch = Dispatch()
    heard: list[tuple[str, str]] = []
    dispatch.on(Word, lambda word: heard.append(("first", word.text)))
    dispatch.on(Word, lambda word: heard.append(("second", word.text)))
    dispatch.on(str, lambda word: heard.append(("third", word)))
    dispatch.hear(Word("hello"))
    dispatch.hear(5)
    assert heard == [("first", "hello"), ("second", "hello")]


async def test_the_socket_is_told_with_since_when(doctor: DeskOnFakes) -> None:
    doctor.switchboard.start()
    doctor.channel.goes_down()
    await doctor.clock.passes(10)
    down = doctor.switchboard.socket.value
    doctor.channel.goes_down(Code.TOKEN_EXPIRED)  # another try failed, for another reason
    await settled()
    still = doctor.switchboard.socket.value
    assert (still.is_up, still.since, still.code) == (False, down.since, Code.TOKEN_EXPIRED)
    doctor.channel.goes_up()
    await settled()
    assert doctor.switchboard.socket.value.is_up
