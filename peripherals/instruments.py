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
    """Rejected(DRIVER_UNKNOWN) for a driver that is none of ours. `traces`: record the lines."""
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
    """What kind it is follows from the driver; the last one of a kind counts."""
    unknown = next((driver for driver, _ in named if driver not in drivers), None)
    if unknown is not None:
        raise Rejected(Code.DRIVER_UNKNOWN, unknown)
    found = {
        drivers[driver].kind: NamedInstrument(drivers[driver].kind, port, driver)
        for driver, port in named
    }
    return tuple(found.values())
