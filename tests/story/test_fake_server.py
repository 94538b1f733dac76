"""The server's fake and the real one keep the same promises: each row runs against both."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.domain.access import Role
from app.domain.audit import EMPTY_CHAIN, Act, AuditEvent, DeviceEvent, extended, leaf_of
from app.domain.changes import Change, FeedCursor, Json, Outcome, RecordType
from app.domain.clock import Stamp
from app.domain.failures import Code, Rejected, Untrusted
from app.domain.ids import ChangeId, DeviceId, EventId, RecordId, new_id
from app.domain.server_words import DeviceCredentials
from app.domain.visits import VisitState
from app.remote.address import server_address
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.tokens import Tokens
from app.services.ports import ServerApi as Port
from tests.fakes.network import Network
from tests.fakes.server import FakeServer
from tests.fakes.time_loop import MORNING
from tests.server.given import PASSWORD
from tests.story.clinic import ADDRESS, Booked, Clinic
from tests.unit.services.given import Known, patient_record, visit_record

KEY = hashlib.sha256(b"a device of the tests").digest()


class Signed:
    """A device with a person signed in at it, and one visit that the server has."""

    def __init__(self, api: Port, booked: Booked, username: str, password: str) -> None:
        self.api = api
        self.booked = booked
        self.device = DeviceCredentials(DeviceId(new_id()), "desk", KEY)
        self.certificate: str | None = None
        self._who = (username, password)
        self._counter = 0

    async def sign_in(self) -> None:
        signed_in = await self.api.sign_in(
            *self._who, Role.CLINICIAN, self.device, self.certificate
        )
        self.person, self.certificate = signed_in.person, signed_in.certificate

    def change(
        self,
        record_type: RecordType,
        record: RecordId,
        base_version: int,
        seen: dict[str, Json] | None = None,
        **fields: str,
    ) -> Change:
        self._counter += 1
        return Change(
            id=ChangeId(new_id()),
            record_type=record_type,
            record=record,
            base_version=base_version,
            fields_set=dict(fields),
            previous=seen or {},
            device=self.device.id,
            counter=self._counter,
            stamp=Stamp(MORNING),
            author=self.person.id,
            patient=self.booked.patient,
            visit=self.booked.visit,
        )

    def note(self, text: str) -> Change:
        return self.change(
            RecordType.NOTE,
            RecordId(new_id()),
            0,
            visit=str(self.booked.visit),
            patient=str(self.booked.patient),
            text=text,
            author=str(self.person.id),
            author_name=self.person.name,
            written_at=MORNING.isoformat(),
        )

    def move(
        self, state: VisitState, base_version: int, was: VisitState = VisitState.BOOKED
    ) -> Change:
        visit = RecordId(self.booked.visit)
        seen: dict[str, Json] = {"state": str(was)}
        return self.change(RecordType.VISIT, visit, base_version, seen, state=str(state))

    async def outcome(self, change: Change) -> tuple[Outcome, Code | None]:
        [result] = (await self.api.push([change], [])).results
        assert result.change == change.id
        return result.outcome, result.code


@pytest.fixture(params=["fake", "real"])
async def signed(
    request: pytest.FixtureRequest, clinic: Clinic, tmp_path: Path
) -> AsyncIterator[Signed]:
    if request.param == "fake":
        fake = FakeServer(clinic.clock)
        patient, visit = clinic.server.add_visit()
        known = Known(visit, patient)
        fake.holds(patient_record(known, "Doe", 0))
        fake.holds(visit_record(known, VisitState.BOOKED, MORNING.isoformat(), 0))
        desk = Signed(fake, Booked(known.visit, known.patient), "dr-lin", "good password")
        await desk.sign_in()
        yield desk
        return
    clinic.server.add_person("dr-lin", "Dr Lin", Role.CLINICIAN)
    booked = clinic.books_a_visit()
    network, device = Network(clinic.server.app), DeviceId(new_id())
    address = server_address(ADDRESS)
    async with ServerApi(ServerPlaces(address), Tokens(), clinic.clock, device, network) as api:
        desk = Signed(api, booked, "dr-lin", PASSWORD)
        desk.device = DeviceCredentials(device, "desk", KEY)
        await desk.sign_in()
        yield desk


async def test_a_change_is_accepted_once_and_then_already_there(signed: Signed) -> None:
    note = signed.note("once")
    assert await signed.outcome(note) == (Outcome.ACCEPTED, None)
    assert await signed.outcome(note) == (Outcome.ALREADY_THERE, None)
    [stored] = (await signed.api.feed(FeedCursor(2))).records  # after patient and visit
    assert (stored.record, stored.version, json.loads(stored.body)["text"]) == (
        note.record,
        1,
        "once",
    )


async def test_a_base_version_that_is_not_current_is_a_conflict_with_what_stands_there(
    signed: Signed,
) -> None:
    assert await signed.outcome(signed.move(VisitState.IN_VISIT, 1)) == (Outcome.ACCEPTED, None)
    late = signed.move(VisitState.IN_VISIT, 1)
    [result] = (await signed.api.push([late], [])).results
    assert (result.outcome, result.code) == (Outcome.CONFLICT, Code.CONFLICT)
    assert result.record is not None
    assert (result.record.version, json.loads(result.record.body)["state"]) == (2, "in-visit")


async def test_the_right_version_with_other_values_is_a_conflict(signed: Signed) -> None:
    """A device counts a change that was refused: another's may have got its number."""
    assert await signed.outcome(signed.move(VisitState.IN_VISIT, 1)) == (Outcome.ACCEPTED, None)
    behind_a_refused = signed.move(VisitState.FINISHED, 2, was=VisitState.BOOKED)
    assert await signed.outcome(behind_a_refused) == (Outcome.CONFLICT, Code.CONFLICT)
    seen = signed.move(VisitState.FINISHED, 2, was=VisitState.IN_VISIT)
    assert await signed.outcome(seen) == (Outcome.ACCEPTED, None)


