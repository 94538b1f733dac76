"""The exchange with the server: order, repeats, refusals, outages, audit chain and clock."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.audit import Act, leaf_of
from app.domain.changes import NewChange, Outcome, RecordType
from app.domain.clock import ClockOffset
from app.domain.engine import ScopeDone
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.domain.ids import PatientId, RecordId, VisitId, new_id
from app.domain.messages import Receipt, ReceiptKind, receipt_fields
from app.domain.server_words import PUSH_CHANGES, FeedMovedHeard
from app.domain.visits import VisitState
from app.services import sync
from app.services.file_sender import LOOK_EVERY_S
from app.services.file_upload import Sending
from app.services.recordings import ScopePhase
from app.services.sync import CLOCK_EVERY_S, LOOK_AGAIN_S, PUSH_EVENTS, SyncState
from tests.fakes.time_loop import settled, until
from tests.unit.services.given import DeskOnFakes, Known, patient_record, visit_record

WAV = b"RIFF" + bytes(2000)


def state(desk: DeskOnFakes) -> SyncState:
    return desk.sync.state.value


async def in_chart(desk: DeskOnFakes) -> Known:
    """Signed in, in step with the server, one chart open."""
    await desk.sign_in.sign_in("dr-lin", "good password")
    known = known_anew()
    desk.server.holds(patient_record(known, "Doe", 0))
    desk.server.holds(visit_record(known, VisitState.IN_VISIT, desk.clock.now().isoformat(), 0))
    desk.sync.start()
    await until(lambda: state(desk).is_reachable)
    await desk.chart.open(known.visit)
    await in_step(desk)
    return known


async def in_step(desk: DeskOnFakes) -> None:
    """Nothing waits, on either side."""
    async with asyncio.timeout(600):
        while True:
            pending = [item for item in await desk.pending() if item.refused is None]
            events = await desk.audited()
            if not pending and not events:
                return
            await desk.clock.passes(0.1)


def known_anew() -> Known:
    return Known(VisitId(new_id()), PatientId(new_id()))


async def recorded(desk: DeskOnFakes, wav: bytes = WAV) -> None:
    """A stethoscope recording that this desk keeps."""
    await desk.recordings.start("mitral")
    recording = desk.recordings.state.value.recording
    assert recording is not None
    desk.recordings.heard_done(
        ScopeDone(
            recording=recording,
            visit=desk.chart.row.visit.id,
            site="mitral",
            is_ours=True,
            sample_rate_hz=4000,
            samples=1000,
            sha256=hashlib.sha256(wav).hexdigest(),
            wav=wav,
            source="synthetic",
            is_complete=True,
        )
    )
    await until(lambda: desk.recordings.state.value.phase is ScopePhase.KEPT)


async def note(desk: DeskOnFakes, text: str) -> RecordId:
    return await desk.notes.keep(text)


# --- sending -----------------------------------------------------------------------------------


async def test_a_note_goes_at_once_and_is_confirmed(doctor: DeskOnFakes) -> None:
    known = await in_chart(doctor)
    record = await note(doctor, "breathing freely")
    await in_step(doctor)
    [stored] = doctor.server.of_type(RecordType.NOTE)
    assert (stored.record, json.loads(stored.body)["text"]) == (record, "breathing freely")
    notes = await doctor.acts.read(lambda unit: unit.records.notes(known.patient))
    assert [(one.id, one.is_pending) for one in notes] == [(record, False)]


async def test_changes_arrive_in_the_order_they_were_made(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.goes_away()
    made = [await note(doctor, f"note {number}") for number in range(120)]
    doctor.server.comes_back()
    doctor.sync.poke()
    await in_step(doctor)
    notes = [change for change in doctor.server.pushed if change.record_type is RecordType.NOTE]
    assert [change.record for change in notes] == made
    counters = [change.counter for change in doctor.server.pushed]
    assert counters == sorted(counters)


async def test_many_go_one_push_behind_the_other_each_once(doctor: DeskOnFakes) -> None:
    """Records that are changed again wait for the answer to what was changed before."""
    known = await in_chart(doctor)
    doctor.server.goes_away()
    made = [await note(doctor, f"note {number}") for number in range(PUSH_CHANGES * 3)]
    await doctor.visits.finish(known.visit)
    await doctor.visits.sign(known.visit)
    doctor.server.comes_back()
    doctor.sync.poke()
    await in_step(doctor)
    sent = [change.id for change in doctor.server.pushed]
    assert len(sent) == len(set(sent))
    notes = [change for change in doctor.server.pushed if change.record_type is RecordType.NOTE]
    assert [change.record for change in notes] == made
    assert [one.record for one in doctor.server.of_type(RecordType.NOTE)] == made


async def test_a_lost_answer_doubles_nothing(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.loses_answers = 3
    record = await note(doctor, "once")
    await in_step(doctor)
    assert [stored.record for stored in doctor.server.of_type(RecordType.NOTE)] == [record]
    assert sum(change.record == record for change in doctor.server.pushed) == 4


async def test_only_the_servers_answer_takes_a_change_out(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.loses_answers = 10**6
    await note(doctor, "kept here")
    await doctor.clock.passes(3600)
    [pending] = await doctor.pending()
    assert pending.change.fields_set["text"] == "kept here"


async def test_a_file_arrives_before_the_change_that_names_it(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    await recorded(doctor)
    await in_step(doctor)
    [stored] = doctor.server.of_type(RecordType.RECORDING)
    name = json.loads(stored.body)["file_sha256"]
    assert list(doctor.server.files) == [name]  # the server says no to a name without its file


async def test_a_file_that_is_there_is_not_sent_again(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.loses_file_answers = 1  # the file arrives, its answer does not
    await recorded(doctor)
    await in_step(doctor)
    assert doctor.server.asked.count("put part") == 1
    assert len(doctor.server.of_type(RecordType.RECORDING)) == 1


async def test_a_file_that_cannot_be_sent_holds_up_only_its_own_record(
    doctor: DeskOnFakes,
) -> None:
    await in_chart(doctor)
    doctor.server.refuses_files = Code.TOO_LARGE
    await recorded(doctor)
    record = await note(doctor, "goes past it")
    await doctor.clock.passes(60)
    assert [stored.record for stored in doctor.server.of_type(RecordType.NOTE)] == [record]
    [pending] = await doctor.pending()
    assert pending.change.record_type is RecordType.RECORDING
    assert state(doctor).is_reachable
    assert state(doctor).stuck_file is Code.TOO_LARGE
    doctor.server.refuses_files = None
    await in_step(doctor)
    assert state(doctor).stuck_file is None


async def test_a_file_that_the_line_is_too_slow_for_delays_nothing_else(
    doctor: DeskOnFakes,
) -> None:
    known = await in_chart(doctor)
    doctor.server.files_fail_after_s = 600
    await recorded(doctor)
    await until(lambda: "put part" in doctor.server.asked)
    record = await note(doctor, "written while it is on its way")
    doctor.server.holds(patient_record(known_anew(), "Roe", 0))
    await doctor.clock.passes(1)
    assert [stored.record for stored in doctor.server.of_type(RecordType.NOTE)] == [record]
    notes = await doctor.acts.read(lambda unit: unit.records.notes(known.patient))
    assert [one.is_pending for one in notes] == [False]
    assert await doctor.audited() == []
    await doctor.clock.passes(1300)
    assert state(doctor).is_reachable
    assert state(doctor).stuck_file is Code.SERVER_UNREACHABLE
    assert doctor.server.asked.count("put part") == 3  # again and again, with pauses
    doctor.server.files_fail_after_s = None
    await doctor.clock.passes(600)
    await in_step(doctor)
    assert state(doctor).stuck_file is None
    assert len(doctor.server.of_type(RecordType.RECORDING)) == 1


async def test_a_file_that_fails_lets_the_next_one_go_first(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.files_fail_after_s = 600
    await recorded(doctor)
    await until(lambda: "put part" in doctor.server.asked)
    await doctor.clock.passes(590)
    [slow] = await doctor.acts.read(lambda unit: unit.attachments.unsent())
    await recorded(doctor, WAV + b"another")
    original = doctor.server.put_part

    async def only_the_other(
        file_sha256: str, start: int, part: bytes, pieces: AsyncIterator[bytes]
    ) -> int:
        doctor.server.files_fail_after_s = 600 if file_sha256 == slow else None
        return await original(file_sha256, start, part, pieces)

    doctor.server.put_part = only_the_other  # type: ignore[method-assign]
    await doctor.clock.passes(60)
    assert len(doctor.server.of_type(RecordType.RECORDING)) == 1


async def test_a_line_that_breaks_costs_no_file_its_place(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.files_fail_after_s = 0.5
    await recorded(doctor)
    await recorded(doctor, WAV + b"another")
    first, _ = await doctor.acts.read(lambda unit: unit.attachments.unsent())
    tried: list[str] = []
    original = doctor.server.put_part

    async def noted(file_sha256: str, start: int, part: bytes, pieces: AsyncIterator[bytes]) -> int:
        tried.append(file_sha256)
        return await original(file_sha256, start, part, pieces)

    doctor.server.put_part = noted  # type: ignore[method-assign]
    await until(lambda: len(tried) == 2)
    assert tried == [first, first]
    await doctor.clock.passes(60)  # one that never goes gives way
    assert set(tried) > {first}


async def test_a_token_that_ended_meanwhile_delays_a_file_by_a_moment(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    original, asked = doctor.server.has_file, []

    async def ended_once(file_sha256: str) -> bool:
        asked.append(file_sha256)
        doctor.server.is_token_good = len(asked) > 1
        return await original(file_sha256)

    doctor.server.has_file = ended_once  # type: ignore[method-assign]
    await recorded(doctor)
    await doctor.clock.passes(5)
    assert doctor.server.refreshes == 1
    assert len(doctor.server.of_type(RecordType.RECORDING)) == 1
    assert state(doctor).stuck_file is None


async def test_an_upload_under_way_does_not_hold_up_the_end(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.files_fail_after_s = 600
    await recorded(doctor)
    await until(lambda: "put part" in doctor.server.asked)
    async with asyncio.timeout(1):
        await doctor.sync.close()


@pytest.mark.parametrize(
    "failure",
    [Rejected(Code.TOO_LARGE), Rejected(Code.TOO_SLOW), Unavailable(Code.SERVER_UNREACHABLE)],
)
async def test_what_is_too_much_for_one_push_goes_in_smaller_ones(
    doctor: DeskOnFakes, failure: Failure
) -> None:
    await in_chart(doctor)
    doctor.server.goes_away()
    made = [await note(doctor, f"note {number}") for number in range(120)]
    doctor.server.push_takes, doctor.server.push_failure = 3, failure
    doctor.server.comes_back()
    await in_step(doctor)
    assert [stored.record for stored in doctor.server.of_type(RecordType.NOTE)] == made
    assert doctor.server.asked.count("push") < 120


@pytest.mark.parametrize(
    ("takes", "lasts_s", "most"),
    [(40, 0.0, 40), (10, 0.0, 10), (10**6, 0.0, 40), (40, 1.0, 10), (5, 1.0, 5)],
    ids=["it takes more", "an earlier one", "it takes any", "a slow line", "slow, and takes few"],
)
async def test_a_push_grows_where_the_server_takes_more_in_no_time(
    doctor: DeskOnFakes, monkeypatch: pytest.MonkeyPatch, takes: int, lasts_s: float, most: int
) -> None:
    monkeypatch.setattr(sync, "PUSH_CHANGES", 10)
    monkeypatch.setattr(sync, "PUSH_MOST", 40)
    await in_chart(doctor)
    await in_step(doctor)
    doctor.server.goes_away()
    made = [await note(doctor, f"note {number}") for number in range(110)]
    doctor.server.takes, doctor.server.push_lasts_s = takes, lasts_s
    doctor.server.push_sizes.clear()
    doctor.server.comes_back()
    doctor.sync.poke()
    await in_step(doctor)
    assert [stored.record for stored in doctor.server.of_type(RecordType.NOTE)] == made
    assert max(doctor.server.push_sizes) == most


async def test_a_file_that_is_gone_here_holds_up_only_its_own_record(
    doctor: DeskOnFakes,
) -> None:
    await in_chart(doctor)
    doctor.server.goes_away()
    await recorded(doctor)
    doctor.store.files.clear()  # somebody deleted the folder
    doctor.server.comes_back()
    record = await note(doctor, "goes past it")
    await doctor.clock.passes(60)
    assert [stored.record for stored in doctor.server.of_type(RecordType.NOTE)] == [record]
    assert state(doctor).stuck_file is Code.NOT_FOUND


async def test_what_would_be_lost_is_sent_at_once_with_its_file(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    await recorded(doctor)
    await note(doctor, "and a note")
    assert await doctor.sync.send_now(3) == 0
    assert len(doctor.server.of_type(RecordType.RECORDING)) == 1
    assert len(doctor.server.of_type(RecordType.NOTE)) == 1


async def test_sending_at_once_has_a_limit_and_tells_what_is_left(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.files_fail_after_s = 600
    await recorded(doctor)
    await note(doctor, "goes past it")
    began = doctor.clock.monotonic()
    assert await doctor.sync.send_now(3) == 1
    assert doctor.clock.monotonic() - began < 4


# --- conflicts and refusals ----------------------------------------------------------------------


async def test_a_conflict_stays_is_told_and_overwrites_nothing(doctor: DeskOnFakes) -> None:
    known = await in_chart(doctor)
    doctor.server.goes_away()
    await doctor.visits.finish(known.visit)
    theirs = visit_record(known, VisitState.FINISHED, doctor.clock.now().isoformat(), 0, version=2)
    doctor.server.holds(theirs)
    doctor.server.comes_back()
    await doctor.clock.passes(60)
    [refused] = state(doctor).refused
    assert refused.refused is Code.CONFLICT
    assert refused.current is not None and refused.current.version == 2
    assert doctor.server.records[RecordId(known.visit)].version == 2
    conflicts = [event for event in doctor.server.events if event.act is Act.CHANGE_CONFLICT]
    assert [event.subject for event in conflicts] == [refused.change.id]
    assert state(doctor).unsent_count == 0  # it is refused, no longer on its way


async def test_a_refused_change_holds_back_nobody_elses(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.refuses = Code.NOT_ALLOWED
    await note(doctor, "refused")
    await until(lambda: state(doctor).refused)
    doctor.server.refuses = None
    good = await note(doctor, "good")
    await in_step(doctor)
    assert [stored.record for stored in doctor.server.of_type(RecordType.NOTE)] == [good]
    assert [item.refused for item in await doctor.pending()] == [Code.NOT_ALLOWED]


async def test_an_answer_about_another_record_takes_nothing_out(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    record = new_id()
    original = doctor.server.push

    async def swapped(changes, events, cursor=None):  # type: ignore[no-untyped-def]  # a server that lies
        answer = await original(changes, events, cursor)
        foreign = tuple(
            replace(result, record=None, outcome=Outcome.ACCEPTED) for result in answer.results
        )
        return replace(answer, results=foreign)

    doctor.server.push = swapped  # type: ignore[method-assign]
    await note(doctor, "mine")
    await doctor.clock.passes(60)
    assert len(await doctor.pending()) == 1
    assert state(doctor).code is Code.MALFORMED
    assert record not in doctor.server.records


# --- outages -------------------------------------------------------------------------------------


async def test_an_outage_is_told_with_its_beginning_and_counts_what_waits(
    doctor: DeskOnFakes,
) -> None:
    await in_chart(doctor)
    doctor.server.goes_away()
    await note(doctor, "one")
    began = doctor.clock.now()
    await doctor.clock.passes(5)
    await note(doctor, "two")
    await doctor.clock.passes(60)
    told = state(doctor)
    assert (told.is_reachable, told.code) == (False, Code.SERVER_UNREACHABLE)
    assert abs(told.since - began) < timedelta(seconds=1)
    assert told.unsent == ((RecordType.NOTE, 2),)
    assert told.oldest_unsent is not None
    assert abs(told.oldest_unsent - began) < timedelta(seconds=1)
    assert told.last_contact is not None and told.last_contact < began + timedelta(seconds=1)


async def test_what_the_program_writes_by_itself_is_no_persons_unsent_work(
    doctor: DeskOnFakes,
) -> None:
    known = await in_chart(doctor)
    doctor.server.goes_away()
    person, stamp = doctor.acts.person, doctor.acts.stamp()
    receipt = Receipt(RecordId(new_id()), ReceiptKind.READ, person.id, stamp.device_time)
    fields = receipt_fields(receipt, known.visit, known.patient, person.name)
    change = NewChange(RecordType.RECEIPT, RecordId(new_id()), 0, fields, person.id, stamp)
    await doctor.acts.do(lambda unit: unit.outbox.add(change))
    await doctor.clock.passes(5)
    told = state(doctor)
    assert (told.unsent, told.unsent_of_people) == (((RecordType.RECEIPT, 1),), 0)
    assert told.oldest_unsent is None
    await note(doctor, "of a person")
    await doctor.clock.passes(1)
    assert (state(doctor).unsent_count, state(doctor).unsent_of_people) == (2, 1)
    assert state(doctor).oldest_unsent is not None


async def test_tries_pause_and_are_not_hurried_by_new_work(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.goes_away()
    doctor.server.met_failures = 0
    for number in range(200):
        await note(doctor, f"note {number}")
        await doctor.clock.passes(0.1)
    assert 5 < doctor.server.met_failures <= 2 * 20 + 5  # twenty seconds, two tries in each


async def test_the_end_of_an_outage_is_noticed_by_itself(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.goes_away()
    await note(doctor, "waits")
    await doctor.clock.passes(600)
    doctor.server.comes_back()
    await doctor.clock.passes(10)
    assert len(doctor.server.of_type(RecordType.NOTE)) == 1
    assert state(doctor).is_reachable
    assert state(doctor).unsent == ()


async def test_a_socket_that_is_up_ends_the_pause(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.switchboard.start()
    doctor.server.goes_away()
    await note(doctor, "waits")
    await doctor.clock.passes(600)
    doctor.server.comes_back()
    doctor.channel.goes_up()
    await doctor.clock.passes(1)
    assert len(doctor.server.of_type(RecordType.NOTE)) == 1


async def test_an_expired_token_is_renewed_once_and_nobody_notices(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.is_token_good = False
    await note(doctor, "with a fresh token")
    await in_step(doctor)
    assert doctor.server.refreshes == 1
    assert state(doctor).is_reachable


async def test_a_session_that_ended_is_said_and_ends_with_a_sign_in(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.is_token_good = False
    doctor.server.refresh_failure = Rejected(Code.TOKEN_INVALID)
    await note(doctor, "waits for a sign-in")
    await doctor.clock.passes(60)
    assert (state(doctor).is_reachable, state(doctor).code) == (False, Code.TOKEN_INVALID)
    await doctor.sign_in.sign_in("dr-lin", "good password")
    doctor.sync.start()
    await in_step(doctor)
    assert len(doctor.server.of_type(RecordType.NOTE)) == 1


async def test_a_full_disk_is_not_a_server_away(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.store.worker.is_full = True
    doctor.sync.poke()
    await doctor.clock.passes(60)
    assert (state(doctor).code, state(doctor).is_away) == (Code.STORE_FULL, False)
    doctor.store.worker.is_full = False
    doctor.server.goes_away()
    await doctor.clock.passes(10)
    began = doctor.clock.now()
    await doctor.clock.passes(60)
    assert state(doctor).is_away
    assert abs(state(doctor).since - began) < timedelta(seconds=20)  # not since the disk was full
    doctor.server.comes_back()
    await doctor.clock.passes(60)
    assert state(doctor).is_reachable


async def test_a_refused_certificate_is_said_and_nothing_is_sent(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.failure = Untrusted(Code.SERVER_UNTRUSTED)
    await note(doctor, "stays here")
    await doctor.clock.passes(60)
    assert (state(doctor).is_reachable, state(doctor).code) == (False, Code.SERVER_UNTRUSTED)
    assert state(doctor).audit_alarm is None
    assert len(await doctor.pending()) == 1


# --- fetching ------------------------------------------------------------------------------------


async def test_the_feed_is_read_to_its_end_page_by_page(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    for _ in range(10):
        known = known_anew()
        doctor.server.holds(patient_record(known, "Roe", 0))
    doctor.sync.poke()
    await until(lambda: state(doctor).position == 12)


async def test_the_socket_says_when_there_is_something_to_fetch(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.switchboard.start()
    await doctor.clock.passes(1)
    doctor.server.holds(patient_record(known_anew(), "Roe", 0))
    asked = len(doctor.server.asked)
    doctor.channel.hears(FeedMovedHeard(2))  # what is known already
    await settled()
    assert len(doctor.server.asked) == asked
    doctor.channel.hears(FeedMovedHeard(3))
    await settled()
    assert state(doctor).position == 3


async def test_without_a_socket_it_looks_again_by_itself(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.holds(patient_record(known_anew(), "Roe", 0))
    await doctor.clock.passes(LOOK_AGAIN_S + 1)
    assert state(doctor).position == 3


# --- the audit chain -----------------------------------------------------------------------------


async def test_a_chain_whose_head_is_held_is_not_asked_for(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    await doctor.clock.passes(LOOK_AGAIN_S + 1)
    asked = len(doctor.server.asked)
    await doctor.clock.passes(3 * LOOK_AGAIN_S)
    assert set(doctor.server.asked[asked:]) == {"feed"}
    doctor.server.appends()
    await doctor.clock.passes(LOOK_AGAIN_S + 1)
    assert "chain" in doctor.server.asked[asked:]


async def test_the_witness_follows_the_chain(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    await note(doctor, "audited")
    await in_step(doctor)
    doctor.sync.poke()
    await doctor.clock.passes(1)
    witness = await doctor.acts.read(lambda unit: unit.audit.server_witness())
    assert witness.count == len(doctor.server.leaves)


def change_one(leaves: list[str]) -> None:
    leaves[1] = leaf_of(b"another")


def delete_one(leaves: list[str]) -> None:
    del leaves[1]


def delete_the_last(leaves: list[str]) -> None:
    leaves.pop()


def compute_anew(leaves: list[str]) -> None:
    leaves[:] = [leaf_of(f"anew {number}".encode()) for number in range(len(leaves) + 5)]


@pytest.mark.parametrize("tamper", [change_one, delete_one, delete_the_last, compute_anew])
async def test_a_chain_that_was_touched_raises_an_alarm_that_stays(
    doctor: DeskOnFakes, tamper: object
) -> None:
    await in_chart(doctor)
    await note(doctor, "audited")
    await in_step(doctor)
    doctor.sync.poke()
    await doctor.clock.passes(1)
    held = await doctor.acts.read(lambda unit: unit.audit.server_witness())
    good = list(doctor.server.leaves)
    tamper(doctor.server.leaves)  # type: ignore[operator]
    doctor.sync.poke()
    await until(lambda: state(doctor).audit_alarm is not None)
    assert state(doctor).audit_alarm is Code.AUDIT_MISMATCH
    assert await doctor.acts.read(lambda unit: unit.audit.server_witness()) == held
    # Work goes on, under the alarm.
    record = await note(doctor, "still sent")
    await recorded(doctor)
    await in_step(doctor)
    assert record in doctor.server.records
    assert len(doctor.server.of_type(RecordType.RECORDING)) == 1
    assert state(doctor).is_reachable
    # What was hidden again stays told, in the chain as well.
    doctor.server.leaves[:] = good
    await doctor.clock.passes(2 * LOOK_AGAIN_S)
    assert state(doctor).audit_alarm is Code.AUDIT_MISMATCH
    assert [event.act for event in doctor.server.events].count(Act.AUDIT_ALARM) == 1


async def test_a_chain_that_grew_is_no_alarm(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    for _ in range(50):
        doctor.server.appends()
    doctor.sync.poke()
    await doctor.clock.passes(1)
    witness = await doctor.acts.read(lambda unit: unit.audit.server_witness())
    assert witness.count == len(doctor.server.leaves)
    assert state(doctor).audit_alarm is None


async def test_a_server_that_does_not_take_events_is_not_asked_in_a_circle(
    doctor: DeskOnFakes,
) -> None:
    await in_chart(doctor)
    doctor.server.acknowledges_events = False
    event = doctor.acts.event
    await doctor.acts.do(
        lambda unit: [unit.audit.add(event(Act.WORKLIST_SEEN)) for _ in range(PUSH_EVENTS + 1)]
    )
    doctor.server.holds(patient_record(known_anew(), "Roe", 0))
    before = doctor.server.asked.count("push")
    await doctor.clock.passes(10)
    assert doctor.server.asked.count("push") - before <= 2
    assert state(doctor).position == 3  # and what others did still arrives


# --- the clock -----------------------------------------------------------------------------------


async def test_the_clock_difference_is_measured_at_the_start_and_every_ten_minutes(
    doctor: DeskOnFakes,
) -> None:
    doctor.server.ahead_by = timedelta(seconds=3)
    await in_chart(doctor)
    await doctor.clock.passes(1)
    offset = state(doctor).offset
    assert offset is not None and offset.is_worth_saying and not offset.needs_confirmation
    assert doctor.acts.offset == offset
    doctor.server.ahead_by = timedelta(seconds=200)
    await doctor.clock.passes(CLOCK_EVERY_S - 60)
    assert state(doctor).offset == offset
    await doctor.clock.passes(61)
    assert doctor.acts.must_confirm_times


async def test_the_clock_is_asked_at_each_sign_in(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    await doctor.clock.passes(1)
    await doctor.sign_in.sign_out()
    await doctor.clock.passes(60)
    doctor.clock.wrong_by = timedelta(minutes=-30)
    await doctor.sign_in.sign_in("dr-lin", "good password")
    doctor.sync.start()
    await doctor.clock.passes(1)
    offset = state(doctor).offset
    assert offset is not None and offset.offset == timedelta(minutes=30)
    assert doctor.acts.must_confirm_times


async def test_every_act_carries_the_raw_time_and_what_was_known_of_its_error(
    doctor: DeskOnFakes,
) -> None:
    doctor.server.ahead_by = timedelta(seconds=3)
    await in_chart(doctor)
    await doctor.clock.passes(1)
    doctor.server.goes_away()
    await note(doctor, "timed")
    [pending] = await doctor.pending()
    assert abs(pending.change.stamp.device_time - doctor.clock.now()) < timedelta(seconds=1)
    assert pending.change.stamp.offset == ClockOffset(
        timedelta(seconds=3), timedelta(milliseconds=20)
    )


async def test_every_audit_event_carries_the_raw_time_and_the_known_offset(
    doctor: DeskOnFakes,
) -> None:
    before = doctor.acts.event(Act.NOTE_KEPT)
    assert (before.offset_ms, before.uncertainty_ms) == (None, None)
    doctor.server.ahead_by = timedelta(seconds=3)
    await in_chart(doctor)
    await doctor.clock.passes(1)
    await note(doctor, "timed")
    await in_step(doctor)
    [kept] = [event for event in doctor.server.events if event.act is Act.NOTE_KEPT]
    assert (kept.offset_ms, kept.uncertainty_ms) == (3000, 20)
    assert kept.corrected_at - kept.at == timedelta(seconds=3)


async def test_the_clock_is_asked_again_soon_after_a_failure(doctor: DeskOnFakes) -> None:
    await doctor.sign_in.sign_in("dr-lin", "good password")
    doctor.server.goes_away()
    doctor.sync.start()
    await doctor.clock.passes(60)
    assert state(doctor).offset is None
    doctor.server.comes_back()
    await doctor.clock.passes(10)
    assert state(doctor).offset is not None


# --- files that the server lost ------------------------------------------------------------------


async def test_a_server_that_was_restored_without_a_file_gets_it_again(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    await recorded(doctor)
    await in_step(doctor)
    [name] = doctor.server.files
    data = doctor.server.files.pop(name)
    await doctor.clock.passes(LOOK_EVERY_S + 60)
    assert doctor.server.files == {name: data}
    assert doctor.server.asked.count("lacking files") == 1  # at first there was nothing to ask of
    await doctor.clock.passes(LOOK_EVERY_S + 60)
    assert doctor.server.asked.count("lacking files") == 2
    doctor.server.goes_away()
    await doctor.clock.passes(60)
    doctor.server.files.clear()
    doctor.server.comes_back()
    await doctor.clock.passes(120)
    assert doctor.server.files == {name: data}


async def test_a_file_that_the_server_erased_is_not_brought_again(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    doctor.server.refuses_files = Code.FILE_ERASED
    await recorded(doctor)
    await doctor.clock.passes(60)
    assert await doctor.acts.read(lambda unit: unit.attachments.unsent()) == []
    assert state(doctor).stuck_file is None


async def test_what_is_being_sent_is_told_until_it_is_there(doctor: DeskOnFakes) -> None:
    await in_chart(doctor)
    told: list[Sending | None] = []
    doctor.sync.file_sending.listen(told.append)
    await recorded(doctor)
    await in_step(doctor)
    sent = [sending.bytes_sent for sending in told if sending is not None]
    assert sent and sent[-1] > 2000
    assert told[-1] is None
