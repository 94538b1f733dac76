"""Driver, conversation and line together: no reading of noise, and none lost because of it."""

import random
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from uuid import UUID

from app.domain.device import DeviceKind
from app.domain.failures import Rejected
from app.domain.ids import VisitId
from app.domain.measurement import LiveValue, Measurement, VitalKind
from bench.devices.amount import MEGABYTE, Amount
from bench.devices.captures import noise_of
from bench.devices.gates import STREAMS, bytes_per_s, expected
from bench.devices.simulated_line import SimulatedLine
from bench.rows import Row, not_measured, rounded
from peripherals.catalogue import ALL_DRIVERS
from peripherals.drivers.driver import Driver
from peripherals.emulators.all_emulators import EMULATORS
from peripherals.emulators.wire_faults import WireFault

VISIT = VisitId(UUID(int=1))
READY_LIMIT_S, RESULT_LIMIT_S = 10.0, 40.0
LEAD_S = 0.3  # of a true device after the start, so that the request stands
TURN_UNASKED_S = 0.5
SURROUND_S = 2.0
NOT_FOUND = "there is no emulator that is found"
REMEMBERING = {"lifescan_binary", "microlife", "bm58", "visomat"}  # all they tell is remembered
# What has no mark at its beginning cannot be told from noise that touches it.
UNMARKED = {"bm58", "ua767pc", "ble_bp", "ble_bp_bm85"}
SURROUND_UNMARKED_S = 1.0
PAUSE_S = 0.3  # between noise and what is divided by silence
TOUCHING = "random bytes and a false beginning before every frame of the device"
NONE_GOAL, HOUR_GOAL, KEPT_GOAL = "== 0", "<= 0.01", ">= 99"

# What an instrument shows next, and what of it must arrive.
Shows = Callable[[random.Random], tuple[str, Mapping[VitalKind, Decimal]]]


def rows(amount: Amount) -> Iterator[Row]:
    for driver in ALL_DRIVERS:
        if driver.kind is DeviceKind.STETHOSCOPE:
            continue  # it makes no readings
        yield _unasked(driver, amount)
        yield from _awaited(driver, amount)
        yield _kept(driver, amount)


def _unasked(driver: Driver, amount: Amount) -> Row:
    """Live values would be shown, measurements would lie in the tray: neither may come."""
    line = _ready(driver, 1, TURN_UNASKED_S)
    name = f"driver {driver.name}: readings of noise, none asked for"
    if line is None:
        return not_measured(name, "", NONE_GOAL, NOT_FOUND)
    seconds = amount.unasked_bytes / bytes_per_s(driver.line)
    came = _noisy(line, seconds)
    return Row(
        name,
        "",
        came,
        amount.unasked_bytes,
        {},
        f"{amount.unasked_bytes / MEGABYTE:g} MB of random bytes at line speed, "
        f"{seconds / 3600:.1f} h of it; measurements and live values",
        NONE_GOAL,
    )


def _noisy(line: SimulatedLine, seconds: float) -> int:
    """How many readings come of noise at line speed; what was said is let go as time passes."""
    line.is_device_on = False
    line.noise_bytes_per_s = bytes_per_s(line.driver.line)
    came, end = 0, line.seconds + seconds
    while line.seconds < end:
        line.said.clear()
        line.run(min(60.0, end - line.seconds))
        came += sum(isinstance(thing, Measurement | LiveValue) for thing in line.said)
    return came


