"""A screen that nobody touches locks itself, and holds nothing of any patient then."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from app.domain.audit import Act
from app.services.idle_lock import LOOK_EVERY_S, IdleLock
from app.services.sign_in import SignInPhase
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes

AFTER_S = 300.0


@asynccontextmanager
async def watched(
    desk: DeskOnFakes,
    after_s: float | None = AFTER_S,
    is_busy: Callable[[], bool] = lambda: False,
) -> AsyncIterator[IdleLock]:
    desk.listens()
    lock = IdleLock(
        sign_in=desk.sign_in,
        clock=desk.clock,
        after_s=after_s,
        is_busy=is_busy,
        shown=(desk.worklist, desk.unsent, desk.desk),
        rest=desk.store.rest,
        stay_awake=desk.store.stay_awake,
    )
    await desk.sign_in.sign_in("dr-lin", "good password")
    lock.start()
    try:
        yield lock
    finally:
        await lock.close()


def phase(desk: DeskOnFakes) -> SignInPhase:
    return desk.sign_in.state.value.phase


def held(desk: DeskOnFakes) -> tuple[bool, int]:
    """Whether a chart is in memory, and how many rows of today's list."""
    return desk.chart.state.value.row is not None, len(desk.worklist.state.value.rows)


async def test_it_locks_when_nobody_has_touched_it(doctor: DeskOnFakes) -> None:
    async with watched(doctor) as lock:
        for _ in range(10):
            await doctor.clock.passes(AFTER_S / 2)
            lock.touched()
            assert phase(doctor) is SignInPhase.SIGNED_IN
        await doctor.clock.passes(AFTER_S + 2 * LOOK_EVERY_S)
        assert phase(doctor) is SignInPhase.LOCKED
        assert doctor.sign_in.state.value.was_idle
        assert Act.SCREEN_LOCKED in await doctor.acts_audited()


async def test_a_call_or_a_measurement_is_never_hidden(doctor: DeskOnFakes) -> None:
    runs = [True]
    async with watched(doctor, is_busy=lambda: bool(runs)):
        await doctor.clock.passes(10 * AFTER_S)
        assert phase(doctor) is SignInPhase.SIGNED_IN
        runs.clear()
        await doctor.clock.passes(AFTER_S - 2 * LOOK_EVERY_S)
        assert phase(doctor) is SignInPhase.SIGNED_IN  # the time begins when it is over
        await doctor.clock.passes(4 * LOOK_EVERY_S)
        assert phase(doctor) is SignInPhase.LOCKED


async def test_nothing_of_a_patient_stays_in_memory_until_somebody_unlocks(
    doctor: DeskOnFakes,
) -> None:
    known = await doctor.knows_visit()
    async with watched(doctor):
        await doctor.desk.open(known.visit)
        await settled()
        assert held(doctor) == (True, 1)
        await doctor.clock.passes(AFTER_S + 2 * LOOK_EVERY_S)
        assert held(doctor) == (False, 0)
        await doctor.knows_visit(family_name="Roe")  # the feed goes on meanwhile
        await settled()
        assert held(doctor) == (False, 0)
        await doctor.sign_in.unlock("good password")
        await doctor.desk.show_chart()
        await settled()
        assert doctor.chart.row.visit.id == known.visit
        assert held(doctor) == (True, 2)
        assert not doctor.sign_in.state.value.was_idle


async def test_whoever_locks_by_hand_is_told_no_other_reason(doctor: DeskOnFakes) -> None:
    async with watched(doctor):
        await doctor.sign_in.lock()
        assert not doctor.sign_in.state.value.was_idle
        await doctor.clock.passes(2 * AFTER_S)
        await doctor.sign_in.unlock("good password")
        await doctor.clock.passes(AFTER_S / 2)
        assert phase(doctor) is SignInPhase.SIGNED_IN


async def test_a_screen_may_be_told_never_to_lock_itself(doctor: DeskOnFakes) -> None:
    async with watched(doctor, after_s=None):
        await doctor.clock.passes(100 * AFTER_S)
        assert phase(doctor) is SignInPhase.SIGNED_IN
