"""What a person counts, sees and chooses for the early warning score, kept like any reading."""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal

from app.domain.access import Action, may
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId, new_id
from app.domain.measurement import Measurement, Quantity, VitalKind
from app.domain.news2 import Consciousness
from app.domain.reading import Reading
from app.services.acts import Acts
from app.services.chart import Chart
from app.services.readings import TellFar, kept_words, must_be_allowed, write_reading

BY_HAND = DeviceIdentity(DeviceKind.BY_HAND, "", "")


@dataclass(frozen=True, slots=True)
class Observation:
    """All three of one moment. `spo2_scale` is a clinician's choice; None: as it was."""

    respiration_per_minute: int
    is_on_oxygen: bool
    consciousness: Consciousness
    spo2_scale: int | None = None


class Observations:
    def __init__(self, acts: Acts, chart: Chart, tell_far: TellFar) -> None:
        self._acts = acts
        self._chart = chart
        self._tell_far = tell_far

    async def keep(self, observation: Observation) -> RecordId:
        row, person = self._chart.row, self._acts.person
        must_be_allowed(row, person)
        chooses = observation.spo2_scale is not None
        if chooses and not may(person.role, Action.CHOOSE_SPO2_SCALE):
            raise Rejected(Code.NOT_ALLOWED)
        stamp = self._acts.stamp()
        typed = typed_of(observation)
        reading = Reading(
            id=RecordId(new_id()),
            visit=row.visit.id,
            patient=row.patient.id,
            measured=Measurement(
                visit=row.visit.id,
                quantities=typed,
                device=BY_HAND,
                device_time=None,
                received_at=stamp.device_time,
                frame_sha256=_digest(typed),
            ),
            kept_at=stamp.device_time,
            kept_by=person.id,
        )
        await self._acts.do(lambda unit: write_reading(unit, self._acts, reading, stamp))
        self._tell_far(reading.visit, kept_words(reading))
        return reading.id


def typed_of(observation: Observation) -> tuple[Quantity, ...]:
    place = tuple(Consciousness).index(observation.consciousness)
    numbers = {
        VitalKind.RESPIRATION_PER_MINUTE: observation.respiration_per_minute,
        VitalKind.OXYGEN_GIVEN: int(observation.is_on_oxygen),
        VitalKind.CONSCIOUSNESS_ACVPU: place,
        VitalKind.SPO2_SCALE: observation.spo2_scale,
    }
    return tuple(
        Quantity(kind, Decimal(number)) for kind, number in numbers.items() if number is not None
    )


def _digest(typed: tuple[Quantity, ...]) -> str:
    """No frame came: what was typed stands for it."""
    words = [[str(quantity.kind), str(quantity.value)] for quantity in typed]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()