def _awaited(driver: Driver, amount: Amount) -> Iterator[Row]:
    name = f"driver {driver.name}: readings of noise in an hour, one asked for"
    try:
        computed = expected(driver.name, driver.line)
    except KeyError:
        yield not_measured(name, "/h", HOUR_GOAL, "its gates are not written down")
    else:
        yield Row(
            name,
            "/h",
            rounded(computed.per_hour),
            1,
            {},
            f"computed in bench/devices/gates.py: a frame with a number begins at a byte of "
            f"noise with a chance of {computed.frame:.3g}, the line brings "
            f"{bytes_per_s(driver.line):.0f} bytes a second",
            HOUR_GOAL,
        )
    came, hours, times = _confirmed(driver, amount.awaited_bytes)
    name = f"driver {driver.name}: readings of noise, one asked for"
    if not times:
        yield not_measured(name, "", NONE_GOAL, NOT_FOUND)
        return
    yield Row(
        name,
        "",
        came,
        times,
        {},
        f"{amount.awaited_bytes / MEGABYTE:g} MB of random bytes at line speed while a reading "
        f"was awaited, {hours:.2f} h of it; n is how often it was asked for",
        NONE_GOAL,
    )


def _confirmed(driver: Driver, byte_count: int) -> tuple[int, float, int]:
    """Asked for again whenever the driver gave up: readings, hours of waiting, times."""
    left_s = byte_count / bytes_per_s(driver.line)
    came, waited_s, times = 0, 0.0, 0
    while waited_s < left_s:
        line = _asked(driver, times)
        if line is None:
            return came, waited_s / 3600, times
        times += 1
        line.said.clear()
        line.is_device_on = False
        line.noise_bytes_per_s = bytes_per_s(driver.line)
        began = line.seconds
        line.run(left_s - waited_s, lambda at=line: not _awaits(at))  # type: ignore[misc]
        waited_s += max(line.seconds - began, 1e-3)
        came += len(line.measurements)
    return came, waited_s / 3600, times


def _asked(driver: Driver, seed: int) -> SimulatedLine | None:
    """A reading is awaited; of one that would give it at once, the true device hears nothing."""
    for lead_s in (LEAD_S, 0.0):
        line = _ready(driver, seed)
        if line is None:
            return None
        line.is_device_on = lead_s > 0
        line.start(VISIT)
        line.run(lead_s)
        if _awaits(line):
            return line
    return None


def _awaits(line: SimulatedLine) -> bool:
    return line.conversation.is_running and not line.conversation.is_silent


def _ready(driver: Driver, seed: int, turn_s: float = 0.05) -> SimulatedLine | None:
    if driver.name not in EMULATORS:
        return None
    line = SimulatedLine(driver, turn_s=0.05, seed=seed)
    line.run(0.2)
    if not line.run(READY_LIMIT_S, lambda: line.conversation.is_ready):
        return None
    line.turn_s = turn_s
    return line


# --- readings that are kept ---------------------------------------------------------------------


def _kept(driver: Driver, amount: Amount) -> Row:
    noise = noise_of(driver, "kept")
    name = f"driver {driver.name}: readings kept in the same noise"
    shows = SHOWS[driver.kind]
    if _ready(driver, 0) is None:
        return not_measured(name, "%", KEPT_GOAL, NOT_FOUND)
    kept = sum(_is_kept(driver, seed, shows, noise) for seed in range(amount.kept_readings))
    return Row(
        name,
        "%",
        rounded(100 * kept / amount.kept_readings),
        amount.kept_readings,
        {},
        f"random plausible readings of the emulator, compared value by value; {_how(driver)}",
        KEPT_GOAL,
    )


def _is_kept(driver: Driver, seed: int, shows: Shows, noise: random.Random) -> bool:
    line = _ready(driver, seed)
    if line is None:
        return False
    text, wanted = shows(noise)
    line.device.shows(text)
    if driver.name in REMEMBERING:
        _press(line)
    line.start(VISIT)
    if driver.name in STREAMS:
        _stream_surrounded(line)
    elif driver.name in UNMARKED:
        _surrounded(line, lambda: _has(line, wanted))
    else:
        line.wire = WireFault.GARBAGE
        line.run(1.0)
        _press(line)
        line.run(RESULT_LIMIT_S, lambda: _has(line, wanted))
    return _has(line, wanted)


def _how(driver: Driver) -> str:
    if driver.name in STREAMS:
        return f"{SURROUND_S:g} s of random bytes at line speed before and after the stream"
    if driver.name in UNMARKED:
        around = f"{SURROUND_UNMARKED_S:g} s of random bytes at line speed before and after"
        return f"{around}, {PAUSE_S:g} s apart: its frames have no mark, silence divides them"
    return TOUCHING


