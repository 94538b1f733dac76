"""What a person counts and sees: kept like a reading; which scale holds, a clinician says."""

from typing import Any

import pytest

from app.domain.failures import Code, Rejected
from app.domain.measurement import VitalKind
from app.domain.news2 import Consciousness
from app.domain.visits import VisitState
from app.services.observations import Observation
from tests.fakes.time_loop import settled
from tests.unit.services.given import DeskOnFakes, Known

SEEN = Observation(18, is_on_oxygen=True, consciousness=Consciousness.CONFUSION)
WITH_SCALE = Observation(18, is_on_oxygen=True, consciousness=Consciousness.ALERT, spo2_scale=2)


async def in_visit(desk: DeskOnFakes, state: VisitState = VisitState.IN_VISIT) -> Known:
    known = await desk.knows_visit(state)
    await desk.chart.open(known.visit)
    desk.listens()
    await settled()
    return known


async def test_it_is_a_reading_of_this_patient_by_hand(cart: DeskOnFakes) -> None:
    known = await in_visit(cart)
    await cart.observations.keep(SEEN)
    await settled()
    [pending] = await cart.pending()
    fields: dict[str, Any] = dict(pending.change.fields_set)
    assert (pending.change.visit, pending.change.patient) == (known.visit, known.patient)
    assert fields["device"]["kind"] == "by-hand"
    assert {one["kind"]: one["value"] for one in fields["quantities"]} == {
        "respiration-per-minute": "18",
        "oxygen-given": "1",
        "consciousness-acvpu": "1",
    }
    [reading] = cart.chart.state.value.readings
    assert reading.measured.value_of(VitalKind.RESPIRATION_PER_MINUTE) == 18


async def test_the_second_scale_is_a_clinicians_choice(
    cart: DeskOnFakes, doctor: DeskOnFakes
) -> None:
    await in_visit(cart)
    with pytest.raises(Rejected) as caught:
        await cart.observations.keep(WITH_SCALE)
    assert caught.value.code is Code.NOT_ALLOWED
    await in_visit(doctor)
    await doctor.observations.keep(WITH_SCALE)
    assert len(await doctor.pending()) == 1


@pytest.mark.parametrize("breaths", [0, 81, 999])
async def test_what_nobody_breathes_is_refused(cart: DeskOnFakes, breaths: int) -> None:
    await in_visit(cart)
    with pytest.raises(Rejected) as caught:
        await cart.observations.keep(Observation(breaths, False, Consciousness.ALERT))
    assert caught.value.code is Code.OUT_OF_RANGE
    assert await cart.pending() == []


async def test_nothing_is_added_to_a_visit_that_is_over(cart: DeskOnFakes) -> None:
    await in_visit(cart, VisitState.FINISHED)
    with pytest.raises(Rejected) as caught:
        await cart.observations.keep(SEEN)
    assert caught.value.code is Code.NO_VISIT_OPEN
