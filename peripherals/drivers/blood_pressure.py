"""What the codecs of blood-pressure monitors find, and the measurement that becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from app.domain.device import DeviceIdentity
from app.domain.failures import Code
from app.domain.ids import VisitId
from app.domain.measurement import Measurement, QualityFlag, Quantity, VitalKind
from peripherals.drivers.wall_clock import instant_of
from peripherals.moment import Moment

MMHG_PER_KPA = Decimal("7.500617")
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class BloodPressure:
    """One result. `facts` are for support: what else stands in the frame, never an identifier."""

    systolic: Decimal
    diastolic: Decimal
    raw: bytes
    mean: Decimal | None = None
    pulse: Decimal | None = None
    wall_clock: datetime | None = None
    quality: frozenset[QualityFlag] = frozenset()
    is_kpa: bool = False
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)

    def measured(
        self, device: DeviceIdentity, visit: VisitId | None, at: Moment, *flags: QualityFlag
    ) -> Measurement:
        quantities = [
            Quantity(VitalKind.SYSTOLIC_MMHG, self._mmhg(self.systolic)),
            Quantity(VitalKind.DIASTOLIC_MMHG, self._mmhg(self.diastolic)),
        ]
        if self.mean is not None:
            quantities.append(Quantity(VitalKind.MEAN_ARTERIAL_MMHG, self._mmhg(self.mean)))
        if self.pulse is not None:
            quantities.append(Quantity(VitalKind.PULSE_PER_MINUTE, self.pulse))
        return Measurement(
            visit=visit,
            quantities=tuple(quantities),
            device=device,
            device_time=None if self.wall_clock is None else instant_of(self.wall_clock),
            received_at=at.utc,
            frame_sha256=sha256(self.raw).hexdigest(),
            quality=self.quality | set(flags),
        )

    def remembered(self, device: DeviceIdentity, at: Moment) -> Measurement:
        """Of the device's memory: taken some time ago, of somebody."""
        undated = [QualityFlag.UNDATED] if self.wall_clock is None else []
        return self.measured(device, None, at, QualityFlag.FROM_MEMORY, *undated)

    def _mmhg(self, pressure: Decimal) -> Decimal:
        return (pressure * MMHG_PER_KPA).quantize(TENTH) if self.is_kpa else pressure


@dataclass(frozen=True, slots=True)
class Failed:
    """The device ended without numbers, or with such as it cannot measure; `told` for support."""

    reason: Code
    told: str
    raw: bytes
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dump:
    """All that a device remembers, in its order; a record that cannot be read is a Failed."""

    records: tuple[BloodPressure | Failed, ...]
    raw: bytes