def _surrounded(line: SimulatedLine, is_there: Callable[[], bool]) -> None:
    line.noise_bytes_per_s = bytes_per_s(line.driver.line)
    line.run(SURROUND_UNMARKED_S)
    line.noise_bytes_per_s = 0.0
    line.run(PAUSE_S)
    _press(line)
    line.run(RESULT_LIMIT_S, is_there)
    line.run(PAUSE_S)
    line.noise_bytes_per_s = bytes_per_s(line.driver.line)
    line.run(SURROUND_UNMARKED_S)


def _stream_surrounded(line: SimulatedLine) -> None:
    line.noise_bytes_per_s, line.is_device_on = bytes_per_s(line.driver.line), False
    line.run(SURROUND_S)
    line.noise_bytes_per_s, line.is_device_on = 0.0, True
    line.run(8.0, lambda: bool(line.measurements))
    line.noise_bytes_per_s, line.is_device_on = bytes_per_s(line.driver.line), False
    line.run(SURROUND_S)


def _press(line: SimulatedLine) -> None:
    try:
        line.press()
    except (ValueError, Rejected):
        return  # a device without a key: the host has started it


def _has(line: SimulatedLine, wanted: Mapping[VitalKind, Decimal]) -> bool:
    """Among what is remembered, else as the only one of the visit."""
    found = line.measurements
    if line.driver.name not in REMEMBERING:
        found = [measured for measured in found if measured.visit == VISIT]
        return len(found) == 1 and _is(found[0], wanted)
    return any(_is(measured, wanted) for measured in found)


def _is(found: Measurement, wanted: Mapping[VitalKind, Decimal]) -> bool:
    return all(found.value_of(kind) == value for kind, value in wanted.items())


def _pressures(noise: random.Random) -> tuple[str, Mapping[VitalKind, Decimal]]:
    diastolic = noise.randint(50, 100)
    systolic, pulse = diastolic + noise.randint(25, 70), noise.randint(45, 140)
    return f"{systolic}/{diastolic}/{pulse}", {
        VitalKind.SYSTOLIC_MMHG: Decimal(systolic),
        VitalKind.DIASTOLIC_MMHG: Decimal(diastolic),
        VitalKind.PULSE_PER_MINUTE: Decimal(pulse),
    }


def _oxygen(noise: random.Random) -> tuple[str, Mapping[VitalKind, Decimal]]:
    spo2, pulse = noise.randint(75, 100), noise.randint(40, 180)
    return f"{spo2}/{pulse}", {
        VitalKind.SPO2_PERCENT: Decimal(spo2),
        VitalKind.PULSE_PER_MINUTE: Decimal(pulse),
    }


def _temperature(noise: random.Random) -> tuple[str, Mapping[VitalKind, Decimal]]:
    tenths = noise.randint(340, 415)
    celsius = Decimal(tenths) / 10
    return str(celsius), {VitalKind.TEMPERATURE_CELSIUS: celsius}


def _weight(noise: random.Random) -> tuple[str, Mapping[VitalKind, Decimal]]:
    kilograms = Decimal(noise.randint(250, 15_000)) / 100
    return f"{kilograms} kg", {VitalKind.WEIGHT_KG: kilograms}


def _glucose(noise: random.Random) -> tuple[str, Mapping[VitalKind, Decimal]]:
    mg_per_dl = noise.randint(40, 500)
    return str(mg_per_dl), {VitalKind.GLUCOSE_MG_PER_DL: Decimal(mg_per_dl)}


SHOWS: Mapping[DeviceKind, Shows] = {
    DeviceKind.BLOOD_PRESSURE_CUFF: _pressures,
    DeviceKind.OXIMETER: _oxygen,
    DeviceKind.THERMOMETER: _temperature,
    DeviceKind.SCALE: _weight,
    DeviceKind.GLUCOMETER: _glucose,
}
