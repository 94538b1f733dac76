"""What a person makes of a conflict: changes like any other, which every desk sees and may undo."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.changes import Change, ChangeResult, FeedPage, Json, Outcome, RecordType
from app.domain.conflicts import Conflict, Take
from app.domain.failures import Code, Rejected
from app.domain.ids import ChangeId, DeviceId, PersonId
from app.domain.people import Person
from app.services.acts import Acts
from app.services.conflicts import Conflicts, all_as_they_stand
from app.services.unsent import Unsent
from tests.fakes.inline_store import InlineStore, inline_store
from tests.fakes.time_loop import LoopClock
from tests.store.given import NOON, PATIENT, confirmed, new_change, patient_fields

LIN = Person(PersonId(UUID(int=0xA)), "Dr Lin", Role.CLINICIAN)
CONFLICT = ChangeId(UUID(int=0xF))


def conflict_fields() -> dict[str, Json]:
    return {
        "record_type": "patient",
        "record": str(PATIENT),
        "patient": str(PATIENT),
        "visit": None,
        "base": {"allergies": ""},
        "mine": {"fields": {"allergies": "Latex"}, "received_at": NOON.isoformat()},
        "theirs": {"fields": {"allergies": "Penicillin"}},
        "resolution": None,
    }


class Given:
    """A desk to which the feed brought a patient and a conflict about the allergies."""

    def __init__(self, store: InlineStore) -> None:
        self.store = store
        self.acts = Acts(store, LoopClock(asyncio.get_running_loop()), DeviceId(UUID(int=1)))
        self.acts.now_acting(LIN)
        self.conflicts = Conflicts(self.acts)
        self.unsent = Unsent(self.acts)

    async def conflict(self) -> Conflict:
        [found] = await self.acts.read(all_as_they_stand)
        return found

    async def waiting(self) -> list[Change]:
        return await self.acts.read(lambda unit: unit.outbox.waiting(10))

    async def stands(self, words: str, position: int) -> None:
        record = confirmed(
            RecordType.PATIENT,
            {**patient_fields(), "allergies": words},
            PATIENT,
            version=position,
            position=position,
        )
        page = FeedPage(position - 1, position, (record,), has_more=False)
        await self.acts.read(lambda unit: unit.records.apply(page))


@pytest.fixture
async def given() -> AsyncIterator[Given]:
    with inline_store() as store:
        desk = Given(store)
        kept = replace(
            confirmed(RecordType.CONFLICT, conflict_fields(), CONFLICT, position=1), visit=None
        )
        page = FeedPage(0, 1, (kept,), has_more=False)
        await desk.acts.read(lambda unit: unit.records.apply(page))
        await desk.stands("Penicillin", 2)
        yield desk
        await desk.conflicts.close()
        await desk.unsent.close()


@pytest.mark.parametrize(
    ("take", "anew", "words"),
    [
        (Take.MINE, None, "Latex"),
        (Take.BOTH, None, "Penicillin\nLatex"),
        (Take.ANEW, {"allergies": "None known"}, "None known"),
    ],
)
async def test_a_decision_is_two_changes(
    given: Given, take: Take, anew: dict[str, Json] | None, words: str
) -> None:
    await given.conflicts.resolve(await given.conflict(), take, anew)
    patient, decision = await given.waiting()
    assert patient.fields_set == {"allergies": words}
    assert patient.previous == {"allergies": "Penicillin"}
    assert decision.record == CONFLICT
    resolution = decision.fields_set["resolution"]
    assert isinstance(resolution, dict)
    assert resolution["before"] == {"allergies": "Penicillin"}
    events = await given.acts.read(lambda unit: unit.audit.unacknowledged(9))
    assert [item.event.act for item in events] == [Act.CONFLICT_RESOLVED]


async def test_theirs_changes_nothing_but_the_conflict(given: Given) -> None:
    await given.conflicts.resolve(await given.conflict(), Take.THEIRS)
    [decision] = await given.waiting()
    assert decision.record_type is RecordType.CONFLICT
    assert not (await given.conflict()).is_open


async def test_undone_it_is_open_again_upon_what_stood(given: Given) -> None:
    await given.conflicts.resolve(await given.conflict(), Take.MINE)
    await given.conflicts.undo(await given.conflict())
    conflict = await given.conflict()
    assert (conflict.is_open, conflict.stands) == (True, {"allergies": "Penicillin"})


async def test_who_did_not_see_what_stands_now_looks_once_more(given: Given) -> None:
    seen = await given.conflict()
    await given.stands("Aspirin", 3)
    with pytest.raises(Rejected) as refusal:
        await given.conflicts.resolve(seen, Take.MINE)
    assert refusal.value.code is Code.CONFLICT
    await given.conflicts.resolve(await given.conflict(), Take.MINE)


async def test_what_moved_on_since_is_not_undone(given: Given) -> None:
    await given.conflicts.resolve(await given.conflict(), Take.MINE)
    seen = await given.conflict()
    await given.acts.do(
        lambda unit: unit.outbox.add(
            new_change(RecordType.PATIENT, {"allergies": "Dust"}, PATIENT, base_version=2)
        )
    )
    with pytest.raises(Rejected):
        await given.conflicts.undo(seen)
    with pytest.raises(Rejected):
        await given.conflicts.undo(await given.conflict())


@pytest.mark.parametrize("is_anew", [True, False])
async def test_the_unsent_list_decides_the_conflict_for_all(given: Given, is_anew: bool) -> None:
    new = new_change(RecordType.PATIENT, {"allergies": "Dust"}, PATIENT, base_version=2)
    change = await given.acts.do(lambda unit: unit.outbox.add(new))
    kept = confirmed(
        RecordType.CONFLICT,
        {**conflict_fields(), "mine": {"fields": {"allergies": "Dust"}}},
        change.id,
        position=7,
    )
    result = ChangeResult(change.id, Outcome.CONFLICT, Code.CONFLICT, None, kept)
    await given.acts.do(lambda unit: unit.outbox.settle(result))
    await (given.unsent.write_anew if is_anew else given.unsent.give_up)(change.id)
    decisions = [one for one in await given.waiting() if one.record == change.id]
    resolution = json.loads(json.dumps(decisions[0].fields_set["resolution"]))
    assert resolution["take"] == ("mine" if is_anew else "theirs")


async def test_mine_is_a_change_of_its_own_while_the_server_is_asked_once_more(
    given: Given,
) -> None:
    """The change in conflict waits, and would be shown; with the decision it is let go."""
    new = new_change(RecordType.PATIENT, {"allergies": "Dust"}, PATIENT, base_version=1)
    change = await given.acts.do(lambda unit: unit.outbox.add(new))
    fields = {**conflict_fields(), "mine": {"fields": {"allergies": "Dust"}}}
    kept = confirmed(RecordType.CONFLICT, fields, change.id, position=3)
    no = ChangeResult(
        change.id, Outcome.CONFLICT, Code.CONFLICT, conflict=replace(kept, visit=None)
    )
    await given.acts.read(lambda unit: unit.outbox.settle(no))
    await given.acts.read(lambda unit: unit.records.load_scope())
    [conflict] = [
        one for one in await given.acts.read(all_as_they_stand) if one.change == change.id
    ]
    assert conflict.stands == {"allergies": "Penicillin"}
    await given.conflicts.resolve(conflict, Take.MINE)
    waiting = await given.acts.read(lambda unit: unit.outbox.all())
    again, taken, decision = [item.change for item in waiting]
    assert again.id == change.id
    assert (taken.fields_set, taken.previous) == (
        {"allergies": "Dust"},
        {"allergies": "Penicillin"},
    )
    assert decision.record == change.id
