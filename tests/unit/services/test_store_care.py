"""The store's care goes on beside the work, gives way to calls, and stops at damage."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.domain.audit import Act
from app.domain.failures import Code, Failure, Unavailable, Untrusted
from app.services.store_care import (
    AFTER_START_S,
    ROUND_EVERY_S,
    SNAPSHOT_EVERY_S,
    STEP_EVERY_S,
    CareState,
    StoreCare,
)
from tests.unit.services.given import DeskOnFakes


@dataclass
class FakeUpkeep:
    """A store of five steps to the round."""

    done: list[str] = field(default_factory=list)
    fails: Failure | None = None
    steps: int = 0
    copied_at_s: float | None = None
    retired_before: datetime | None = None
    due: int = 0

    async def check_step(self) -> bool:
        if self.fails is not None:
            raise self.fails
        self.steps += 1
        return self.steps % 5 == 0

    async def compact_journal(self) -> bool:
        self.done.append("compacted")
        return True

    async def make_snapshot(self) -> None:
        self.done.append("copied")
        self.copied_at_s = asyncio.get_running_loop().time()

    def snapshot_age_s(self) -> float | None:
        if self.copied_at_s is None:
            return None
        return asyncio.get_running_loop().time() - self.copied_at_s

    async def retire(self, before: datetime) -> int:
        self.done.append("retired")
        self.retired_before = before
        return self.due


@asynccontextmanager
async def caring(
    desk: DeskOnFakes,
    upkeep: FakeUpkeep,
    is_busy: Callable[[], bool] = lambda: False,
    **more: Any,
) -> AsyncIterator[StoreCare]:
    care = StoreCare(upkeep=upkeep, acts=desk.acts, is_busy=is_busy, **more)
    care.start()
    try:
        yield care
    finally:
        await care.close()


async def test_first_the_person_then_a_round_in_steps_then_an_hour(doctor: DeskOnFakes) -> None:
    upkeep = FakeUpkeep()
    async with caring(doctor, upkeep) as care:
        await doctor.clock.passes(AFTER_START_S - 1)
        assert upkeep.steps == 0
        await doctor.clock.passes(1 + 5 * STEP_EVERY_S)
        assert upkeep.steps == 5
        assert upkeep.done == ["compacted", "copied"]
        assert care.state.value.checked_at is not None
        await doctor.clock.passes(ROUND_EVERY_S / 2)
        assert upkeep.steps == 5
        await doctor.clock.passes(ROUND_EVERY_S)
        assert upkeep.steps == 10
        assert upkeep.done.count("copied") == 1  # one copy a day
        await doctor.clock.passes(SNAPSHOT_EVERY_S)
        assert upkeep.done.count("copied") == 2


async def test_a_call_is_not_disturbed(doctor: DeskOnFakes) -> None:
    upkeep, calls = FakeUpkeep(), [True]
    async with caring(doctor, upkeep, lambda: bool(calls)):
        await doctor.clock.passes(AFTER_START_S + 100)
        assert upkeep.steps == 0
        calls.clear()
        await doctor.clock.passes(STEP_EVERY_S * 7)
        assert upkeep.steps == 5


async def test_damage_is_told_noted_and_never_copied(doctor: DeskOnFakes) -> None:
    upkeep = FakeUpkeep(fails=Untrusted(Code.STORE_DAMAGED, "a page"))
    async with caring(doctor, upkeep) as care:
        await doctor.clock.passes(AFTER_START_S + 1)
        assert care.state.value.damage is Code.STORE_DAMAGED
        await doctor.clock.passes(2 * ROUND_EVERY_S)
        assert upkeep.done == []
    found = [event for event in await doctor.audited() if event.act is Act.STORE_FOUND_DAMAGED]
    assert [event.code for event in found] == [Code.STORE_DAMAGED]


async def test_damage_that_even_the_audit_cannot_be_written_over_is_told(
    doctor: DeskOnFakes,
) -> None:
    upkeep = FakeUpkeep(fails=Untrusted(Code.STORE_DAMAGED, "a page"))
    async with caring(doctor, upkeep) as care:
        doctor.store.worker.is_full = True
        await doctor.clock.passes(AFTER_START_S + 1)
        assert care.state.value.damage is Code.STORE_DAMAGED
        doctor.store.worker.is_full = False


async def test_a_full_disk_is_tried_again_in_the_next_round(doctor: DeskOnFakes) -> None:
    upkeep = FakeUpkeep(fails=Unavailable(Code.STORE_FULL, "snapshot"))
    async with caring(doctor, upkeep) as care:
        await doctor.clock.passes(AFTER_START_S + 1)
        upkeep.fails = None
        await doctor.clock.passes(ROUND_EVERY_S + 5 * STEP_EVERY_S)
        assert upkeep.done == ["compacted", "copied"]
        assert care.state.value.damage is None


async def test_patients_go_only_where_the_clinic_says_when(doctor: DeskOnFakes) -> None:
    upkeep = FakeUpkeep(due=2)
    async with caring(doctor, upkeep):
        await doctor.clock.passes(AFTER_START_S + 5)
    assert "retired" not in upkeep.done
    upkeep = FakeUpkeep(due=2)
    async with caring(doctor, upkeep, keep_for=timedelta(days=30)):
        await doctor.clock.passes(AFTER_START_S + 5)
    assert upkeep.done == ["compacted", "retired", "copied"]  # the copy after, so that it forgets
    assert upkeep.retired_before is not None
    age = doctor.clock.now() - upkeep.retired_before
    assert timedelta(days=30) <= age < timedelta(days=30, minutes=5)
    assert Act.RECORDS_RETIRED in await doctor.acts_audited()


@pytest.mark.parametrize(
    ("told", "act"),
    [
        ({"put_back": 2}, Act.STORE_RESTORED),
        ({"put_back": 2, "was_begun_anew": True}, Act.STORE_BEGUN_ANEW),
        ({}, None),
    ],
)
async def test_what_befell_the_store_is_noted_once(
    doctor: DeskOnFakes, told: dict[str, Any], act: Act | None
) -> None:
    async with caring(doctor, FakeUpkeep(), **told) as care:
        await doctor.clock.passes(AFTER_START_S + 5)
        assert care.state.value.put_back == told.get("put_back", 0)
    acts = await doctor.acts_audited()
    wanted = [] if act is None else [act]
    assert [one for one in acts if one in (Act.STORE_RESTORED, Act.STORE_BEGUN_ANEW)] == wanted


async def test_in_memory_nothing_is_cared_for(doctor: DeskOnFakes) -> None:
    care = StoreCare(upkeep=None, acts=doctor.acts, is_busy=lambda: False)
    care.start()
    await doctor.clock.passes(AFTER_START_S + 5)
    assert care.state.value == CareState()
    await care.close()
