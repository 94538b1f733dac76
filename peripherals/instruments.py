"""The instruments of this machine: those that the command line names, and those chosen here."""

from collections.abc import Callable, Sequence
from pathlib import Path

from app.domain.clock import Clock
from app.domain.device import DeviceKind
from app.domain.device_binding import NamedInstrument
from app.domain.failures import Code, Rejected
from peripherals.catalogue import DRIVERS
from peripherals.drivers.driver import Driver
from peripherals.finding.instrument_desk import KINDS, InstrumentDesk

DriverAndPort = tuple[str, str]

DEVICE_DRIVERS = [driver.name for driver in DRIVERS.values() if driver.kind in KINDS]
CUFF_DRIVERS = [
    driver.name for driver in DRIVERS.values() if driver.kind is DeviceKind.BLOOD_PRESSURE_CUFF
]


def instruments_of(
    profile: Path,
    named: Sequence[DriverAndPort],
    clock: Clock,
    on_defect: Callable[[BaseException], None],
    *,
    traces: Path | None = None,
) -> InstrumentDesk:
    """Rejected(DRIVER_UNKNOWN) for a driver that is none of ours, (DEVICE_NAMED_TWICE) for two of
    one kind. `traces`: record the lines.
    """
    return InstrumentDesk(
        profile,
        DRIVERS,
        clock,
        named=named_instruments(named, DRIVERS),
        traces=traces,
        on_defect=on_defect,
    )


def named_instruments(
    named: Sequence[DriverAndPort], drivers: dict[str, Driver]
) -> tuple[NamedInstrument, ...]:
    """What kind it is follows from the driver. Of two of a kind none is left out in silence."""
    unknown = next((driver for driver, _ in named if driver not in drivers), None)
    if unknown is not None:
        raise Rejected(Code.DRIVER_UNKNOWN, unknown)
    kinds = [drivers[driver].kind for driver, _ in named]
    if twice := next((kind for kind in kinds if kinds.count(kind) > 1), None):
        raise Rejected(Code.DEVICE_NAMED_TWICE, twice)
    return tuple(
        NamedInstrument(kind, port, driver)
        for kind, (driver, port) in zip(kinds, named, strict=True)
    )