async def test_a_bad_change_does_not_hold_up_the_good_ones_beside_it(signed: Signed) -> None:
    good, bad, other = signed.note("one"), signed.move(VisitState.IN_VISIT, 7), signed.note("two")
    answer = await signed.api.push([good, bad, other], [])
    assert [result.change for result in answer.results] == [good.id, bad.id, other.id]
    assert [result.outcome for result in answer.results] == [
        Outcome.ACCEPTED,
        Outcome.CONFLICT,
        Outcome.ACCEPTED,
    ]


async def test_the_feed_is_in_order_and_goes_to_its_end(signed: Signed) -> None:
    made = [signed.note(f"note {number}") for number in range(7)]
    await signed.api.push(made, [])
    since, positions, records = 0, [], []
    while True:
        page = await signed.api.feed(FeedCursor(since))
        assert page.since == since
        positions += [record.position for record in page.records]
        records += [record.record for record in page.records]
        since = page.until
        if not page.has_more:
            break
    assert positions == sorted(set(positions))
    assert since == positions[-1]
    assert [record for record in records if record in {c.record for c in made}] == [
        change.record for change in made
    ]
    again = await signed.api.feed(FeedCursor(since))
    assert (again.records, again.until, again.has_more) == ((), since, False)


async def test_the_chain_leads_from_what_was_seen_to_the_head(signed: Signed) -> None:
    held = EMPTY_CHAIN
    for text in ("one", "two"):
        await signed.outcome(signed.note(text))
        while True:
            part = await signed.api.chain(held.count)
            assert part.since == held.count
            held = extended(held, part.leaves)
            assert held == part.head
            if not part.has_more:
                break
    assert held.count > 0


def event_of(signed: Signed, number: int, digest_before: str) -> DeviceEvent:
    event = AuditEvent(EventId(new_id()), Act.PATIENT_OPENED, MORNING, signed.person.id)
    before = type(EMPTY_CHAIN)(number - 1, digest_before)
    return DeviceEvent(number, extended(before, [leaf_of(event.canonical())]).digest, event)


async def test_a_devices_events_are_held_without_a_gap_and_once(signed: Signed) -> None:
    first = event_of(signed, 1, EMPTY_CHAIN.digest)
    second = event_of(signed, 2, first.digest)
    third = event_of(signed, 3, second.digest)
    assert (await signed.api.push([], [first])).events_until == 1
    assert (await signed.api.push([], [third])).events_until == 1
    assert (await signed.api.push([], [first, second, third])).events_until == 3


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 1000):
        yield data[at : at + 1000]


async def test_a_file_is_there_once_its_last_part_came(signed: Signed) -> None:
    data = bytes(range(256)) * 20
    name = hashlib.sha256(data).hexdigest()
    assert not await signed.api.has_file(name)
    assert await signed.api.lacking_files([name]) == [name]
    assert await signed.api.begin_upload(name, len(data)) == 0
    assert await signed.api.put_part(name, 0, data[:2000], in_pieces(data[:2000])) == 2000
    assert await signed.api.begin_upload(name, len(data)) == 2000
    with pytest.raises(Rejected) as elsewhere:
        await signed.api.put_part(name, 0, data, in_pieces(data))
    assert elsewhere.value.code is Code.OFFSET_WRONG
    assert not await signed.api.has_file(name)
    assert await signed.api.put_part(name, 2000, data[2000:], in_pieces(data[2000:])) == 5120
    assert await signed.api.has_file(name)
    assert await signed.api.lacking_files([name]) == []
    fetched = [await signed.api.get_part(name, at, 2000) for at in (0, 2000, 4000, 5120)]
    assert b"".join(part.data for part in fetched) == data
    assert {part.whole_bytes for part in fetched} == {5120}


async def test_an_upload_that_nobody_began_is_not_found(signed: Signed) -> None:
    with pytest.raises(Rejected) as caught:
        await signed.api.put_part("a" * 64, 0, b"part", in_pieces(b"part"))
    assert caught.value.code is Code.NOT_FOUND
    with pytest.raises(Rejected) as missing:
        await signed.api.get_part("a" * 64, 0, 100)
    assert missing.value.code is Code.NOT_FOUND


async def test_who_signed_out_is_not_answered(signed: Signed) -> None:
    await signed.api.sign_out()
    for asking in (signed.api.feed(FeedCursor(0)), signed.api.push([], []), signed.api.chain(0)):
        with pytest.raises(Rejected) as caught:
            await asking
        assert caught.value.code in (Code.TOKEN_EXPIRED, Code.TOKEN_INVALID)


@pytest.mark.parametrize("given", [("dr-lin", "bad"), ("nobody", "good password")])
async def test_a_wrong_password_and_an_unknown_name_get_one_answer(
    signed: Signed, given: tuple[str, str]
) -> None:
    with pytest.raises(Rejected) as caught:
        await signed.api.sign_in(*given, Role.CLINICIAN, signed.device, None)
    assert caught.value.code is Code.WRONG_CREDENTIALS


async def test_a_server_that_is_not_the_one_known_here_gets_nobody_signed_in(
    signed: Signed,
) -> None:
    await signed.sign_in()  # the same one again
    await signed.api.sign_out()
    signed.certificate = "of another server"
    with pytest.raises(Untrusted) as caught:
        await signed.sign_in()
    assert caught.value.code is Code.SERVER_UNTRUSTED
    with pytest.raises(Rejected):
        await signed.api.feed(FeedCursor(0))
