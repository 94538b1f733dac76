"""What a device did in one act, kept or refused whole. Whether it is plausible is asked later."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.device import DeviceIdentity
from app.domain.failures import Code, Rejected
from app.domain.ids import VisitId


class VitalKind(StrEnum):
    """The unit stands inside the name; UCUM_UNIT gives the code for records."""

    SYSTOLIC_MMHG = "systolic-mmhg"
    DIASTOLIC_MMHG = "diastolic-mmhg"
    MEAN_ARTERIAL_MMHG = "mean-arterial-mmhg"
    PULSE_PER_MINUTE = "pulse-per-minute"
    CUFF_PRESSURE_MMHG = "cuff-pressure-mmhg"
    SPO2_PERCENT = "spo2-percent"
    PERFUSION_INDEX_PERCENT = "perfusion-index-percent"
    TEMPERATURE_CELSIUS = "temperature-celsius"
    WEIGHT_KG = "weight-kg"
    GLUCOSE_MG_PER_DL = "glucose-mg-per-dl"
    # What a person counts, sees or chooses, and types in.
    RESPIRATION_PER_MINUTE = "respiration-per-minute"
    OXYGEN_GIVEN = "oxygen-given"  # 0: air, 1: oxygen
    CONSCIOUSNESS_ACVPU = "consciousness-acvpu"  # the place in Consciousness, from 0
    SPO2_SCALE = "spo2-scale"  # 1 or 2, of NEWS2


UCUM_UNIT: dict[VitalKind, str] = {
    VitalKind.SYSTOLIC_MMHG: "mm[Hg]",
    VitalKind.DIASTOLIC_MMHG: "mm[Hg]",
    VitalKind.MEAN_ARTERIAL_MMHG: "mm[Hg]",
    VitalKind.PULSE_PER_MINUTE: "/min",
    VitalKind.CUFF_PRESSURE_MMHG: "mm[Hg]",
    VitalKind.SPO2_PERCENT: "%",
    VitalKind.PERFUSION_INDEX_PERCENT: "%",
    VitalKind.TEMPERATURE_CELSIUS: "Cel",
    VitalKind.WEIGHT_KG: "kg",
    VitalKind.GLUCOSE_MG_PER_DL: "mg/dL",
    VitalKind.RESPIRATION_PER_MINUTE: "/min",
    VitalKind.OXYGEN_GIVEN: "1",
    VitalKind.CONSCIOUSNESS_ACVPU: "1",
    VitalKind.SPO2_SCALE: "1",
}


class QualityFlag(StrEnum):
    """What the device itself said of its measurement."""

    IRREGULAR = "irregular"
    MOVED = "moved"
    LOOSE_CUFF = "loose-cuff"
    POSITION = "position"
    ARTEFACT = "artefact"
    LOW_PERFUSION = "low-perfusion"
    LOW_BATTERY = "low-battery"
    FROM_MEMORY = "from-memory"  # of the device's store: taken some time ago
    UNDATED = "undated"  # the device's clock was never set


@dataclass(frozen=True, slots=True)
class Quantity:
    kind: VitalKind
    value: Decimal  # as the device said it

    def __post_init__(self) -> None:
        if not self.value.is_finite():
            raise Rejected(Code.NOT_A_NUMBER)


@dataclass(frozen=True, slots=True)
class Measurement:
    """Stamped with its visit when it was *started*; None: nobody asked, it goes to the tray."""

    visit: VisitId | None
    quantities: tuple[Quantity, ...]
    device: DeviceIdentity
    device_time: datetime | None
    received_at: datetime
    frame_sha256: str
    quality: frozenset[QualityFlag] = frozenset()

    def value_of(self, kind: VitalKind) -> Decimal | None:
        return next((q.value for q in self.quantities if q.kind is kind), None)

    @property
    def taken_at(self) -> datetime | None:
        """When the body was measured; None: nobody knows.

        Only the device's clock tells it of what lay in the device's memory.
        """
        if QualityFlag.FROM_MEMORY in self.quality:
            return self.device_time
        return self.received_at


@dataclass(frozen=True, slots=True)
class NoMeasurement:
    """The device ended without a number, and says why.

    `goes_on`: it has none now, and still measures for that visit: a finger may come back.
    """

    visit: VisitId | None
    reason: Code
    device: DeviceIdentity
    at: datetime
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class LiveValue:
    """A value that is shown while it is fresh and never stored."""

    visit: VisitId | None
    quantity: Quantity
    at: datetime
